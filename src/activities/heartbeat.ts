import { Context } from '@temporalio/activity'

/** With a heartbeat timeout of 3 s (workflows/options.ts), a killed worker is noticed then, not after the step's whole time. */
const HEARTBEAT_INTERVAL_MS = 700

/** Runs an activity's work while a timer heartbeats, and gives it the signal that cancels it and a way to say that it waits. */
export async function whileHeartbeating<T>(
  work: (context: {
    signal: AbortSignal
    attempt: number
    onWait: () => void
    /** What the next heartbeat says: counts. */
    tell: (what: unknown) => void
  }) => Promise<T>,
): Promise<T> {
  const context = Context.current()
  let details: unknown
  const timer = setInterval(() => context.heartbeat(details), HEARTBEAT_INTERVAL_MS)
  try {
    return await work({
      signal: context.cancellationSignal,
      attempt: context.info.attempt,
      onWait: () => {
        details = 'waits for a desk that has one of the records'
        context.heartbeat(details)
      },
      tell: (what) => void (details = what),
    })
  } finally {
    clearInterval(timer)
  }
}
