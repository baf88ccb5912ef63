// Makes a fresh clone ready to run: `npm run setup`. Uses nothing but Node's own modules until npm has run. A second run
// finds nothing to do. Says on stderr what it does.
import { installLinks, installPackages, linkCommand } from './setup/packages.mjs'
import { downloadTemporal, installTemporal } from './setup/temporal.mjs'
import { buildProgram, bundleWorkflows } from './setup/build.mjs'
import { bundleCommand } from './setup/command.mjs'
import { withLock } from './setup/lock.mjs'
import { Failure, say } from './setup/say.mjs'

const OLDEST_NODE = [20, 19]

/** One after the other, and within one side by side. `needed` is quick and changes nothing. */
const stages = [
  [[installPackages, installLinks, linkCommand], [installTemporal]],
  [[downloadTemporal], [buildProgram, bundleCommand], [bundleWorkflows]],
]

async function main() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    throw new Failure(
      `Node ${process.versions.node} is too old: ${OLDEST_NODE.join('.')} or newer is needed, 22 or 24 best.`,
    )
  }
  if (!stages.flat(2).some((step) => step.needed())) return
  await withLock(async () => {
    for (const sideBySide of stages) {
      // one that fails leaves no other running
      const ended = await Promise.allSettled(sideBySide.map(inOrder))
      for (const { reason } of ended) if (reason !== undefined) throw reason
    }
  })
  say('ready')
}

/** Each may need what those before it did. */
async function inOrder(steps) {
  // asked again under the lock: another set-up may have done it meanwhile
  for (const step of steps) if (step.needed()) await step.run()
}

main().catch((error) => {
  say(error instanceof Failure ? error.message : error.stack)
  process.exitCode = 1
})
