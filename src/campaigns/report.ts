import { iso, run, runOne, statement, type Queryable } from '../database/statement'
import {
  OUTCOMES,
  PAUSE_CODES,
  type CampaignReport,
  type CampaignStatus,
  type Outcome,
  type Pace,
  type PauseCode,
} from '../domain/campaign'
import type { Told } from '../domain/codes'
import { pauseSentence, type Language } from '../domain/sentences'

/** The rate is that of this long before the last group that ended. */
const RATE_OVER_SECONDS = 60
/** Where no group has ended for so long, the rate tells nothing about when it will be over. */
const RATE_IS_OLD_AFTER_SECONDS = 60
/** So many unfinished merges are named. Of more waiting pairs than are looked through nobody reads a list. */
const WAITS_NAMED = 5
const WAITS_LOOKED_AT = 100

interface CampaignRow {
  id: number
  name: string | null
  on_date: string
  lanes: number
  pace: Pace
  hours: string | null
  first: number | null
  pairs: number
  status: CampaignStatus
  within_hours: boolean
  paused: Told | null
  by: string
  reason: string | null
  workflow_id: string | null
  first_run_id: string | null
  created_at: string
  ended_at: string | null
  outcomes: Partial<Record<Outcome, number>> | null
  waits_for: number[] | null
  tally: Tally
  undo: CampaignReport['undo']
}

/** The lines of the last minute up to the last one. */
interface Tally {
  lines: number
  /** Pairs that ended, without those of the first line: they ended before what `seconds` counts. */
  after_first: number
  /** From the first line to the last. */
  seconds: number
  ended: number
  /** From the campaign's start, a minute at most, to the last line. */
  since_start: number
  /** Since the last line. */
  ago: number
}

// one statement, so that status and outcomes are of one moment
const row = statement<CampaignRow>(
  'campaignReport.row',
  `select c.id, c.name, c.on_date, c.lanes, c.pace, c.hours, c.first, c.pairs, c.status, c.within_hours, c.paused, c.by,
     c.reason, c.workflow_id, c.first_run_id, ${iso('c.created_at')} as created_at, ${iso('c.ended_at')} as ended_at,
     (select jsonb_object_agg(outcome, n) from (
       select pair_outcome(c.status, p.state, m) as outcome, count(*) as n
       from campaign_pair p left join merge m on m.id = p.merge where p.campaign = c.id group by 1) o) as outcomes,
     (select jsonb_agg(merge order by merge) from (
       select distinct w.why #> '{details,merge}' as merge from (
         select why from campaign_pair p where p.campaign = c.id and p.state = 'waiting' order by n limit ${WAITS_LOOKED_AT}) w
       where w.why #> '{details,merge}' is not null order by 1 limit ${WAITS_NAMED}) w) as waits_for,
     (select jsonb_build_object('lines', count(*), 'ended', sum(l.ended),
         'after_first', sum(l.ended) - (array_agg(l.ended order by l.id))[1],
         'seconds', extract(epoch from max(l.at) - min(l.at)),
         'since_start', extract(epoch from max(l.at) - greatest(c.created_at, max(l.at) - interval '${RATE_OVER_SECONDS} s')),
         'ago', extract(epoch from clock_timestamp() - max(l.at)))
       from campaign_tally l where l.campaign = c.id and l.ended > 0 and l.at >= (
         select at from campaign_tally where campaign = c.id and ended > 0 order by id desc limit 1) - interval '${RATE_OVER_SECONDS} s') as tally,
     (select jsonb_build_object('id', u.id, 'status', u.status, 'merges', u.merges,
         'undone', count(*) filter (where e.state = 'undone'), 'notUndone', count(*) filter (where e.state in ('refused', 'set-aside')))
       from undo_many u join undo_many_merge e on e.undo = u.id
       where u.id = (select max(id) from undo_many where campaign = c.id) group by u.id) as undo
   from campaign c where c.id = $1`,
)

const exists = statement<{ id: number }>('campaignReport.exists', `select id from campaign where id = $1`)
/** Whether there is such a campaign, without counting its pairs. */
export async function campaignExists(db: Queryable, id: number): Promise<boolean> {
  return (await runOne(db, exists, [id])) !== undefined
}

export interface CampaignReportOptions {
  language?: Language
  /** Where to look at its workflow in the Temporal UI. */
  urlOf?: (workflow: { workflowId: string | null; firstRunId: string | null }) => string | null
}

/** The object of `campaign status --json`, or undefined where there is no such campaign. */
export async function campaignReport(
  db: Queryable,
  id: number,
  { language = 'en', urlOf = () => null }: CampaignReportOptions = {},
): Promise<CampaignReport | undefined> {
  const found = await runOne(db, row, [id])
  if (!found) return undefined
  const outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, found.outcomes?.[outcome] ?? 0])) as Record<
    Outcome,
    number
  >
  const rate = rateOf(found.tally)
  return {
    id: found.id,
    status: found.status,
    pairs: found.pairs,
    outcomes,
    pairsPerSecond: rate === null ? null : Math.round(rate * 10) / 10,
    temporalUrl: urlOf({ workflowId: found.workflow_id, firstRunId: found.first_run_id }),
    name: found.name,
    on: found.on_date,
    lanes: found.lanes,
    pace: found.pace,
    hours: found.hours,
    first: found.first,
    withinHours: found.within_hours,
    paused: pausedIn(found, language),
    waitsFor: MERGES_NO_MORE.includes(found.status) ? [] : (found.waits_for ?? []),
    secondsLeft: secondsLeft(found, outcomes, rate),
    by: found.by,
    reason: found.reason,
    startedAt: found.created_at,
    endedAt: found.ended_at,
    undo: found.undo,
  }
}

/** Nothing of what it has not done will be. */
const MERGES_NO_MORE: readonly CampaignStatus[] = ['cancelled', 'undoing', 'undone']

/** Pairs a second, or null where none has ended. Of one line alone, and of lines of one moment, since the campaign's start. */
function rateOf({ lines, after_first: afterFirst, seconds, ended, since_start: sinceStart }: Tally): number | null {
  if (lines === 0) return null
  if (seconds > 0) return afterFirst / seconds
  return sinceStart > 0 ? ended / sinceStart : null
}

function secondsLeft(
  { status, within_hours: withinHours, tally }: CampaignRow,
  { pending, waiting }: Record<Outcome, number>,
  rate: number | null,
): number | null {
  if (status !== 'running' || !withinHours || rate === null || rate === 0) return null
  // how long that takes is somebody else's
  if (pending === 0 && waiting > 0) return null
  return tally.ago > RATE_IS_OLD_AFTER_SECONDS ? null : Math.ceil((pending + waiting) / rate)
}

function pausedIn({ id, status, paused, first }: CampaignRow, language: Language): CampaignReport['paused'] {
  if (paused === null || (status !== 'pausing' && status !== 'paused')) return null
  const code: PauseCode = PAUSE_CODES.find((one) => one === paused.code) ?? 'unforeseen'
  return {
    code,
    details: paused.details,
    message: pauseSentence(code, { first, ...paused.details, campaign: id }, language),
  }
}

const ids = statement<{ id: number }>(
  'campaignReport.ids',
  `select id from campaign
   where ($1::bigint is null or id < $1) and (not $2 or status in ('running', 'pausing', 'paused', 'undoing'))
   order by id desc limit $3`,
)

const PAGE = 200

/** Campaigns, latest first; streamed in pages. `unfinished`: only those that run, pause, or are being undone. */
export async function* listCampaigns(
  db: Queryable,
  { unfinished = false }: { unfinished?: boolean } = {},
  options: CampaignReportOptions = {},
): AsyncGenerator<CampaignReport> {
  let before: number | null = null
  for (;;) {
    const page: { id: number }[] = await run(db, ids, [before, unfinished, PAGE])
    for (const { id } of page) {
      const report = await campaignReport(db, id, options)
      if (report) yield report
    }
    if (page.length < PAGE) return
    before = page[page.length - 1]?.id ?? null
  }
}

/** What was asked of a campaign after it was started. */
export interface RecordedCampaignCommand {
  command: 'pause' | 'resume' | 'cancel' | 'set' | 'retry' | 'undo'
  by: string
  reason: string | null
  /** ISO 8601. */
  at: string
}

const commands = statement<RecordedCampaignCommand>(
  'campaignReport.commands',
  `select command, by, reason, ${iso('at')} as at from campaign_command where campaign = $1 order by id`,
)
/** What was asked of a campaign since it began, in order. */
export async function campaignCommands(db: Queryable, campaign: number): Promise<RecordedCampaignCommand[]> {
  return run(db, commands, [campaign])
}

const workflow = statement<{ workflowId: string | null }>(
  'campaignReport.workflow',
  `select workflow_id as "workflowId" from campaign where id = $1`,
)
/** The id of the workflow that is at a campaign, or was last; null where none has begun it. */
export async function campaignWorkflow(db: Queryable, campaign: number): Promise<string | null> {
  return (await runOne(db, workflow, [campaign]))?.workflowId ?? null
}
