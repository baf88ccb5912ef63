import { readdirSync, readFileSync } from 'node:fs'
import { cpus } from 'node:os'

/** Linux counts the time of processes in hundredths of a second, whatever the kernel's own clock. */
const TICKS_PER_SECOND = 100

/**
 * Begins to watch. The function it gives tells the share of the machine (0 to 1) that others have used since: neither this
 * process nor the PostgreSQL with this pid. Undefined where the system does not say (only Linux does). With much of it the
 * figures mean little: of two ways the one with more connections gets more of what is left.
 */
export function watchOthers(postgresPid: number): () => number | undefined {
  const before = usage(postgresPid)
  return () => {
    const after = usage(postgresPid)
    if (before === undefined || after === undefined) return undefined
    const total = after.totalSeconds - before.totalSeconds
    const others = after.busySeconds - before.busySeconds - (after.oursSeconds - before.oursSeconds)
    return total > 0 ? Math.max(0, others / total) : undefined
  }
}

function usage(postgresPid: number): { totalSeconds: number; busySeconds: number; oursSeconds: number } | undefined {
  try {
    let totalMs = 0
    let idleMs = 0
    for (const { times } of cpus()) {
      totalMs += times.user + times.nice + times.sys + times.idle + times.irq
      idleMs += times.idle
    }
    const { user, system } = process.cpuUsage()
    const oursSeconds = (user + system) / 1_000_000 + postgresSeconds(postgresPid)
    return { totalSeconds: totalMs / 1000, busySeconds: (totalMs - idleMs) / 1000, oursSeconds }
  } catch {
    return undefined
  }
}

/** The server's own time, its children's that have ended, and theirs that run. */
function postgresSeconds(postgresPid: number): number {
  let ticks = 0
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    const stat = statOf(pid)
    if (stat === undefined) continue
    if (Number(pid) === postgresPid) ticks += stat.own + stat.ended
    else if (stat.parent === postgresPid) ticks += stat.own
  }
  return ticks / TICKS_PER_SECOND
}

/** Undefined for a process that has ended meanwhile. */
function statOf(pid: string): { parent: number; own: number; ended: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // the name, in brackets, may hold anything
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    return { parent: fields[1]!, own: fields[11]! + fields[12]!, ended: fields[13]! + fields[14]! }
  } catch {
    return undefined
  }
}
