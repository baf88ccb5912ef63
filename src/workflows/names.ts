import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'

/** Design §5: what desks wait for, campaigns, and portal calls, each on a queue of its own. */
export const QUEUES = ['desk', 'campaign', 'portal'] as const
export type QueueName = (typeof QUEUES)[number]

/** What the names of the product's task queues begin with, unless a setting says otherwise (several products, one server). */
export const QUEUE_PREFIX = 'ontdubbel'

/** The task queue of one kind of work: `ontdubbel-desk`. */
export function queueName(queue: QueueName, prefix = QUEUE_PREFIX): string {
  return `${prefix}-${queue}`
}

/** The portal's queue that goes with a workflow's: a workflow knows only its own. */
export function portalQueueOf(queue: string): string {
  return queueName('portal', queue.replace(/-(desk|campaign)$/, ''))
}

/** What lists and filters of the Temporal UI see; ids are keywords, since SQL visibility has room for three numbers. */
export const STATUS_ATTRIBUTE = defineSearchAttributeKey('OntdubbelStatus', SearchAttributeType.KEYWORD)
export const KEPT_ATTRIBUTE = defineSearchAttributeKey('OntdubbelKept', SearchAttributeType.KEYWORD)
export const REMOVED_ATTRIBUTE = defineSearchAttributeKey('OntdubbelRemoved', SearchAttributeType.KEYWORD)
export const MERGE_ATTRIBUTE = defineSearchAttributeKey('OntdubbelMerge', SearchAttributeType.KEYWORD)
export const CAMPAIGN_ATTRIBUTE = defineSearchAttributeKey('OntdubbelCampaign', SearchAttributeType.KEYWORD)
export const SEARCH_ATTRIBUTES = [
  STATUS_ATTRIBUTE,
  KEPT_ATTRIBUTE,
  REMOVED_ATTRIBUTE,
  MERGE_ATTRIBUTE,
  CAMPAIGN_ATTRIBUTE,
]

/** The workflow id of a pair, by convention; handles come from the merges table, never from this form. */
export function workflowIdOf(keep: number, remove: number): string {
  return `merge/${keep}/${remove}`
}

/** The workflow id of an undo, by convention. */
export function undoWorkflowIdOf(merge: number): string {
  return `undo/${merge}`
}

/** The workflow id of a campaign: there is one, whatever becomes of it. */
export function campaignWorkflowIdOf(campaign: number): string {
  return `campaign/${campaign}`
}

/** The workflow id of an undo of many, by convention: of a campaign its own, of others that of the undo. */
export function undoManyWorkflowIdOf({ id, campaign }: { id: number; campaign: number | null }): string {
  return campaign === null ? `undo-many/${id}` : `undo-campaign/${campaign}`
}

/** The one sweeper of the portal's backlog of all campaigns on a campaign queue. */
export function backlogWorkflowIdOf(campaignQueue: string): string {
  return `portal-backlog/${campaignQueue}`
}
