import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts the time of processes in hundredths of a second, whatever the kernel's own clock. */
const MS_PER_TICK = 10

/** What a process has computed, and its children that have ended; undefined for one that is gone, or where nobody says. */
export function cpuOf(pid: number): { parent: number; ownMs: number; endedMs: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // the name, in brackets, may hold anything
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    return {
      parent: fields[1]!,
      ownMs: (fields[11]! + fields[12]!) * MS_PER_TICK,
      endedMs: (fields[13]! + fields[14]!) * MS_PER_TICK,
    }
  } catch {
    return undefined
  }
}

/** What these processes have computed, their children that have ended, and those that run. 0 where nobody says. */
export function withChildrenMs(pids: readonly number[]): number {
  const asked = new Set(pids)
  return allPids().reduce((sum, pid) => {
    const cpu = cpuOf(pid)
    if (cpu === undefined) return sum
    if (asked.has(pid)) return sum + cpu.ownMs + cpu.endedMs
    return asked.has(cpu.parent) ? sum + cpu.ownMs : sum
  }, 0)
}

function allPids(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}
