import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { OntdubbelError } from '../domain/errors'
import { isRunning, markOf, type ProcessMark } from './processes'

/** Who runs the stack of a data folder, and what it started, so that a later `up` can clear away what it left. */
const LOCK_FILE = 'up.lock'

const mark = z.object({ pid: z.number().int().positive(), startedAt: z.string() })
const content = z.object({ up: mark, children: z.record(z.string(), mark.extend({ stopSignal: z.string() })) })

/** A child as the lock keeps it: who it is and how it is told to stop. */
export type LockedChild = ProcessMark & { stopSignal: NodeJS.Signals }

type LockContent = { up: ProcessMark; children: Record<string, LockedChild> }

/** The lock on a data folder, held until `release`. It outlives a crash of its holder and then counts no more. */
export interface DataDirLock {
  /** What a holder that died left running, in the order in which it was started. */
  leftovers: LockedChild[]
  /** Writes down all children that run now. */
  record(children: Record<string, LockedChild>): void
  release(): void
}

/**
 * Takes the lock of `dataDir`, which must exist. Fails with `stack-running` (exit code 2) when another `up` that is
 * alive holds it.
 */
export function takeLock(dataDir: string): DataDirLock {
  const file = path.join(dataDir, LOCK_FILE)
  const me = markOf(process.pid)
  if (me === null) throw new OntdubbelError('no-process-table', 'The start of this process cannot be read from /proc.')
  const write = (content: LockContent): string => {
    const mine = `${file}.${process.pid}`
    writeFileSync(mine, JSON.stringify(content), { mode: 0o600 })
    return mine
  }

  let leftovers: LockedChild[] = []
  for (;;) {
    const mine = write({ up: me, children: Object.fromEntries(leftovers.map((child, i) => [`left-${i}`, child])) })
    try {
      // a link is made whole or not at all: nobody ever reads half a lock
      linkSync(mine, file)
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    } finally {
      rmSync(mine, { force: true })
    }
    const held = readLock(dataDir)
    if (held === null) continue
    if (isRunning(held.up)) throw runsAlready(dataDir, held.up.pid)
    leftovers = Object.values(held.children)
    takeAway(file, held)
  }

  return {
    leftovers,
    record(children) {
      renameSync(write({ up: me, children }), file)
    },
    release() {
      rmSync(file, { force: true })
    },
  }
}

/** Removes the lock of a holder that died; puts it back if it turns out to be another's that came in between. */
function takeAway(file: string, dead: LockContent): void {
  const aside = `${file}.${process.pid}.old`
  try {
    renameSync(file, aside)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  try {
    const taken = parse(aside)
    if (taken !== null && (taken.up.pid !== dead.up.pid || taken.up.startedAt !== dead.up.startedAt)) {
      linkSync(aside, file)
    }
  } finally {
    rmSync(aside, { force: true })
  }
}

/** What the lock of a data folder says, or null when there is none. */
export function readLock(dataDir: string): LockContent | null {
  return parse(path.join(dataDir, LOCK_FILE))
}

function parse(file: string): LockContent | null {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  try {
    return content.parse(JSON.parse(text)) as LockContent
  } catch {
    // a lock is written whole: one that cannot be read is what a power cut left of it, and nobody holds it
    return { up: { pid: 0, startedAt: '' }, children: {} }
  }
}

function runsAlready(dataDir: string, pid: number): OntdubbelError {
  return new OntdubbelError(
    'stack-running',
    `The stack of ${dataDir} runs already (process ${pid}). Stop it first, or give another folder with --data-dir.`,
    2,
    { pid },
  )
}
