// What is checked without running a test: `npm run verify`. All checks run, side by side, whichever fails.
import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import path from 'node:path'
import { root } from './setup/say.mjs'

const require = createRequire(import.meta.url)
const FOLDERS = ['src', 'reference-portal', 'test', 'bench', 'scripts']

/** The file of a package's command. */
function command(packageName, name = packageName) {
  const file = path.join(root, 'node_modules', packageName, 'package.json')
  const { bin } = require(file)
  return path.join(path.dirname(file), typeof bin === 'string' ? bin : bin[name])
}

/** Runs a package's command. Gives whether it ended well, and what it printed. */
function runs(packageName, args, name) {
  return new Promise((resolve) => {
    const options = { cwd: root, encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 }
    execFile(process.execPath, [command(packageName, name), ...args], options, (error, stdout, stderr) =>
      resolve({ well: error === null, stdout, said: stdout + stderr }),
    )
  })
}

/** Its parser for TypeScript may be missing, and then it reads nothing and is content: the number of modules tells. */
async function arrowsPointOneWay() {
  const args = [
    '--config',
    '.dependency-cruiser.cjs',
    'src',
    'reference-portal',
    'bench',
    'dist/src',
    'dist/reference-portal',
  ]
  const judged = await runs('dependency-cruiser', args, 'depcruise')
  if (!judged.well) return judged
  const { stdout } = await runs('dependency-cruiser', [...args, '--output-type', 'json'], 'depcruise')
  const withImports = JSON.parse(stdout).modules.filter(
    ({ source, dependencies }) => /^src\/.*\.ts$/.test(source) && dependencies.length > 0,
  )
  return { well: withImports.length > 0, said: `${judged.said}${withImports.length} modules of src import something\n` }
}

const checks = {
  types: runs('typescript', ['--noEmit', '-p', 'tsconfig.json'], 'tsc'),
  lint: runs('oxlint', ['--type-aware', '--deny-warnings', '--no-error-on-unmatched-pattern', ...FOLDERS]),
  format: runs('prettier', ['--check', '--log-level', 'warn', '--no-error-on-unmatched-pattern', ...FOLDERS]),
  architecture: arrowsPointOneWay(),
  'dead code': runs('knip', ['--no-config-hints']),
}

const failed = []
for (const [name, check] of Object.entries(checks)) {
  console.log(`verify: ${name}`)
  const { well, said } = await check
  process.stdout.write(said)
  if (!well) failed.push(name)
}
console.log(failed.length === 0 ? 'verify: all is well' : `verify: failed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
