import { cpus } from 'node:os'
import { cpuOf, withChildrenMs } from './cpu'

/**
 * Begins to watch. The function it gives tells the share of the machine (0 to 1) that others have used since: neither this
 * process, nor what it started and saw end, nor the processes with these pids and theirs. Undefined where the system does not
 * say (only Linux does). With much of it the figures mean little: of two ways the one with more connections gets more of what
 * is left.
 */
export function watchOthers(...pids: readonly number[]): () => number | undefined {
  const before = usage(pids)
  return () => {
    const after = usage(pids)
    if (before === undefined || after === undefined) return undefined
    const total = after.totalMs - before.totalMs
    const others = after.busyMs - before.busyMs - (after.oursMs - before.oursMs)
    return total > 0 ? Math.max(0, others / total) : undefined
  }
}

function usage(pids: readonly number[]): { totalMs: number; busyMs: number; oursMs: number } | undefined {
  try {
    let totalMs = 0
    let idleMs = 0
    for (const { times } of cpus()) {
      totalMs += times.user + times.nice + times.sys + times.idle + times.irq
      idleMs += times.idle
    }
    const { user, system } = process.cpuUsage()
    const own = (user + system) / 1000 + (cpuOf(process.pid)?.endedMs ?? 0)
    return { totalMs, busyMs: totalMs - idleMs, oursMs: own + withChildrenMs(pids) }
  } catch {
    return undefined
  }
}
