import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  workflowInfo,
} from '@temporalio/workflow'
import type { Activities } from '../activities'
import type { Planned } from '../campaigns/plan'
import type { CampaignReport, CampaignStatus } from '../domain/campaign'
import type { Told } from '../domain/codes'
import { isWithin, msUntilChange, parseHours } from '../domain/hours'
import { attentionOf } from './attention'
import { CampaignCommands } from './campaignCommands'
import { moreWaits } from './messages'
import { backlogWorkflowIdOf, portalQueueOf } from './names'
import { oneAtATime } from './oneAtATime'
import { BATCH, LOOK_AGAIN_MS, NOTE, PLANNING, STARTER } from './options'
import { portalBacklog } from './portalBacklog'
import { showCampaign } from './showCampaign'

const { noteCampaignStarter } = proxyActivities<Activities>({ ...STARTER, summary: 'Record who started it' })
const { mergeBatch } = proxyActivities<Activities>({ ...BATCH, summary: 'Merge a batch of pairs, group by group' })
const { startPortalBacklog } = proxyActivities<Activities>({
  ...NOTE,
  summary: 'Have the sweeper look after what waits',
})

/** Counting a million pairs takes some tenths of a second: no more often than this. */
const SHOW_EVERY_MS = 10_000
/** The server keeps at most 2,000 activities of a run: a portal that is slow must not make it so many. */
const MOST_AT_PORTAL = 500

/**
 * Merges a campaign's list (design §4): batches of pairs that share no patron, `lanes` at work and one more planned, then the
 * portal's part of each, which holds no lane. Everything stands in the database: the workflow knows ids of batches only. Obeys
 * pause, resume, cancel, set and retry, its hours and the brake. Completes with the object of `campaign status --json`.
 */
export async function runCampaign({ campaign }: { campaign: number }): Promise<CampaignReport> {
  return new Campaign(campaign).run()
}

class Campaign {
  private readonly local = oneAtATime(proxyLocalActivities<Activities>(PLANNING))
  private readonly commands: CampaignCommands
  private readonly atWork = new Set<number>()
  private readonly atPortal = new Set<number>()
  /** Batches whose portal part failed in a way that nobody foresaw. */
  private readonly stuck = new Map<number, Told>()
  private readonly portalParts = new CancellationScope()
  /** A batch that is planned and not begun. */
  private planned: number | null = null
  private lookAgainMs: number = LOOK_AGAIN_MS.first
  private shown: { status: CampaignStatus; at: number } | undefined

  constructor(private readonly id: number) {
    this.commands = new CampaignCommands(id, this.local)
  }

  async run(): Promise<CampaignReport> {
    const begun = await this.local.beginCampaign(this.id, workflowInfo().firstExecutionRunId)
    if (begun === null) {
      const message = 'There is no campaign of that id.'
      throw ApplicationFailure.create({ type: 'unknown-campaign', message, nonRetryable: true })
    }
    const starter = noteCampaignStarter(this.id).catch(() => {})
    for (const batch of begun.untried) this.toPortal(batch)
    for (;;) {
      const seen = this.commands.changes
      const changed = () => this.commands.changes > seen
      const next = await this.oneStep()
      if (next === 'on') continue
      if (next === 'ended') {
        await starter
        await condition(allHandlersFinished)
        const report = await this.local.reportCampaign(this.id)
        // whoever asked for more at the last moment has it done
        if (changed() || !allHandlersFinished()) continue
        showCampaign(report)
        return report
      }
      if (next.waitMs === null) await condition(changed)
      else await condition(changed, next.waitMs)
    }
  }

  /** Looks at the campaign and does one thing about it. `on`: look again at once; else there is nothing to do before something happens. */
  private async oneStep(): Promise<'on' | 'ended' | { waitMs: number | null }> {
    const ending = workflowInfo().continueAsNewSuggested
    const mayPlan = this.planned === null && !ending && this.atPortal.size < MOST_AT_PORTAL
    const known = [...this.atWork, ...(this.planned === null ? [] : [this.planned])]
    const stand = await this.local.planBatch(this.id, mayPlan, known)
    this.commands.status = stand.status
    this.planned ??= stand.batch
    if (stand.batch !== null) this.lookAgainMs = LOOK_AGAIN_MS.first
    const runs = stand.status === 'running'

    const within = isWithin(parseHours(stand.hours), new Date())
    if (within !== stand.withinHours) {
      await this.local.setWithinHours(this.id, within)
      return 'on'
    }
    await this.show(stand.status)
    if (this.planned !== null && !(runs && within)) {
      await this.local.dropBatch(this.planned)
      this.planned = null
    }
    if (runs) for (const batch of this.stuck.keys()) this.toPortal(batch)
    if (this.planned !== null && this.atWork.size < stand.lanes) {
      this.toDatabase(this.planned)
      this.planned = null
      return 'on'
    }
    if (this.atWork.size === 0) {
      if (stand.status === 'pausing') {
        await this.local.settleCampaign(this.id, 'pausing')
        return 'on'
      }
      if (!runs && stand.status !== 'paused' && this.atPortal.size === 0) {
        for (const [batch, why] of this.stuck) await this.local.leaveBatchToPeople(batch, why)
        this.stuck.clear()
        return 'ended'
      }
      if (ending) await this.goOnAnew()
      if (runs && within && mayPlan && this.planned === null && this.atPortal.size === 0) {
        if (stand.pauseAfter !== null) {
          await this.local.pauseCampaign(this.id, { code: 'first-pairs', details: { first: stand.pauseAfter } })
          return 'on'
        }
        if (!stand.waits) {
          await this.local.settleCampaign(this.id, 'running')
          return 'on'
        }
      }
    }
    return { waitMs: this.msUntilSomething(stand) }
  }

  /** Until its hours begin or end, or what waits for an unfinished merge is looked at again: ever less often. */
  private msUntilSomething({ status, hours, waits }: Planned): number | null {
    const untilHours = status === 'running' ? msUntilChange(parseHours(hours), new Date()) : null
    if (status !== 'running' || !waits) return untilHours
    const again = this.lookAgainMs
    this.lookAgainMs = Math.min(again * 2, LOOK_AGAIN_MS.last)
    return Math.min(again, untilHours ?? again)
  }

  private toDatabase(batch: number): void {
    this.atWork.add(batch)
    this.tracked(async () => {
      try {
        await mergeBatch(batch)
      } catch (error) {
        const { details } = attentionOf(error)
        await this.local.dropBatch(batch)
        await this.local.pauseCampaign(this.id, { code: 'unforeseen', details: { ...details, batch } })
      } finally {
        this.atWork.delete(batch)
      }
      this.toPortal(batch)
    })
  }

  private toPortal(batch: number): void {
    this.stuck.delete(batch)
    this.atPortal.add(batch)
    this.tracked(async () => {
      try {
        const { taskQueue } = workflowInfo()
        const { syncBatchPortal } = proxyActivities<Activities>({
          ...BATCH,
          taskQueue: portalQueueOf(taskQueue),
          summary: 'Update the links at the portal of a batch',
        })
        const { waiting } = await this.portalParts.run(() => syncBatchPortal(batch))
        if (waiting > 0) {
          await startPortalBacklog(portalBacklog.name, backlogWorkflowIdOf(taskQueue), taskQueue, moreWaits.name)
        }
      } catch (error) {
        const why = attentionOf(error)
        this.stuck.set(batch, why)
        await this.local.pauseCampaign(this.id, { code: 'unforeseen', details: { ...why.details, batch } })
      } finally {
        this.atPortal.delete(batch)
      }
    })
  }

  /** Runs beside the workflow's own way, which looks again when it has ended. */
  private tracked(work: () => Promise<void>): void {
    work().then(
      () => void (this.commands.changes += 1),
      (error: unknown) => {
        this.commands.changes += 1
        // the workflow is being cancelled, or goes on anew: the next run takes up what is left
        if (!isCancellation(error)) throw error
      },
    )
  }

  /** A history that has become long is left behind; batches at the portal are taken up by the next run. */
  private async goOnAnew(): Promise<never> {
    if (this.planned !== null) await this.local.dropBatch(this.planned)
    this.portalParts.cancel()
    await condition(() => this.atPortal.size === 0)
    await condition(allHandlersFinished)
    return continueAsNew<typeof runCampaign>({ campaign: this.id })
  }

  private async show(status: CampaignStatus): Promise<void> {
    const soon = this.shown && this.shown.status === status && Date.now() < this.shown.at + SHOW_EVERY_MS
    if (soon) return
    showCampaign(await this.local.reportCampaign(this.id))
    this.shown = { status, at: Date.now() }
  }
}
