import { ActivityCancellationType, type ActivityOptions, type LocalActivityOptions } from '@temporalio/workflow'

/**
 * A database step. A killed worker is noticed by the missing heartbeat; the step itself is some ms, but may wait for a desk
 * or a database that restarts, as long as that takes. Retried at once at first (a worker was killed), then each 5 s.
 */
export const DATABASE_STEP = {
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '3 seconds',
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5 seconds' },
} as const satisfies ActivityOptions

/** Notes and reports: one statement, or one question to the server. A killed worker is noticed as for a step. */
export const NOTE = {
  startToCloseTimeout: '20 seconds',
  heartbeatTimeout: '3 seconds',
  retry: { maximumInterval: '5 seconds' },
} as const satisfies ActivityOptions

/** Who started a workflow: worth some tries, not worth waiting for. */
export const STARTER = { ...NOTE, scheduleToCloseTimeout: '30 seconds' } as const satisfies ActivityOptions

/** The portal, the first three tries: what answers a moment later needs no waiting state. */
export const PORTAL_QUICK = {
  startToCloseTimeout: '2 minutes',
  // the SDK sends at most one heartbeat in 0.8 of this: so long a cancelled attempt may go on
  heartbeatTimeout: '2 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  // a portal queue that nobody serves must not hide behind "running"
  scheduleToStartTimeout: '1 minute',
  // one that says when to come again is waited for at once: that may be hours
  retry: {
    initialInterval: '500ms',
    backoffCoefficient: 2,
    maximumAttempts: 3,
    nonRetryableErrorTypes: ['portal-busy'],
  },
} as const satisfies ActivityOptions

/** How long a portal that is down is waited for, from the first attempt. */
export const PORTAL_PATIENCE_MS = 30 * 24 * 60 * 60 * 1000

/** A portal that is down: one activity that the server tries again each minute (a timer loop would fill the history). */
export const PORTAL_WAIT = {
  startToCloseTimeout: '2 minutes',
  heartbeatTimeout: '2 seconds',
  // told to try now, the wait is left before: two attempts never overlap
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '60 seconds', backoffCoefficient: 1, maximumInterval: '60 seconds' },
} as const satisfies ActivityOptions

/** Planning and steering a campaign: one small transaction, on the worker that runs the workflow. */
export const PLANNING = {
  startToCloseTimeout: '5 minutes',
  // a database that restarts is waited for
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5 seconds' },
} as const satisfies LocalActivityOptions

/** A batch: seconds to minutes, longer where desks are in the way. A killed worker is noticed by the missing heartbeat. */
export const BATCH = {
  startToCloseTimeout: '12 hours',
  heartbeatTimeout: '3 seconds',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '200ms', backoffCoefficient: 2, maximumInterval: '5 seconds' },
} as const satisfies ActivityOptions

/** The sweeper's activity is tried each minute as long as something waits for the portal: it gives nothing up before its time. */
export const SWEEP = {
  startToCloseTimeout: '12 hours',
  heartbeatTimeout: '3 seconds',
  retry: { initialInterval: '60 seconds', backoffCoefficient: 1, maximumInterval: '60 seconds' },
} as const satisfies ActivityOptions

/** A pair that waits for an unfinished merge: a person may be long in deciding, so it is looked for ever less often. */
export const LOOK_AGAIN_MS = { first: 1_000, last: 60_000 } as const
