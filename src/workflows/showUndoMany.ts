import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow'
import { inBrussels } from '../domain/moments'
import { undoManyDetails } from '../domain/sentences'
import type { UndoManyReport } from '../domain/undoMany'
import { CAMPAIGN_ATTRIBUTE, STATUS_ATTRIBUTE } from './names'

/** Shows an undo of many to people who look at Temporal: the search attributes for lists, the details for the one workflow. */
export function showUndoMany(report: UndoManyReport): void {
  const { id, campaign, status } = report
  upsertSearchAttributes([
    { key: STATUS_ATTRIBUTE, value: status },
    ...(campaign === null ? [] : [{ key: CAMPAIGN_ATTRIBUTE, value: String(campaign) }]),
  ])
  const which = campaign === null ? `Undo of many ${id}` : `Undo of campaign ${campaign}`
  // as code, or the UI would make one dash of the two of an option
  const words = undoManyDetails(report, 'en').replace(/"(ontdubbel [^"]*)"/g, '`$1`')
  setCurrentDetails(`**${which} — ${status}** (${inBrussels(new Date())})\n\n${words}`)
}
