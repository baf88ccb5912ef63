/** The ways in which the portal fails, and what each means for an activity. */
import { IMPATIENT_MS, type PortalPart } from './portalPart'

/** When a busy portal wants to be asked again. */
const RETRY_AFTER_S = 7

export const PASSING = [
  ['error', { type: 'portal-unreachable' }],
  ['down', { type: 'portal-unreachable' }],
  ['busy', { type: 'portal-busy', nextRetryDelay: RETRY_AFTER_S * 1000 }],
  ['too-many', { type: 'portal-busy', nextRetryDelay: RETRY_AFTER_S * 1000 }],
  ['slow', { type: 'portal-unreachable' }],
  ['lose-answers', { type: 'portal-unreachable' }],
  ['cut', { type: 'portal-unreachable' }],
] as const

/** Well past the time that the impatient client waits for an answer. */
const DELAY_MS = IMPATIENT_MS + 300

/** One of PASSING, at a part's portal. */
export function passingWay(part: PortalPart, mode: string, means: object) {
  return {
    /** From now on so many calls are answered, then one fails. */
    failing: (skip: number) =>
      part.portal.behave({ mode, skip, times: 1, delayMs: DELAY_MS, retryAfterSeconds: RETRY_AFTER_S }),
    /** Whoever calls. */
    by: () => (mode === 'slow' ? part.impatient : part.portalClient),
    /** What came too late is done at the portal all the same. */
    lateOnesCame: () => (mode === 'slow' ? new Promise((resolve) => setTimeout(resolve, DELAY_MS)) : undefined),
    /** How an attempt fails. */
    asItMeans: { nonRetryable: false, nextRetryDelay: undefined, ...means },
  }
}

/** With the status of each; the first is for the token, the others may be for one account. */
export const REFUSALS = [
  ['unauthorized', 401],
  ['refuse', 403],
  ['unprocessable', 422],
] as const
