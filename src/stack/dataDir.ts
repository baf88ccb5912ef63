import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
  mkdtempSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { z } from 'zod'
import { OntdubbelError } from '../domain/errors'
import { clusterOwner, removeCluster } from './clusterFolder'

/** Says that a folder is a data folder of ours: only such a one is ever emptied. */
const MARKER_FILE = '.ontdubbel-data'
const SECRETS_FILE = 'secrets.json'
const PASSWORD_BYTES = 18

const secretsShape = z.object({
  superuser: z.string(),
  owner: z.string(),
  worker: z.string(),
  portal: z.string(),
  portalToken: z.string(),
})

/** The passwords of the roles `postgres`, `ontdubbel_owner`, `ontdubbel_worker`, `reference_portal`, and the portal's token. */
export type Secrets = z.infer<typeof secretsShape>

/**
 * Makes `dataDir` a data folder of ours, or sees that it is one. Fails with `not-a-data-folder` (exit code 2) when it
 * holds anything else, and does nothing to it then.
 */
export function prepareDataDir(dataDir: string): void {
  if (isDataDir(dataDir)) return
  try {
    mkdirSync(dataDir, { recursive: true })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new OntdubbelError(
      'not-a-data-folder',
      `${dataDir} cannot be a data folder (${code ?? 'unknown'}). Give another with --data-dir.`,
      2,
    )
  }
  const strangers = readdirSync(dataDir).filter((name) => name !== MARKER_FILE && !name.startsWith('up.lock'))
  if (strangers.length > 0) {
    throw new OntdubbelError(
      'not-a-data-folder',
      `${dataDir} is no data folder of ontdubbel and not empty: nothing there was touched. Give another with --data-dir.`,
      2,
    )
  }
  // whoever runs PostgreSQL for root must come through, and sees nothing
  chmodSync(dataDir, isRoot() ? 0o711 : 0o700)
  writeFileSync(path.join(dataDir, MARKER_FILE), 'A data folder of ontdubbel. `ontdubbel up --fresh` empties it.\n')
}

/** Whether `dataDir` is a data folder of ours. */
export function isDataDir(dataDir: string): boolean {
  return existsSync(path.join(dataDir, MARKER_FILE))
}

/** Empties a data folder of ours, but for its marker and the lock, which the caller holds. */
export function emptyDataDir(dataDir: string): void {
  if (!isDataDir(dataDir))
    throw new OntdubbelError('not-a-data-folder', `${dataDir} is no data folder of ontdubbel.`, 2)
  removeCluster(dataDir)
  for (const name of readdirSync(dataDir)) {
    if (name === MARKER_FILE || name.startsWith('up.lock')) continue
    rmSync(path.join(dataDir, name), { recursive: true, force: true })
  }
}

/** The passwords of a data folder, made at the first start. */
export function secretsOf(dataDir: string): Secrets {
  const file = path.join(dataDir, SECRETS_FILE)
  if (existsSync(file)) return secretsShape.parse(JSON.parse(readFileSync(file, 'utf8')))
  const secret = () => randomBytes(PASSWORD_BYTES).toString('base64url')
  const secrets: Secrets = {
    superuser: secret(),
    owner: secret(),
    worker: secret(),
    portal: secret(),
    portalToken: secret(),
  }
  if (clusterOwner(dataDir) !== null) {
    throw new OntdubbelError(
      'secrets-missing',
      `${file} is gone, and with it the passwords of the database beside it. Put it back, or start anew with --fresh.`,
    )
  }
  // what an earlier folder of this path left elsewhere has lost its passwords with it
  removeCluster(dataDir)
  writeFileSync(file, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 })
  return secrets
}

/**
 * A new data folder for a test, in the folder for temporary files or another, which whoever runs PostgreSQL for root can come through (`mkdtemp` alone makes one
 * that nobody else can). Remove it with `removeDataDir`.
 */
export function temporaryDataDir(prefix = 'ontdubbel-', within = tmpdir()): string {
  const folder = mkdtempSync(path.join(within, prefix))
  chmodSync(folder, isRoot() ? 0o711 : 0o700)
  return folder
}

/** Removes a data folder, wherever its cluster lies. Nothing of it may run. */
export function removeDataDir(dataDir: string): void {
  removeCluster(dataDir)
  rmSync(dataDir, { recursive: true, force: true })
}

/** Whether this process runs as root, which PostgreSQL refuses to do. */
export function isRoot(): boolean {
  return process.getuid?.() === 0
}

/** Does `work`; where this user may not write to `dataDir`, the error says so (`data-folder-not-ours`, exit code 2). */
export function inWordsOfAccess<T>(dataDir: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'EROFS') throw error
    throw new OntdubbelError(
      'data-folder-not-ours',
      `${dataDir} cannot be written by this user. Give another folder with --data-dir, or run as the user it belongs to.`,
      2,
    )
  }
}
