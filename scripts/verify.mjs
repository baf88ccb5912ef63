// What is checked without running a test: `npm run verify`. All checks run, whichever fails.
import { execFileSync, spawnSync } from 'node:child_process'
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

function passes(packageName, args, name) {
  const { status } = spawnSync(process.execPath, [command(packageName, name), ...args], { cwd: root, stdio: 'inherit' })
  return status === 0
}

/** Its parser for TypeScript may be missing, and then it reads nothing and is content: the number of modules tells. */
function arrowsPointOneWay() {
  const args = [
    '--config',
    '.dependency-cruiser.cjs',
    'src',
    'reference-portal',
    'bench',
    'dist/src',
    'dist/reference-portal',
  ]
  const depcruise = command('dependency-cruiser', 'depcruise')
  if (!passes('dependency-cruiser', args, 'depcruise')) return false
  const json = execFileSync(process.execPath, [depcruise, ...args, '--output-type', 'json'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  })
  const withImports = JSON.parse(json).modules.filter(
    ({ source, dependencies }) => /^src\/.*\.ts$/.test(source) && dependencies.length > 0,
  )
  console.log(`${withImports.length} modules of src import something`)
  return withImports.length > 0
}

const checks = {
  types: () => passes('typescript', ['--noEmit', '-p', 'tsconfig.json'], 'tsc'),
  lint: () => passes('oxlint', ['--type-aware', '--deny-warnings', '--no-error-on-unmatched-pattern', ...FOLDERS]),
  format: () => passes('prettier', ['--check', '--log-level', 'warn', '--no-error-on-unmatched-pattern', ...FOLDERS]),
  architecture: arrowsPointOneWay,
  'dead code': () => passes('knip', ['--no-config-hints']),
}

const failed = Object.entries(checks).filter(([name, check]) => {
  console.log(`verify: ${name}`)
  return !check()
})
console.log(failed.length === 0 ? 'verify: all is well' : `verify: failed: ${failed.map(([name]) => name).join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
