import {
  allHandlersFinished,
  ApplicationFailure,
  condition,
  continueAsNew,
  proxyActivities,
  proxyLocalActivities,
  sleep,
  workflowInfo,
} from '@temporalio/workflow'
import type { Activities } from '../activities'
import type { UndoManyReport } from '../domain/undoMany'
import { giveWay, lookAgain, moreWaits } from './messages'
import { backlogWorkflowIdOf, portalQueueOf } from './names'
import { oneAtATime } from './oneAtATime'
import { BATCH, LOOK_AGAIN_MS, NOTE, PLANNING, STARTER } from './options'
import { portalBacklog } from './portalBacklog'
import { showUndoMany } from './showUndoMany'

const { noteUndoManyStarter } = proxyActivities<Activities>({ ...STARTER, summary: 'Record who started it' })
const { undoBatch } = proxyActivities<Activities>({ ...BATCH, summary: 'Undo a batch of merges, group by group' })
const { endPortalWaits } = proxyActivities<Activities>({
  ...BATCH,
  summary: "End the merges' own waits for the portal",
})
const { hasCampaignEnded } = proxyActivities<Activities>({ ...NOTE, summary: 'Has the campaign let go of the portal?' })
const { startPortalBacklog } = proxyActivities<Activities>({
  ...NOTE,
  summary: 'Have the sweeper look after what waits',
})

/**
 * Undoes many merges (campaigns.md §2), those that the undo of that id has in the database: latest first, a batch after the
 * other, and beside it the portal's part of each batch. It goes by the database alone, so that it may be ended anywhere and
 * started anew. Completes with the object of `undo --approved-by … --json`; it fails for what nobody foresaw.
 */
export async function undoMany(input: { undo: number }): Promise<UndoManyReport> {
  const { undo } = (input ?? {}) as { undo?: unknown }
  // any Temporal client may start it
  if (typeof undo === 'number' && Number.isSafeInteger(undo)) return new UndoMany(undo).run()
  throw ApplicationFailure.create({ type: 'bad-input', message: 'Expected {"undo": its id}.', nonRetryable: true })
}

class UndoMany {
  /** Batches that the database has ended with, in this run. */
  private ended = 0
  private databaseDone = false
  private readonly local = oneAtATime(proxyLocalActivities<Activities>(PLANNING))

  constructor(private readonly id: number) {}

  async run(): Promise<UndoManyReport> {
    const begun = await this.local.beginUndoMany(this.id, workflowInfo().firstExecutionRunId)
    if (begun === null) {
      const message = 'There is no undo of many of that id.'
      throw ApplicationFailure.create({ type: 'unknown-undo', message, nonRetryable: true })
    }
    const starter = noteUndoManyStarter(this.id).catch(() => {})
    await this.show()
    // whichever fails, the other comes to the end of its batch
    const lanes = await Promise.allSettled([this.databaseLane(), this.portalLane(begun.campaign !== null)])
    await starter
    const failed = lanes.find((lane) => lane.status === 'rejected')
    if (failed) throw failed.reason
    if (workflowInfo().continueAsNewSuggested) {
      await condition(allHandlersFinished)
      return continueAsNew<typeof undoMany>({ undo: this.id })
    }
    await this.local.settleUndoMany(this.id)
    return this.show()
  }

  private async databaseLane(): Promise<void> {
    try {
      let lookAgainMs: number = LOOK_AGAIN_MS.first
      while (!workflowInfo().continueAsNewSuggested) {
        const batch = await this.local.planUndoBatch(this.id)
        if (batch === null) return
        const { merges, ended } = await undoBatch(batch)
        this.ended += 1
        await this.show()
        // desks have all that is left in their hands
        if (merges > 0 && ended === 0) {
          await sleep(lookAgainMs)
          lookAgainMs = Math.min(lookAgainMs * 2, LOOK_AGAIN_MS.last)
        } else lookAgainMs = LOOK_AGAIN_MS.first
      }
    } finally {
      this.databaseDone = true
    }
  }

  private async portalLane(ofCampaign: boolean): Promise<void> {
    if (ofCampaign) await this.campaignLetsGo()
    while (!workflowInfo().continueAsNewSuggested) {
      const { ended, databaseDone } = this
      const batch = await this.local.nextUndoneAtPortal(this.id)
      if (batch !== null) await this.atPortal(batch)
      else if (databaseDone) return
      else await condition(() => this.databaseDone || this.ended > ended)
    }
  }

  /** The last call of the campaign's own workflow comes before the first that brings a link back. */
  private async campaignLetsGo(): Promise<void> {
    for (let ms: number = LOOK_AGAIN_MS.first; !(await hasCampaignEnded(this.id, lookAgain.name));) {
      await sleep(ms)
      ms = Math.min(ms * 2, LOOK_AGAIN_MS.last)
    }
  }

  private async atPortal(batch: number): Promise<void> {
    const { taskQueue } = workflowInfo()
    await endPortalWaits(batch, giveWay.name)
    const { revertBatchPortal } = proxyActivities<Activities>({
      ...BATCH,
      taskQueue: portalQueueOf(taskQueue),
      summary: 'Bring the links at the portal of a batch back',
    })
    const { waiting } = await revertBatchPortal(batch)
    if (waiting > 0) {
      await startPortalBacklog(portalBacklog.name, backlogWorkflowIdOf(taskQueue), taskQueue, moreWaits.name)
    }
  }

  private async show(): Promise<UndoManyReport> {
    const report = await this.local.reportUndoMany(this.id)
    showUndoMany(report)
    return report
  }
}
