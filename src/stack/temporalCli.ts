import { execFileSync } from 'node:child_process'
import { accessSync, constants, existsSync } from 'node:fs'
import path from 'node:path'
import { packageRoot } from '../packageRoot'
import { OntdubbelError } from '../domain/errors'

/** The versions this is tried with; `scripts/setup/temporal.mjs` and its requirements file get the same. */
export const TEMPORAL_CLI_VERSION = '1.9.1'
export const TEMPORAL_TEST_SERVER_VERSION = '1.40.0'

/** The project's own tools, put there by set-up. */
const TOOLS_FOLDER = path.join(packageRoot, '.tools')

/**
 * The Temporal CLI: `TEMPORAL_CLI_PATH`, else `temporal` on the PATH where it is of the right version, else the project's
 * own. `log` hears of one that is passed over. Fails with `no-temporal-cli`.
 */
export function findTemporalCli(log: (line: string) => void = () => {}): string {
  const named = process.env['TEMPORAL_CLI_PATH']
  if (named !== undefined && named !== '') {
    if (isProgram(named)) return named
    throw new OntdubbelError('no-temporal-cli', `TEMPORAL_CLI_PATH is ${named}, which is no program.`)
  }
  const onPath = onThePath('temporal')
  if (onPath !== null) {
    const version = versionOf(onPath)
    if (version === TEMPORAL_CLI_VERSION) return onPath
    log(`${onPath} is passed over: it is version ${version ?? 'unknown'}, not ${TEMPORAL_CLI_VERSION}`)
  }
  const ours = tool(`temporal-${TEMPORAL_CLI_VERSION}`)
  if (isProgram(ours)) return ours
  throw new OntdubbelError(
    'no-temporal-cli',
    `There is no Temporal CLI ${TEMPORAL_CLI_VERSION}. Run npm run setup, or name one in TEMPORAL_CLI_PATH.`,
  )
}

/**
 * The test server that skips time: `TEMPORAL_TEST_SERVER_PATH`, else the project's own. For tests. Fails with
 * `no-temporal-test-server`.
 */
export function findTemporalTestServer(): string {
  const named = process.env['TEMPORAL_TEST_SERVER_PATH']
  const file =
    named === undefined || named === '' ? tool(`temporal-test-server-${TEMPORAL_TEST_SERVER_VERSION}`) : named
  if (isProgram(file)) return file
  throw new OntdubbelError('no-temporal-test-server', `There is no Temporal test server at ${file}. Run npm run setup.`)
}

function tool(name: string): string {
  return path.join(TOOLS_FOLDER, process.platform === 'win32' ? `${name}.exe` : name)
}

function onThePath(name: string): string | null {
  const file = process.platform === 'win32' ? `${name}.exe` : name
  const folders = (process.env['PATH'] ?? '').split(path.delimiter).filter(Boolean)
  return folders.map((folder) => path.join(folder, file)).find(isProgram) ?? null
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return existsSync(file)
  } catch {
    return false
  }
}

function versionOf(file: string): string | null {
  try {
    const said = execFileSync(file, ['--version'], {
      encoding: 'utf8',
      timeout: 10_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    return /version v?(\d+\.\d+\.\d+\S*)/.exec(said)?.[1] ?? null
  } catch {
    return null
  }
}
