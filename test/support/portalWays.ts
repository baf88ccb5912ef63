/** The ways in which the portal fails, and what each means for an activity. */

/** When a busy portal wants to be asked again. */
export const RETRY_AFTER_S = 7

export const PASSING = [
  ['error', { type: 'portal-unreachable' }],
  ['down', { type: 'portal-unreachable' }],
  ['busy', { type: 'portal-busy', nextRetryDelay: RETRY_AFTER_S * 1000 }],
  ['too-many', { type: 'portal-busy', nextRetryDelay: RETRY_AFTER_S * 1000 }],
  ['slow', { type: 'portal-unreachable' }],
  ['lose-answers', { type: 'portal-unreachable' }],
  ['cut', { type: 'portal-unreachable' }],
] as const

/** With the status of each; the first is for the token, the others may be for one account. */
export const REFUSALS = [
  ['unauthorized', 401],
  ['refuse', 403],
  ['unprocessable', 422],
] as const
