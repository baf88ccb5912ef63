import { defineUpdate } from '@temporalio/workflow'
import type { MergeStatus, Refusal } from '../domain/codes'

/** What a client may send to a merge's workflow. Clients import these, and types, and nothing else of a workflow. */

/** What the update `open` answers: the merge's id or the refusal, as soon as openMerge has ended. */
export interface OpenAnswer {
  merge: number | null
  /** The pair that this workflow merges, whatever its id says; null where it refused its input. */
  keep: number | null
  remove: number | null
  refusal: Refusal | null
  status: MergeStatus
}

/** Start and learn the merge's id in one call (update-with-start); carries the whole request again. */
export const open = defineUpdate<OpenAnswer, [unknown]>('open')
/** Does the steps that failed again. */
export const resume = defineUpdate<void>('resume')
/** Takes an unfinished merge back. */
export const abandon = defineUpdate<void>('abandon')
