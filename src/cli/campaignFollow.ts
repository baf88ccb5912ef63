import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@temporalio/client'
import type { Pool } from 'pg'
import { campaignReport, type CampaignReportOptions } from '../campaigns/report'
import type { CampaignReport } from '../domain/campaign'
import {
  CAMPAIGN_LINES,
  CAMPAIGN_OPERATIONS,
  decimalIn,
  durationIn,
  heldUpBy,
  say,
  type Language,
} from '../domain/sentences'
import { hasBegun, NO_WORKER_AFTER_MS } from '../temporal/calls'
import { progressBar, type Stand } from './bar'
import { onStop } from './campaignList'
import { doneIn, printCampaign } from './campaignText'
import type { Places, SharedOptions } from './context'
import { unknownCampaign } from './unknownCampaign'
import { exitCodeOfCampaign } from './exitCodes'
import { printJson, tell } from './output'

/** A campaign lasts for minutes or hours: nobody reads faster. */
const LOOK_EVERY_MS = 1_000
/** Counting the pairs of a large campaign takes the database's time: at most a tenth of it goes there. */
const LEAVE_ALONE = 9

/** How following ended: the campaign is over or pauses; whoever followed went away; no worker has begun it. */
type Followed = { report: CampaignReport; how: 'ended' | 'stopped' | 'no-worker' }

interface FollowOptions extends CampaignReportOptions {
  language: Language
  /** Ends following, not the campaign. */
  signal: AbortSignal
  /** Whether a worker has touched its workflow: asked once, where nothing has happened for 10 s. */
  hasBegun: () => Promise<boolean>
}

/** Follows a campaign until it is over, or pauses; a bar on standard error, on a terminal only. */
async function followCampaign(pool: Pool, id: number, options: FollowOptions): Promise<Followed> {
  const bar = progressBar('{bar} {percentage}%  {done}  {rate}  {left}')
  const { signal } = options
  const began = performance.now()
  let begun = false
  let told = ''
  try {
    for (;;) {
      const asked = performance.now()
      const report = await campaignReport(pool, id, options)
      if (!report) throw unknownCampaign(id)
      bar.show(standOf(report, options.language))
      if (report.status !== 'running' && report.status !== 'pausing' && report.status !== 'undoing')
        return { report, how: 'ended' }
      if (signal.aborted) return { report, how: 'stopped' }
      begun ||= report.outcomes.pending < report.pairs
      if (!begun && performance.now() - began >= NO_WORKER_AFTER_MS) {
        begun = await options.hasBegun()
        if (!begun) return { report, how: 'no-worker' }
      }
      const news = heldUpBy(report, options.language).join('\n')
      if (news !== '' && news !== told) bar.aside(() => tell(news))
      told = news
      const took = performance.now() - asked
      await sleep(Math.max(LOOK_EVERY_MS, took * LEAVE_ALONE), undefined, { signal }).catch(() => {})
    }
  } finally {
    bar.end()
  }
}

function standOf(report: CampaignReport, language: Language): Stand {
  const { pairs, pairsPerSecond, secondsLeft } = report
  const done = doneIn(report)
  const time = secondsLeft === null ? null : durationIn(secondsLeft, language)
  const rate = pairsPerSecond === null ? null : decimalIn(pairsPerSecond, language)
  const beside = {
    done: say(CAMPAIGN_LINES.done, language, { done, pairs }),
    rate: rate === null ? '' : say(CAMPAIGN_LINES.rateBeside, language, { rate }),
    left: time === null ? '' : say(CAMPAIGN_LINES.left, language, { time }),
  }
  return { done, of: pairs, beside }
}

/** A campaign that is followed, and the workflow that is at it. */
export interface FollowedCampaign {
  pool: Pool
  places: Places
  client: Client
  campaign: number
  workflowId: string
}

/** Follows a campaign until it is over, or pauses, or Ctrl-C; shows how it stands then, and sets the exit code. */
export async function followToItsEnd(
  { pool, places, client, campaign, workflowId }: FollowedCampaign,
  options: SharedOptions,
): Promise<void> {
  const stopped = new AbortController()
  const forget = onStop(() => stopped.abort())
  try {
    const { report, how } = await followCampaign(pool, campaign, {
      language: options.lang,
      urlOf: places.urlOf,
      signal: stopped.signal,
      hasBegun: () => hasBegun(client, workflowId),
    })
    const said: Record<Followed['how'], string | null> = {
      ended: null,
      stopped: say(CAMPAIGN_OPERATIONS.notFollowed, options.lang, { campaign }),
      'no-worker': say(CAMPAIGN_OPERATIONS.noWorker, options.lang, { campaign }),
    }
    if (said[how] !== null) tell(said[how])
    showCampaign({ ...report, temporalUrl: report.temporalUrl ?? places.workflowUrl(workflowId, null) }, options)
    process.exitCode = exitCodeOfCampaign(report)
  } finally {
    forget()
  }
}

export function showCampaign(report: CampaignReport, { json, lang }: SharedOptions): void {
  if (json) printJson(report)
  else printCampaign(report, lang)
}
