/** The codes of domain.md and cli.md: what programs compare, never what people read (that is in sentences/). */

/** The steps of a merge in the order in which people read them. Which waits for which is in plan.ts. */
export const STEPS = [
  'openMerge',
  'transferLoans',
  'transferHolds',
  'transferLoanHistory',
  'transferFees',
  'transferContacts',
  'transferMessages',
  'transferCards',
  'transferSubscriptions',
  'transferDetails',
  'applyInternetBlock',
  'retireRecord',
  'syncPortalLinks',
] as const
export type StepName = (typeof STEPS)[number]

/** What people read as a merge's status (cli.md); the database derives it with merge_status(). */
export const MERGE_STATUSES = [
  'running',
  'completed',
  'waiting-for-portal',
  'portal-skipped',
  'needs-attention',
  'abandoned',
  'undoing',
  'undo-waiting-for-portal',
  'undone',
  'refused',
] as const
export type MergeStatus = (typeof MERGE_STATUSES)[number]

/** Why a merge, or an undo, does not begin, in the order of domain.md; the last three of a merge are about the asking, not about the records. */
export const REFUSALS = [
  'same-record',
  'unknown-patron',
  'merge-in-progress',
  'already-merged',
  'protected',
  'different-national-numbers',
  'charges-in-collection',
  'changed-since-preview',
  'needs-acceptance',
  'bad-input',
  'unknown-merge',
  // of an undo
  'not-merged',
  'later-merge',
  'undo-window-over',
] as const
export type RefusalCode = (typeof REFUSALS)[number]

/** What staff are told before they merge, in the order of domain.md. */
export const WARNINGS = [
  'history-erased',
  'valid-subscription-on-removed',
  'expired-subscriptions-deleted',
  'not-findable',
  'subscription-stopped',
  'membership-charged-twice',
  'hold-collapsed',
  'hold-on-own-loan',
  'ready-hold-moves',
  'internet-block-applied',
  'internet-block-kept',
  'staff-block-not-carried',
  'unverified-login-gains-access',
  'details-differ',
  'national-number-invalid',
  'portal-links-collapse',
  'portal-unreachable',
  'different-person',
  'rejected-before',
] as const
export type WarningCode = (typeof WARNINGS)[number]

/** What an undo tells: what it did not put back, what had changed since, what came since and where it is now. */
export const UNDO_CODES = [
  'history-not-restored',
  'hold-not-restored',
  'contact-not-restored',
  'subscription-not-restored',
  'preference-not-restored',
  'changed-since',
  'went-with-removed',
  'stays-with-kept',
  'portal-links-left',
  'portal-links-given-up',
] as const
export type UndoCode = (typeof UNDO_CODES)[number]

/** The warnings that stop a merge until they are accepted by name. */
export const STOPPING_WARNINGS = [
  'history-erased',
  'unverified-login-gains-access',
  'rejected-before',
] as const satisfies WarningCode[]

/** The refusals that may be overridden by name. */
export const OVERRIDES = ['different-national-numbers', 'charges-in-collection'] as const satisfies RefusalCode[]
export type Override = (typeof OVERRIDES)[number]

/** R14: what may be taken over from the removed record. */
export const TAKE_FIELDS = ['name', 'birth-date', 'gender', 'address', 'blanks'] as const
export type TakeField = (typeof TAKE_FIELDS)[number]

/** A code with what it is about: ids, field names, libraries, dates and counts, never values or titles. */
export interface Told<Code extends string = string> {
  code: Code
  details: Record<string, unknown>
}
export type Warning = Told<WarningCode>
export type Refusal = Told<RefusalCode>

/** Warnings in the order of domain.md. */
export function inOrder(warnings: readonly Warning[]): Warning[] {
  return [...warnings].sort((a, b) => WARNINGS.indexOf(a.code) - WARNINGS.indexOf(b.code))
}
