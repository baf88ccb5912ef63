import { defineSignal, defineUpdate } from '@temporalio/workflow'
import type { CampaignSettings, CampaignStatus } from '../domain/campaign'
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
/** Who asks, and why (at most 200 characters, without national numbers or e-mail addresses). */
export interface Asking {
  by?: string
  reason?: string
}

/** Does the steps that failed again. */
export const resume = defineUpdate<void, [asking: Asking | undefined]>('resume')
/** Takes an unfinished merge back. Fails with `retired-already` where the record was retired meanwhile. */
export const abandon = defineUpdate<void, [asking: Asking | undefined]>('abandon')
/** Sent by undoMerge to the merge's own workflow: it leaves its wait for the portal and ends. */
export const giveWay = defineUpdate<void, [merge: number]>('giveWay')
/** Tries the portal now. Answers with the merge's status after that. */
export const retryPortal = defineUpdate<MergeStatus, [asking: Asking | undefined]>('retryPortal')
/** Gives the portal part up, with a notice for the desk; a reason must be given, by itself or with who asks. */
export const skipPortal = defineUpdate<MergeStatus, [reason: string | Asking]>('skipPortal')

/** Of a campaign. Each answers with the campaign's status when it has taken effect; a group under way finishes. */
export const pauseCampaign = defineUpdate<CampaignStatus, [asking: Asking | undefined]>('pause')
export const resumeCampaign = defineUpdate<CampaignStatus, [asking: Asking | undefined]>('resume')
export const cancelCampaign = defineUpdate<CampaignStatus, [asking: Asking | undefined]>('cancel')
/** Takes what was set aside up again. */
export const retryCampaign = defineUpdate<CampaignStatus, [asking: Asking | undefined]>('retry')
/** Changes lanes, pace or hours. */
export const setCampaign = defineUpdate<CampaignStatus, [settings: CampaignSettings & Asking]>('set')
/** Sent by undoMany to the workflow of a campaign that it undoes: one that pauses ends. */
export const lookAgain = defineSignal('lookAgain')
/** Sent by campaigns and undos of many to the sweeper: there is more that waits for the portal. */
export const moreWaits = defineSignal('moreWaits')
