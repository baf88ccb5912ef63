import { ApplicationFailure, currentUpdateInfo, workflowInfo } from '@temporalio/workflow'
import { MAX_REASON_CHARACTERS } from '../domain/request'
import type { Asking } from './messages'

/** Whoever sends an update by hand may leave out who they are. */
const SOMEBODY = 'unknown'
/** A reason stays in the history: what looks like a national number or an e-mail address is not let in. */
const PERSONAL = /\d{2}[. ]?\d{2}[. ]?\d{2}[-. ]?\d{3}[-. ]?\d{2}|[^\s@]+@[^\s@]+/

/** Who asks something of a workflow that runs, and why. */
export interface Asked {
  by: string
  reason: string | null
  /** Of which asking this is, the same however often it is done (again). */
  asked: string | null
}

/**
 * Refuses, in a validator, what no update may hold.
 * @throws ApplicationFailure `bad-input`
 */
export function checkAsking(asking: unknown): asserts asking is string | Asking | undefined {
  if (!isAsking(asking)) throw refused('bad-input', 'Expected {"by": "your name", "reason": "why"}.')
  const { by, reason } = whoAsks(asking)
  if ([by, reason ?? ''].some((text) => text.length > MAX_REASON_CHARACTERS)) {
    throw refused('bad-input', `At most ${MAX_REASON_CHARACTERS} characters.`)
  }
  if (PERSONAL.test(reason ?? '')) {
    throw refused('bad-input', 'A reason holds no national number and no e-mail address.')
  }
}

/** Of the update that is being handled. */
export function askedBy(asking: string | Asking | undefined): Asked {
  const id = currentUpdateInfo()?.id
  return { ...whoAsks(asking), asked: id === undefined ? null : `${workflowInfo().workflowId}/${id}` }
}

export function whoAsks(asking: string | Asking | null | undefined): { by: string; reason: string | null } {
  if (typeof asking === 'string') return { by: SOMEBODY, reason: asking }
  return { by: asking?.by?.trim() || SOMEBODY, reason: asking?.reason ?? null }
}

/** What an update is refused with, in a validator or a handler. */
export function refused(type: string, message: string): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true })
}

function isAsking(value: unknown): value is string | Asking | undefined {
  if (value === undefined || value === null || typeof value === 'string') return true
  if (typeof value !== 'object' || Array.isArray(value)) return false
  return Object.entries(value).every(
    ([key, one]) => (key === 'by' || key === 'reason') && (typeof one === 'string' || one === null),
  )
}
