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
    '--output-type',
    'json',
  ]
  const { stdout, said } = await runs('dependency-cruiser', args, 'depcruise')
  if (stdout === '') return { well: false, said }
  const { modules, summary } = JSON.parse(stdout)
  const withImports = modules.filter(
    ({ source, dependencies }) => /^src\/.*\.ts$/.test(source) && dependencies.length > 0,
  )
  const words = [
    ...summary.violations.map(({ rule, from, to }) => `${rule.severity} ${rule.name}: ${from} → ${to}`),
    `${summary.error} errors, ${summary.warn} warnings; ${withImports.length} modules of src import something`,
  ]
  return { well: summary.error === 0 && withImports.length > 0, said: `${words.join('\n')}\n` }
}

const checks = {
  types: runs('typescript', ['--noEmit', '-p', 'tsconfig.json'], 'tsc'),
  lint: runs('oxlint', ['--type-aware', '--deny-warnings', '--no-error-on-unmatched-pattern', ...FOLDERS]),
  format: runs('oxfmt', ['--check', '--no-error-on-unmatched-pattern', ...FOLDERS]),
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
