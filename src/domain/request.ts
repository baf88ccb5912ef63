import type { MergeStatus, Refusal, StepName, TakeField, Told, UndoCode, Warning } from './codes'

/** Of a reason, and of whatever other text a caller gives: a name, a token. */
export const MAX_REASON_CHARACTERS = 200

/** A merge that is asked for. */
export interface NewMerge {
  keep: number
  remove: number
  /** YYYY-MM-DD; today in Europe/Brussels where it is left out. */
  on?: string | undefined
  take?: TakeField[] | undefined
  /** Codes of warnings. */
  accept?: string[] | undefined
  override?: string[] | undefined
  /** A preview's token that must still be true. */
  ifToken?: string | undefined
  by: string
  /** At most 200 characters, without national numbers or e-mail addresses. */
  reason?: string | undefined
}

/** What anybody may ask of the workflow mergePatrons (design §4): a new merge, or an existing one taken up again. */
export type MergeRequest = NewMerge | { merge: number }

/** One step of a merge as people see it. */
export interface StepReport {
  step: StepName
  status: 'pending' | 'running' | 'done' | 'failed'
  /** 0 where none is known. */
  attempts: number
  counts: Record<string, unknown>
  /** Only in a preview: what is altered or deleted (`now` null). */
  changes?: { table: string; id: unknown; was: unknown; now: unknown }[]
}

/** A warning with its sentence. */
export interface WarningReport extends Warning {
  message: string
}

/** The object of `merge --json`, and what the workflow completes with. */
export interface MergeReport {
  /** Null for a preview, and where no merge was made (bad input). */
  id: number | null
  status: MergeStatus | 'preview'
  keep: number | null
  remove: number | null
  on: string | null
  warnings: WarningReport[]
  steps: StepReport[]
  by: string | null
  reason: string | null
  refusal: (Refusal & { message: string }) | null
  attention: (Told & { message: string }) | null
  /** Where to look at it in the Temporal UI; null where no UI is known. */
  temporalUrl: string | null
  /** Only in a preview: of what was seen. */
  token?: string
}

/** What anybody may ask of the workflow undoMerge: a merge taken back, or (without `by`) an undo taken up again. */
export interface UndoRequest {
  merge: number
  by?: string | undefined
  /** At most 200 characters, without national numbers or e-mail addresses. */
  reason?: string | undefined
}

/** What an undo tells, with its sentence. */
export interface UndoTold extends Told<UndoCode> {
  message: string
}

/** The object of `undo --json`, and what the workflow completes with. */
export interface UndoReport {
  /** Of the merge; null where it was refused before one was found. */
  id: number | null
  status: MergeStatus | 'preview'
  keep: number | null
  remove: number | null
  /** Of the undo, not of the merge. */
  by: string | null
  reason: string | null
  /** Rows that went (in a preview: would go) back to the removed record, and `portalLinks`. */
  back: Record<string, number>
  told: UndoTold[]
  /** Who could see what of the other, from when to when (ISO 8601): rows by kind. */
  seen: { patron: number; of: number; from: string; to: string; rows: Record<string, number> }[]
  refusal: (Refusal & { message: string }) | null
  attention: (Told & { message: string }) | null
  temporalUrl: string | null
}
