export interface Limits {
  /** Runs `work` when it is its turn. Aborted while it waits, it throws what `signal` was aborted with. */
  run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>
}

/** One second: the window in which `callsPerSecond` are counted. */
const WINDOW_MS = 1000

/**
 * Lets at most `callsAtOnce` run at a time, and at most `callsPerSecond` begin in any second, in the order in which
 * they came. The portal is somebody else's, and a campaign makes hundreds of calls from one activity.
 */
export function createLimits(callsAtOnce: number, callsPerSecond: number): Limits {
  const waiting = new Set<() => void>()
  // When the last `callsPerSecond` calls began, oldest first.
  const begun: number[] = []
  let running = 0
  let timer: NodeJS.Timeout | undefined

  function next(): void {
    while (timer === undefined && running < callsAtOnce) {
      const [start] = waiting
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
      begun.push(performance.now())
      if (begun.length > callsPerSecond) begun.shift()
      running += 1
      start()
    }
  }

  function turn(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason)
      const start = () => {
        signal?.removeEventListener('abort', abort)
        resolve()
      }
      const abort = () => {
        waiting.delete(start)
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', abort, { once: true })
      waiting.add(start)
      next()
    })
  }

  return {
    run: async (work, signal) => {
      await turn(signal)
      try {
        return await work()
      } finally {
        running -= 1
        next()
      }
    },
  }
}
