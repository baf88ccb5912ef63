import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { at, Failure, say } from './say.mjs'
import { fingerprint, remember, remembered } from './fingerprint.mjs'
import { run } from './run.mjs'

const START = at('dist', 'src', 'cli', 'start.js')
const MAIN = at('dist', 'src', 'cli', 'main.js')
const BUNDLE = at('dist', 'command.js')
const STAMP = at('dist', '.command-from')
const MADE_BY = ['scripts/setup/command.mjs', 'scripts/setup/protocol.cjs', 'bin/bundle.js']

/** What only the preview needs, and what `pg` asks for on other platforms. */
const LEFT_OUT = ['undici', 'pg-native', 'pg-cloudflare']

const { BUNDLED } = createRequire(import.meta.url)(at('bin', 'bundle.js'))

// the compiled code is good for the V8 that made it
const madeFrom = () => `${fingerprint(MADE_BY)} ${remembered(at('dist', '.built-from'))} ${process.version}`

/** The commands that people wait for, in one file with its compiled code beside it: see bin/ontdubbel.js. */
export const bundleCommand = {
  needed: () => existsSync(at('src')) && !(existsSync(BUNDLE) && remembered(STAMP) === madeFrom()),
  async run() {
    say('bundling the command')
    for (const file of [STAMP, `${BUNDLE}.cache`]) rmSync(file, { force: true })
    const unfinished = `${BUNDLE}.${process.pid}`
    await bundle(unfinished)
    writeFileSync(unfinished, await asAFunction(readFileSync(unfinished, 'utf8')))
    renameSync(unfinished, BUNDLE)
    await keepCompiled()
    remember(STAMP, madeFrom())
  },
}

/**
 * The function that `require` would make of it, without comments and in ASCII: V8 reads and checks that in half the time.
 */
async function asAFunction(code) {
  const { minify } = requireOfSdk()('@swc/core')
  const format = { comments: false, ascii_only: true }
  const { code: short } = await minify(code, { compress: false, mangle: false, format })
  return `(function (exports, require, module, __filename, __dirname) {${short}\n})`
}

/** By webpack. */
async function bundle(file) {
  const webpack = requireOfSdk()('webpack')
  const compiler = webpack({
    mode: 'production',
    target: 'node20',
    entry: START,
    output: { path: path.dirname(file), filename: path.basename(file) },
    optimization: { minimize: false },
    node: { __dirname: false, __filename: false },
    module: {
      rules: [{ test: /@temporalio.proto.protos.json-module\.js$/, loader: at('scripts', 'setup', 'protocol.cjs') }],
    },
    // Node 20 loads its whole fetch when `pg` looks whether this is another platform
    plugins: [new webpack.DefinePlugin({ 'typeof Response': '"undefined"' })],
    externals: [leftOut],
    ignoreWarnings: [/the request of a dependency is an expression/],
  })
  const stats = await new Promise((resolve, reject) =>
    compiler.run((error, done) => (error ? reject(error) : resolve(done))),
  )
  if (stats.hasErrors())
    throw new Failure(`The command cannot be bundled:\n${stats.toString({ all: false, errors: true })}`)
}

/** Temporal's SDK brings along what it bundles workflows with. */
function requireOfSdk() {
  return createRequire(createRequire(MAIN).resolve('@temporalio/worker'))
}

/** The other commands' files are never asked for in the bundle. */
function leftOut({ context, request }, answer) {
  const command = path.dirname(MAIN) === context && /^\.\/(\w+)$/.exec(request)?.[1]
  const other = command && isCommand(command) && !BUNDLED.includes(command)
  if (other || LEFT_OUT.includes(request)) return answer(null, `commonjs ${request}`)
  return answer()
}

/** Main loads a command's file under the command's name. */
function isCommand(name) {
  return new RegExp(`^ *${name}: \\(\\) => require\\(['"]\\./${name}['"]\\)`, 'm').test(readFileSync(MAIN, 'utf8'))
}

/** The code as V8 compiled it for a command that loads everything: a start compiles nothing of that again. */
async function keepCompiled() {
  const script = `
    const script = require(${JSON.stringify(at('bin', 'bundle.js'))}).runBundle(${JSON.stringify(BUNDLE)})
    process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(`${BUNDLE}.cache`)}, script.createCachedData()))`
  const { code, output } = await run(process.execPath, ['-e', script, 'ontdubbel', 'merge', '--help'])
  if (code !== 0) throw new Failure(`The bundled command fails:\n${output}`)
}
