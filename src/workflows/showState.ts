import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow'
import { KEPT_ATTRIBUTE, MERGE_ATTRIBUTE, REMOVED_ATTRIBUTE, STATUS_ATTRIBUTE } from './names'
import type { MergeStatus } from '../domain/codes'
import { inBrussels } from '../domain/moments'

export interface ShownState {
  status: MergeStatus
  merge: number | null
  keep: number | null
  remove: number | null
  /** Words for the person who opens the workflow: what happens or waits, since when, what to do. */
  words: string
}

/** Shows a merge's state to people who look at Temporal: the search attributes for lists, the details for the one workflow. */
export function showState({ status, merge, keep, remove, words }: ShownState): void {
  upsertSearchAttributes([
    { key: STATUS_ATTRIBUTE, value: status },
    ...(merge === null ? [] : [{ key: MERGE_ATTRIBUTE, value: String(merge) }]),
    ...(keep === null ? [] : [{ key: KEPT_ATTRIBUTE, value: String(keep) }]),
    ...(remove === null ? [] : [{ key: REMOVED_ATTRIBUTE, value: String(remove) }]),
  ])
  const which = `${merge === null ? 'Merge' : `Merge ${merge}`}: ${remove ?? '?'} into ${keep ?? '?'}`
  // as code, or the UI would make one dash of the two of an option
  const shown = words.replace(/"(ontdubbel [^"]*)"/g, '`$1`').replaceAll('\n', '\n\n')
  setCurrentDetails(`**${which} — ${status}** (since ${inBrussels(new Date())})\n\n${shown}`)
}
