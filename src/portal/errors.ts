import { OntdubbelError } from '../domain/errors'

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
    message: string,
    /** When the portal wants to be asked again; undefined where it did not say. */
    readonly retryAfterMs?: number,
    details: { readonly status?: number; readonly problem?: string } = {},
  ) {
    super(code, message, 1, details)
  }

  /** Whether asking again may help. The same idempotency key makes that safe. */
  get retryable(): boolean {
    return this.code !== 'portal-refused'
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

export function unreachable(): PortalError {
  return new PortalError('portal-unreachable', 'The portal did not answer, or its answer broke off.')
}

export function timedOut(timeoutMs: number): PortalError {
  return new PortalError('portal-unreachable', `The portal did not answer within ${timeoutMs} ms.`)
}

/** An answer that is not the contract's: somebody else answers in the portal's place, or the portal has changed. */
export function badAnswer(status: number): PortalError {
  return new PortalError(
    'portal-bad-answer',
    `The portal gave an answer (HTTP ${status}) that its contract has not.`,
    undefined,
    {
      status,
    },
  )
}

/** Statuses below 500 after which the same call may succeed: a slow sender, and one that came too early. */
const RETRYABLE_STATUSES: ReadonlySet<number> = new Set([408, 425])

/** The error for a status that is no expected outcome of a call. `problem` is a code of the contract, if it sent one. */
export function errorOfStatus(status: number, problem?: string, retryAfterMs?: number): PortalError {
  const details = { status, ...(problem === undefined ? {} : { problem }) }
  const said = `HTTP ${status}${problem === undefined ? '' : `, ${problem}`}`
  if (status === 429 || (status === 503 && retryAfterMs !== undefined)) {
    return new PortalError('portal-busy', `The portal is busy (${said}).`, retryAfterMs, details)
  }
  if (status >= 500 || RETRYABLE_STATUSES.has(status)) {
    return new PortalError('portal-unreachable', `The portal cannot answer now (${said}).`, retryAfterMs, details)
  }
  // A 404 that does not speak the contract comes from a proxy in front of a portal that is being replaced.
  if (status < 400 || (status === 404 && problem === undefined)) return badAnswer(status)
  return new PortalError(
    'portal-refused',
    `The portal refused the call (${said}). ${REMEDY[status] ?? ''}`.trim(),
    undefined,
    details,
  )
}

const REMEDY: Record<number, string> = {
  401: 'Check PORTAL_TOKEN.',
  403: 'Ask the portal what this token may do.',
  404: 'Check PORTAL_URL.',
}
