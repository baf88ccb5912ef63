// Builds dist and the workflow bundle, where packages are installed by a step of its own: in an image.
import { buildProgram, bundleWorkflows } from './setup/build.mjs'

for (const step of [buildProgram, bundleWorkflows]) if (step.needed()) await step.run()
