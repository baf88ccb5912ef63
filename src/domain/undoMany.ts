import type { Refusal, Told } from './codes'

/** Which merges are undone: a whole campaign's, or those that fit all that is given. */
export type UndoManyAsked =
  | { campaign: number }
  | {
      campaign?: undefined
      /** Whoever asked for the merge, alone or in a campaign. */
      approvedBy?: string | undefined
      /** When the merge was made, from here on: a date (its beginning in Europe/Brussels), or a moment, ISO 8601 with its zone. */
      from?: string | undefined
      /** And before this. */
      to?: string | undefined
    }

/** What becomes of each of the merges. */
export const UNDO_MANY_OUTCOMES = ['undone', 'refused', 'set-aside', 'pending'] as const
export type UndoManyOutcome = (typeof UNDO_MANY_OUTCOMES)[number]

/** As a campaign's status. */
export type UndoManyStatus = 'undoing' | 'undone'

/** A merge that was not undone: refused as a single undo would be, or what failed. */
export interface NotUndone extends Told {
  merge: number
  outcome: 'refused' | 'set-aside'
  message: string
}

/** What an undo of many would do. */
export interface UndoManyPreview {
  merges: number
  undone: number
  /** How many, by the code of the refusal. */
  refused: Partial<Record<Refusal['code'], number>>
  /** Each of them. */
  notUndone: NotUndone[]
  /** The campaigns that it reaches into, wholly or not. */
  campaigns: number[]
}

/** The object of `undo --approved-by … --json`. */
export interface UndoManyReport {
  id: number
  status: UndoManyStatus
  campaign: number | null
  approvedBy: string | null
  /** ISO 8601. */
  from: string | null
  to: string | null
  merges: number
  /** Every outcome with its count; their sum is `merges`. */
  outcomes: Record<UndoManyOutcome, number>
  /** How many were not undone, by code. */
  notUndoneBy: Record<string, number>
  /** Those of them that are told one by one, latest first. */
  notUndone: NotUndone[]
  /** Of the undone ones: their links at the portal are still to be brought back, and are tried each minute. */
  waitsForPortal: number
  /** The portal refused, or 30 days are over: a person has to look. */
  needsAttention: number
  by: string
  reason: string | null
  startedAt: string
  endedAt: string | null
  temporalUrl: string | null
}
