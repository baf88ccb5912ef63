import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** How often a process that was told to stop is looked at. */
const LOOK_EVERY_MS = 50

/** A process, told from a later one that got the same number: `startedAt` is what the operating system says, as text. */
export interface ProcessMark {
  pid: number
  startedAt: string
}

/** The mark of process `pid`, or null when there is none (a zombie counts as none). */
export function markOf(pid: number): ProcessMark | null {
  const startedAt = process.platform === 'linux' ? startInProc(pid) : startFromPs(pid)
  return startedAt === null ? null : { pid, startedAt }
}

/** Whether this very process still runs. */
export function isRunning(mark: ProcessMark): boolean {
  return markOf(mark.pid)?.startedAt === mark.startedAt
}

function startInProc(pid: number): string | null {
  const fields = statFields(pid)
  if (fields === null || fields.state === 'Z' || fields.state === 'X') return null
  // ticks since the machine started: unique only together with that start
  return `${bootId()} ${fields.startTicks}`
}

let bootIdRead: string | undefined
function bootId(): string {
  bootIdRead ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return bootIdRead
}

function statFields(pid: number): { state: string; parent: number; startTicks: string } | null {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return null
  }
  // the command's name stands in brackets and may hold anything, spaces and brackets too
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state, parent] = fields
  const startTicks = fields[19]
  if (state === undefined || parent === undefined || startTicks === undefined) return null
  return { state, parent: Number(parent), startTicks }
}

function startFromPs(pid: number): string | null {
  try {
    const text = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { ...process.env, LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
    if (text === '' || text.startsWith('Z')) return null
    return text.replace(/^\S+\s+/, '')
  } catch {
    return null
  }
}

/** All that `pid` started and what these started, so far as they still hang on it. */
export function descendantsOf(pid: number): ProcessMark[] {
  const parents = parentOfEach()
  const found: ProcessMark[] = []
  const ask = [pid]
  for (let parent = ask.pop(); parent !== undefined; parent = ask.pop()) {
    for (const [child, itsParent] of parents) {
      if (itsParent !== parent) continue
      ask.push(child)
      const mark = markOf(child)
      if (mark !== null) found.push(mark)
    }
  }
  return found
}

function parentOfEach(): Map<number, number> {
  const parents = new Map<number, number>()
  if (process.platform === 'linux') {
    for (const name of readdirSync('/proc')) {
      const pid = Number(name)
      const fields = Number.isInteger(pid) ? statFields(pid) : null
      if (fields !== null) parents.set(pid, fields.parent)
    }
    return parents
  }
  try {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).trim().split('\n')
    for (const line of lines) {
      const [pid, parent] = line.trim().split(/\s+/).map(Number)
      if (pid !== undefined && parent !== undefined) parents.set(pid, parent)
    }
  } catch {
    // without ps only the process itself is stopped
  }
  return parents
}

/** Sends a signal; a process that is gone is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Waits until none of them runs, at most `ms`; gives whether that came true. */
export async function waitUntilGone(marks: ProcessMark[], ms: number): Promise<boolean> {
  const until = Date.now() + ms
  while (marks.some(isRunning)) {
    if (Date.now() >= until) return false
    await sleep(LOOK_EVERY_MS)
  }
  return true
}

/**
 * Stops a process and all that it started: first by `gently`, after `graceMs` by SIGKILL, whatever it does with the
 * first. Returns when none of them runs.
 */
export async function stopProcess(mark: ProcessMark, gently: NodeJS.Signals, graceMs: number): Promise<void> {
  if (!isRunning(mark)) return
  let family = [mark, ...descendantsOf(mark.pid)]
  if (graceMs > 0) {
    signal(mark.pid, gently)
    if (await waitUntilGone([mark], graceMs)) {
      // what outlives its parent by more than a moment is not on its way out
      if (await waitUntilGone(family, LEFT_BEHIND_MS)) return
    } else {
      family = [...family, ...descendantsOf(mark.pid)]
    }
  }
  for (const one of family) if (isRunning(one)) signal(one.pid, 'SIGKILL')
  await waitUntilGone(family, AFTER_KILL_MS)
}

/** PostgreSQL's backends end themselves within a second of the death of their parent. */
const LEFT_BEHIND_MS = 2_000
/** A killed process is gone as soon as the kernel comes to it; one that hangs in a disk cannot be waited for for ever. */
const AFTER_KILL_MS = 5_000
