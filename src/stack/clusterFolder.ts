import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, readlinkSync, realpathSync, rmSync, statSync, symlinkSync, type Stats } from 'node:fs'
import path from 'node:path'
import { accountCanPass, type Account } from './account'

/**
 * Where root keeps what another user must reach and cannot reach in place, since a folder above is closed to it
 * (`/root` mostly): the cluster's files and a copy of PostgreSQL's programs. `ONTDUBBEL_SHARED_FOLDER` names another.
 */
export function sharedFolder(): string {
  return process.env['ONTDUBBEL_SHARED_FOLDER'] ?? '/var/lib/ontdubbel'
}

/** The cluster of a data folder, as its path or as a link to where it lies. */
export function clusterPath(dataDir: string): string {
  return path.join(dataDir, 'postgres')
}

/**
 * The folder in which the cluster of `dataDir` lies or will lie. For another user it is one that this user can come to:
 * where `dataDir` is closed to it, a folder in `sharedFolder()`, with a link to it in `dataDir`.
 */
export function placeCluster(dataDir: string, account: Account | undefined): string {
  const inPlace = clusterPath(dataDir)
  const there = lstat(inPlace)
  if (there !== null) return there.isSymbolicLink() ? readlinkSync(inPlace) : inPlace
  if (account === undefined || accountCanPass(dataDir, account)) return inPlace
  const elsewhere = elsewhereFor(dataDir)
  mkdirSync(path.dirname(elsewhere), { recursive: true, mode: 0o711 })
  symlinkSync(elsewhere, inPlace)
  return elsewhere
}

/** Removes the cluster of a data folder, wherever it lies. It must not run. */
export function removeCluster(dataDir: string): void {
  const inPlace = clusterPath(dataDir)
  if (lstat(dataDir) === null) return
  // only what this folder's own link can have meant: a link that somebody made by hand leads to what is not ours
  rmSync(elsewhereFor(dataDir), { recursive: true, force: true })
  rmSync(inPlace, { recursive: true, force: true })
}

/** The user id and group of the cluster, if it is there. */
export function clusterOwner(dataDir: string): Account | null {
  try {
    const { uid, gid } = statSync(path.join(clusterPath(dataDir), 'PG_VERSION'))
    return { uid, gid }
  } catch {
    return null
  }
}

function elsewhereFor(dataDir: string): string {
  const name = createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 16)
  return path.join(sharedFolder(), 'clusters', name)
}

function lstat(file: string): Stats | null {
  try {
    return lstatSync(file)
  } catch {
    return null
  }
}
