import { OntdubbelError } from '../domain/errors'
import { FAILURES, PORTAL_REFUSED } from '../domain/sentences'

/**
 * `portal-unreachable`: no answer, a broken one, or 5xx. `portal-busy`: 429, or 503 with a time. `portal-bad-answer`:
 * an answer that is not the contract's. `portal-refused`: no, and asking again will not help.
 */
export type PortalErrorCode = 'portal-unreachable' | 'portal-busy' | 'portal-bad-answer' | 'portal-refused'

/**
 * The portal did not do what was asked, or nobody knows whether it did. Says status and contract code, never an
 * account, an answer's text or the underlying error, which may quote both.
 */
export class PortalError extends OntdubbelError {
  constructor(
    override readonly code: PortalErrorCode,
    details: { readonly status?: number; readonly problem?: string; readonly network?: string } = {},
    /** When the portal wants to be asked again; undefined where it did not say. */
    readonly retryAfterMs?: number,
  ) {
    const { says } = FAILURES[code]
    const remedy = code === 'portal-refused' ? PORTAL_REFUSED[details.status ?? 0] : undefined
    super(code, remedy ? { en: `${says.en} ${remedy.en}`, nl: `${says.nl} ${remedy.nl}` } : says, 1, details)
  }

  /** Whether asking again may help. The same idempotency key makes that safe. */
  get retryable(): boolean {
    return FAILURES[this.code].retried
  }

  /** The portal has said that it does not do it. After the other errors it may have, or may still. */
  get declined(): boolean {
    return this.code === 'portal-refused' || this.code === 'portal-busy'
  }
}

const PORTAL_CODES: ReadonlySet<string> = new Set<PortalErrorCode>([
  'portal-unreachable',
  'portal-busy',
  'portal-bad-answer',
  'portal-refused',
])

/** Whether `error` is a PortalError, by its code: errors cross realms under jest. */
export function isPortalError(error: unknown): error is PortalError {
  return error instanceof Error && 'code' in error && PORTAL_CODES.has(String(error.code)) && 'retryable' in error
}

/** No answer, a broken one, or one that took too long. `network` is the code of the system's or TLS' failure. */
export function unreachable(network?: string): PortalError {
  return new PortalError('portal-unreachable', network === undefined ? {} : { network })
}

/** An answer that is not the contract's: somebody else answers in the portal's place, or the portal has changed. */
export function badAnswer(status: number): PortalError {
  return new PortalError('portal-bad-answer', { status })
}

/** Statuses below 500 after which the same call may succeed: a slow sender, and one that came too early. */
const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([408, 425])

/** The error for a status that is no expected outcome of a call. `problem` is a code of the contract, if it sent one. */
export function errorOfStatus(status: number, problem?: string, retryAfterMs?: number): PortalError {
  const details = { status, ...(problem === undefined ? {} : { problem }) }
  if (status === 429 || (status === 503 && retryAfterMs !== undefined)) {
    return new PortalError('portal-busy', details, retryAfterMs)
  }
  if (status >= 500 || RETRYABLE_STATUSES.has(status)) {
    return new PortalError('portal-unreachable', details, retryAfterMs)
  }
  // A 404 that does not speak the contract comes from a proxy in front of a portal that is being replaced.
  if (status < 400 || (status === 404 && problem === undefined)) return badAnswer(status)
  return new PortalError('portal-refused', details)
}
