import type { Override, TakeField, Told } from './codes'
import type { UndoManyStatus } from './undoMany'

/** What people read as a campaign's status (cli.md). */
export const CAMPAIGN_STATUSES = [
  'running',
  'pausing',
  'paused',
  'completed',
  'cancelled',
  'undoing',
  'undone',
] as const
export type CampaignStatus = (typeof CAMPAIGN_STATUSES)[number]

/** What becomes of a pair of a campaign (campaigns.md §2), in the order in which people read them. */
export const OUTCOMES = [
  'completed',
  'refused',
  'needs-acceptance',
  'set-aside',
  'waiting-for-portal',
  'portal-skipped',
  'needs-attention',
  'undone',
  'waiting',
  'running',
  'pending',
  'not-run',
] as const
export type Outcome = (typeof OUTCOMES)[number]

/** Groups of some 40 ms, which desks do not notice; groups of some 200 ms, for a night. */
export const PACES = ['desk', 'full'] as const
export type Pace = (typeof PACES)[number]

/** Why a campaign pauses: somebody asked, `--first`, the brake, or what nobody foresaw. */
export const PAUSE_CODES = ['asked', 'first-pairs', 'too-many-bad', 'unforeseen'] as const
export type PauseCode = (typeof PAUSE_CODES)[number]

/** Given on the pair, never for a whole campaign. */
export const ONLY_ON_A_PAIR = [
  'unverified-login-gains-access',
  'rejected-before',
  'different-national-numbers',
] as const

export const MOST_LANES = 64

/** What a merge moves, as the steps' counts call it (`portalLinks`: what the portal's step calls changed), in the order of the rules. */
export const MOVED = [
  'loans',
  'holds',
  'loanHistory',
  'preferences',
  'charges',
  'contacts',
  'messages',
  'cards',
  'subscriptions',
  'portalLinks',
] as const
export type Moved = (typeof MOVED)[number]

/** One line of a list. */
export interface ListedPair {
  keep: number
  remove: number
  take: TakeField[]
  /** Codes of warnings. */
  accept: string[]
  override: Override[]
}

/** How a campaign is started. */
export interface CampaignOptions {
  name: string | null
  /** YYYY-MM-DD. */
  on: string
  accept: string[]
  override: Override[]
  lanes: number
  pace: Pace
  /** HH:MM-HH:MM, Europe/Brussels; null: at any hour. */
  hours: string | null
  /** Pauses after so many pairs of the list. */
  first: number | null
  by: string
  reason: string | null
}

/** What can be changed while it runs; what is left out stays. `hours` null: at any hour. */
export interface CampaignSettings {
  lanes?: number
  pace?: Pace
  hours?: string | null
}

/** The object of `campaign start --json` and `campaign status --json`. */
export interface CampaignReport {
  id: number
  status: CampaignStatus
  pairs: number
  /** Every outcome with its count; their sum is `pairs`. */
  outcomes: Record<Outcome, number>
  /** Of the last minute in which it merged, or null where it has not. */
  pairsPerSecond: number | null
  temporalUrl: string | null
  name: string | null
  on: string
  lanes: number
  pace: Pace
  hours: string | null
  first: number | null
  /** False outside of its hours. */
  withinHours: boolean
  /** Why it pauses, with its sentence; null where it does not. */
  paused: (Told<PauseCode> & { message: string }) | null
  /** The unfinished merges that pairs wait for, the first few. */
  waitsFor: number[]
  /** At the pace of the last minute; null where that tells nothing. */
  secondsLeft: number | null
  by: string
  reason: string | null
  startedAt: string
  endedAt: string | null
  /** The last time that all of it was to be undone: its merges then, and what became of them; null where it never was. */
  undo: { id: number; status: UndoManyStatus; merges: number; undone: number; notUndone: number } | null
}

/** A line of `campaign report`. */
export interface PairReport {
  keep: number
  remove: number
  outcome: Outcome
  /**
   * The code of why it was refused, set aside (or waits, or needs attention); of `needs-acceptance` the codes of the warnings
   * that were not accepted, with a space between; else null.
   */
  reason: string | null
  /** The codes of the warnings that are stored with the merge, in the order of domain.md. */
  warnings: string[]
  /** Null for `pending`, `waiting`, `set-aside`, `not-run`; a refused pair has one. */
  merge: number | null
  /** Rows that moved; nothing where nothing was merged. */
  moved: Partial<Record<Moved, number>>
}

/** What people have to do after a campaign (campaigns.md "Aftercare"). */
export const FOLLOW_UPS = ['relabel-hold', 'register', 'look-at-block', 'link-given-up'] as const
export type FollowUpCode = (typeof FOLLOW_UPS)[number]

/** A line of `campaign follow-up`. */
export interface FollowUp {
  what: FollowUpCode
  /** Null where it concerns no one library. */
  library: string | null
  /** The record that it is about: the kept one, or whom that was merged into since. */
  patron: number
  /** What the label, the card or the login still says. */
  removed: number
  merge: number
  hold: number | null
}
