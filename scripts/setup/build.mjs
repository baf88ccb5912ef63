import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { at, Failure, say } from './say.mjs'
import { fingerprint, remember, remembered } from './fingerprint.mjs'
import { run } from './run.mjs'

const SOURCE_FOLDERS = ['src', 'reference-portal', 'bench']
const BUILD_STAMP = at('dist', '.built-from')
const BUILT_FROM = [...SOURCE_FOLDERS, 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json']

let built
const sources = () => (built ??= fingerprint(BUILT_FROM))

/** dist, from the sources as they are. */
export const buildProgram = {
  needed: () => SOURCE_FOLDERS.some((folder) => existsSync(at(folder))) && remembered(BUILD_STAMP) !== sources(),
  async run() {
    say('building dist (tsc)')
    // tsc's own memory of what it wrote is wrong where somebody removed that
    if (!existsSync(at('dist', 'src'))) rmSync(at('dist', '.tsbuildinfo'), { force: true })
    const before = sources()
    // a build that fails leaves a dist of neither state
    rmSync(BUILD_STAMP, { force: true })
    const tsc = at('node_modules', 'typescript', 'bin', 'tsc')
    const { code, output } = await run(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { show: true })
    if (code !== 0) throw new Failure(`tsc failed${output === '' ? '' : ': see above'}`)
    for (const folder of SOURCE_FOLDERS) removeOrphans(folder)
    remember(BUILD_STAMP, before)
  },
}

/** What was built from a file that is no more would go on being found. */
function removeOrphans(folder) {
  if (!existsSync(at('dist', folder))) return
  for (const entry of readdirSync(at('dist', folder), { withFileTypes: true })) {
    const inside = path.join(folder, entry.name)
    if (entry.isDirectory()) removeOrphans(inside)
    else if (!existsSync(at(inside.replace(/\.js(\.map)?$/, '.ts')))) rmSync(at('dist', inside))
  }
}

const BUNDLE = at('dist', 'workflow-bundle.js')
const BUNDLE_STAMP = at('dist', '.bundled-from')
const WORKFLOWS = at('src', 'workflows', 'index.ts')

let bundled
const bundledFrom = () => (bundled ??= fingerprint(['src/workflows', 'src/domain', 'package-lock.json']))

/** The workflows' code as workers and tests load it: made once, since every worker would take a second to make it. */
export const bundleWorkflows = {
  needed: () => existsSync(WORKFLOWS) && !(existsSync(BUNDLE) && remembered(BUNDLE_STAMP) === bundledFrom()),
  async run() {
    say('bundling the workflows')
    const { bundleWorkflowCode } = await import('@temporalio/worker')
    const quiet = { trace() {}, debug() {}, info() {}, log() {}, warn: (text) => say(text), error: (text) => say(text) }
    const { code } = await bundleWorkflowCode({ workflowsPath: WORKFLOWS, logger: quiet }).catch((error) => {
      throw new Failure(`The workflows cannot be bundled: ${error.message}`)
    })
    const unfinished = `${BUNDLE}.${process.pid}`
    mkdirSync(path.dirname(BUNDLE), { recursive: true })
    writeFileSync(unfinished, code)
    renameSync(unfinished, BUNDLE)
    remember(BUNDLE_STAMP, bundledFrom())
  },
}
