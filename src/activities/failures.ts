import { ApplicationFailure, ApplicationFailureCategory, CancelledFailure } from '@temporalio/common'
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker'
import { judgeFailure, sqlState } from '../database/failures'
import { isOntdubbelError } from '../domain/errors'
import { isPortalError } from '../portal/errors'

/**
 * Turns whatever an activity throws into a code and a sentence of ours, without the cause: errors of pg, HTTP and zod quote
 * values, and the SDK would copy them into the history.
 */
export class FailuresOfOurs implements ActivityInboundCallsInterceptor {
  async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
    try {
      return await next(input)
    } catch (error) {
      throw failureOf(error)
    }
  }
}

/** The failure that Temporal stores for an error: its type is the code; retried unless it is for good. */
export function failureOf(error: unknown): Error {
  if (error instanceof CancelledFailure || (error instanceof Error && error.name === 'CancelledFailure')) return error
  if (error instanceof Error && error.name === 'AbortError') return new CancelledFailure('the activity was cancelled')
  if (error instanceof ApplicationFailure) return error
  if (isPortalError(error)) {
    return ApplicationFailure.create({
      type: error.code,
      message: error.message,
      nonRetryable: !error.retryable,
      // a portal that is down is nobody's error: not in the error log, not in the error metrics
      category: ApplicationFailureCategory.BENIGN,
      ...(error.retryAfterMs === undefined ? {} : { nextRetryDelay: error.retryAfterMs }),
    })
  }
  if (isOntdubbelError(error)) {
    return ApplicationFailure.create({
      type: error.code,
      message: error.message,
      nonRetryable: true,
      details: [error.details],
    })
  }
  const state = sqlState(error)
  switch (judgeFailure(error)) {
    case 'again':
    case 'too-long':
      return ApplicationFailure.create({
        type: 'database-away',
        message: 'The database did not answer, or was busy. Tried again.',
      })
    case 'unique':
    case 'fault':
      return ApplicationFailure.create({
        type: state === 'OD002' ? 'record-not-empty' : 'step-failed',
        message: `The database refuses this step (SQLSTATE ${state ?? 'unknown'}). Nothing of it was done.`,
        nonRetryable: true,
        details: [{ sqlState: state ?? null }],
      })
    default:
      return ApplicationFailure.create({
        type: 'unforeseen',
        message:
          state === undefined
            ? 'Something failed that nobody foresaw: see the log of the worker.'
            : `Something failed in the database (SQLSTATE ${state}).`,
        details: [{ sqlState: state ?? null }],
      })
  }
}
