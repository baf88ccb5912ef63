import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { OntdubbelError } from '../domain/errors'
import { readLock } from './lock'
import { isRunning } from './processes'

const STACK_FILE = 'stack.json'

/** Where commands look for the embedded stack when nobody says otherwise. */
export const DEFAULT_DATA_DIR = '.ontdubbel'

const stackShape = z.object({
  /** Process id by name of everything that was started. */
  pids: z.record(z.string(), z.number().int().positive()),
  /** As the worker's role. */
  databaseUrl: z.string(),
  /** As the schema's owner. */
  ownerUrl: z.string(),
  temporal: z.object({ address: z.string(), namespace: z.string(), ui: z.string() }),
  portalUrl: z.string(),
  portalToken: z.string(),
})

/** Where the parts of a running stack are. */
export type StackInfo = z.infer<typeof stackShape>

/**
 * Where the stack of `dataDir` is, or null when none runs there. Fails with `data-folder-not-ours` when this user may
 * not read it: it holds passwords.
 */
export function findRunningStack(dataDir: string = DEFAULT_DATA_DIR): StackInfo | null {
  const folder = path.resolve(dataDir)
  try {
    const lock = readLock(folder)
    if (lock === null || !isRunning(lock.up)) return null
    return stackShape.parse(JSON.parse(readFileSync(path.join(folder, STACK_FILE), 'utf8')))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // `up` holds the lock and is not ready yet
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    if (code === 'EACCES' || code === 'EPERM') {
      throw new OntdubbelError('data-folder-not-ours', `The stack of ${folder} belongs to another user.`, 2)
    }
    throw error
  }
}

/** Writes the file whole or not at all, for its owner alone. */
export function writeStackFile(dataDir: string, info: StackInfo): void {
  const file = path.join(dataDir, STACK_FILE)
  const unfinished = `${file}.${process.pid}`
  writeFileSync(unfinished, `${JSON.stringify(info, null, 2)}\n`, { mode: 0o600 })
  renameSync(unfinished, file)
}

/** Removes the file: nobody shall look for a stack there. */
export function removeStackFile(dataDir: string): void {
  rmSync(path.join(dataDir, STACK_FILE), { force: true })
}
