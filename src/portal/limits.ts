export interface Limits {
  /** Runs `work` when it is its turn. Aborted while it waits, it throws what `signal` was aborted with. */
  run<T>(work: () => Promise<T>, turn?: Turn): Promise<T>
}

export interface Turn {
  readonly signal?: AbortSignal | undefined
  /** Waits for all that do not give way, whenever they came. */
  readonly givesWay?: boolean | undefined
}

/** One second: the window in which `callsPerSecond` are counted. */
const WINDOW_MS = 1000

/**
 * Lets at most `callsAtOnce` run at a time, and at most `callsPerSecond` begin in any second, in the order in which
 * they came; those that give way, after the others. The portal is somebody else's, and a campaign makes hundreds of calls
 * from one activity.
 */
export function createLimits(callsAtOnce: number, callsPerSecond: number): Limits {
  const waiting = new Set<() => void>()
  const givingWay = new Set<() => void>()
  // When the last `callsPerSecond` calls began, oldest first.
  const begun: number[] = []
  let running = 0
  let timer: NodeJS.Timeout | undefined

  function next(): void {
    while (timer === undefined && running < callsAtOnce) {
      const [start] = waiting.size > 0 ? waiting : givingWay
      if (start === undefined) return
      const oldest = begun.length < callsPerSecond ? undefined : begun[0]
      const waitMs = oldest === undefined ? 0 : oldest + WINDOW_MS - performance.now()
      if (waitMs > 0) {
        timer = setTimeout(() => {
          timer = undefined
          next()
        }, waitMs)
        return
      }
      waiting.delete(start)
      givingWay.delete(start)
      begun.push(performance.now())
      if (begun.length > callsPerSecond) begun.shift()
      running += 1
      start()
    }
  }

  function turn({ signal, givesWay = false }: Turn): Promise<void> {
    const line = givesWay ? givingWay : waiting
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason)
      const start = () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }
      const abort = () => {
        line.delete(start)
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', abort, { once: true })
      line.add(start)
      next()
    })
  }

  return {
    run: async (work, when = {}) => {
      await turn(when)
      try {
        return await work()
      } finally {
        running -= 1
        next()
      }
    },
  }
}
