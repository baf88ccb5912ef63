import { Context } from '@temporalio/activity'
import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common'
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker'
import { faultCode, judgeFailure, sqlState } from '../database/failures'
import { isOntdubbelError } from '../domain/errors'
import { FAILURES, failureSentence, isFailureCode, type FailureCode } from '../domain/sentences'
import { isPortalError } from '../portal/errors'

/** What nobody foresaw may be a passing fault: after so many attempts a person has to look. */
const UNFORESEEN_ATTEMPTS = 5

/**
 * Turns whatever an activity throws into a code and a sentence of ours, without the cause: errors of pg, HTTP and zod quote
 * values, and the SDK would copy them into the history. Logs each end, one line an event.
 */
export class FailuresOfOurs implements ActivityInboundCallsInterceptor {
  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    const { log, info } = Context.current()
    const event = { activity: info.activityType, attempt: info.attempt, ...whatIn(info.activityType, input.args) }
    const began = performance.now()
    try {
      const result = await next(input)
      log.info('done', { ...event, ms: Math.round(performance.now() - began) })
      return result
    } catch (error) {
      const failure = failureOf(error, info.attempt)
      tell(log, failure, event, error)
      throw failure
    }
  }
}

/** Of an activity's arguments only the id of a merge, a campaign, an undo of many or a batch of one of these is told. */
function whatIn(activity: string, [id]: readonly unknown[]): Record<string, number> {
  if (typeof id !== 'number' || activity === 'sweepPortal') return {}
  if (/^(undoBatch|endPortalWaits|revertBatchPortal)$/.test(activity)) return { undoBatch: id }
  if (/UndoMany|^planUndoBatch$|^nextUndoneAtPortal$|^hasCampaignEnded$/.test(activity)) return { undoMany: id }
  if (/Batch(Portal)?$/.test(activity) && activity !== 'planBatch') return { batch: id }
  return /Campaign|^planBatch$|^setWithinHours$/.test(activity) ? { campaign: id } : { merge: id }
}

function tell(log: Context['log'], failure: Error, event: Record<string, unknown>, error: unknown): void {
  if (!(failure instanceof ApplicationFailure)) return log.info('cancelled', event)
  const code = failure.type ?? 'unforeseen'
  if (code === 'unforeseen') log.error('failed', { ...event, code, ...whatItWas(error) })
  else log.warn('failed', { ...event, code, again: failure.nonRetryable !== true })
}

/** A line of a stack that says where in the code; the others are the message, which may quote values. */
const FRAME = /^ +at (?:[\w.<>$[\] ]+ \()?[\w./:@+\\-]+:\d+:\d+\)?$/
const FRAMES_TOLD = 6

/** Of what nobody foresaw: which kind of error it was and where it came from, never its message. */
function whatItWas(error: unknown): { kind: string; at: string } {
  const { name, stack } = error instanceof Error ? error : { name: typeof error, stack: '' }
  const frames = (stack ?? '').split('\n').filter((line) => FRAME.test(line))
  const state = sqlState(error)
  return {
    kind: state === undefined ? name : `SQLSTATE ${state}`,
    at: frames
      .slice(0, FRAMES_TOLD)
      .map((line) => line.trim())
      .join('; '),
  }
}

/** The failure that Temporal stores for an error: its type is the code; retried as domain/sentences/failures.ts says. */
export function failureOf(error: unknown, attempt = 1): Error {
  if (error instanceof CancelledFailure || (error instanceof Error && error.name === 'CancelledFailure')) return error
  if (error instanceof Error && error.name === 'AbortError') return new CancelledFailure('the activity was cancelled')
  if (error instanceof ApplicationFailure) return error
  if (isPortalError(error)) {
    // a portal that is down is nobody's error: not in the error log, not in the error metrics
    const category = ApplicationFailureCategory.BENIGN
    const nextRetryDelay = error.retryAfterMs
    return failure(error.code, error.details, {
      message: error.message,
      category,
      ...(nextRetryDelay !== undefined && { nextRetryDelay }),
    })
  }
  if (isOntdubbelError(error) && isFailureCode(error.code)) return failure(error.code, error.details)
  const state = sqlState(error)
  const details = { sqlState: state ?? null }
  switch (judgeFailure(error)) {
    case 'again':
    case 'too-long':
      return failure('database-away', details)
    case 'unique':
    case 'fault':
      return failure(faultCode(state), details)
    default:
      return failure('unforeseen', details, { nonRetryable: attempt >= UNFORESEEN_ATTEMPTS })
  }
}

function failure(
  code: FailureCode,
  details: Record<string, unknown>,
  more: {
    message?: string
    nonRetryable?: boolean
    category?: ApplicationFailureCategory
    nextRetryDelay?: number
  } = {},
): ApplicationFailure {
  return ApplicationFailure.create({
    type: code,
    message: failureSentence(code, { step: Context.current().info.activityType, ...details }, 'en'),
    nonRetryable: !FAILURES[code].retried,
    details: [details],
    ...more,
  })
}
