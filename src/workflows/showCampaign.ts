import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow'
import type { CampaignReport } from '../domain/campaign'
import { inBrussels } from '../domain/moments'
import { campaignDetails } from '../domain/sentences'
import { CAMPAIGN_ATTRIBUTE, STATUS_ATTRIBUTE } from './names'

/** Shows a campaign to people who look at Temporal: the search attributes for lists, the details for the one workflow. */
export function showCampaign(report: CampaignReport): void {
  upsertSearchAttributes([
    { key: STATUS_ATTRIBUTE, value: report.status },
    { key: CAMPAIGN_ATTRIBUTE, value: String(report.id) },
  ])
  // as code, or the UI would make one dash of the two of an option
  const words = campaignDetails(report, 'en').replace(/"(ontdubbel [^"]*)"/g, '`$1`')
  setCurrentDetails(`**Campaign ${report.id} — ${report.status}** (${inBrussels(new Date())})\n\n${words}`)
}
