import {
  allHandlersFinished,
  condition,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow'
import type { Activities } from '../activities'
import { moreWaits } from './messages'
import { portalQueueOf } from './names'
import { PORTAL_PATIENCE_MS, SWEEP } from './options'

/**
 * One sweeper for all merges of campaigns, and all that were undone with many, that wait for the portal: ten thousand of them are not ten thousand calls a minute
 * at a portal that is down. Ends when nothing waits; whoever has more tells it, and it looks once more.
 */
export async function portalBacklog(): Promise<void> {
  let told = true
  setHandler(moreWaits, () => void (told = true))
  setCurrentDetails(
    'Merges of campaigns, and undos of many, that wait for the portal: tried each minute, one call first, for 30 days.\n\nWhich they are: `ontdubbel merge list --status waiting-for-portal`, `ontdubbel merge list --status undo-waiting-for-portal`',
  )
  const { sweepPortal } = proxyActivities<Activities>({
    ...SWEEP,
    taskQueue: portalQueueOf(workflowInfo().taskQueue),
    summary: 'Try the portal for all that waits',
  })
  while (told) {
    told = false
    await sweepPortal(PORTAL_PATIENCE_MS)
  }
  await condition(allHandlersFinished)
}
