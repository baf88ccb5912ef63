import { iso, run, runOne, statement, type Queryable } from '../database/statement'
import type { Told } from '../domain/codes'
import { notUndoneSentence, type Language } from '../domain/sentences'
import {
  UNDO_MANY_OUTCOMES,
  type NotUndone,
  type UndoManyOutcome,
  type UndoManyReport,
  type UndoManyStatus,
} from '../domain/undoMany'

interface UndoManyRow {
  id: number
  status: UndoManyStatus
  campaign: number | null
  approved_by: string | null
  from_at: string | null
  to_at: string | null
  merges: number
  by: string
  reason: string | null
  workflow_id: string | null
  first_run_id: string | null
  created_at: string
  ended_at: string | null
  outcomes: Partial<Record<UndoManyOutcome, number>> | null
  not_undone_by: Record<string, number> | null
  waits: number
  attention: number
}

// one statement, so that status and counts are of one moment
const row = statement<UndoManyRow>(
  'undoManyReport.row',
  `select u.id, u.status, u.campaign, u.approved_by, ${iso('u.from_at')} as from_at, ${iso('u.to_at')} as to_at, u.merges, u.by,
     u.reason, u.workflow_id, u.first_run_id, ${iso('u.created_at')} as created_at, ${iso('u.ended_at')} as ended_at,
     (select jsonb_object_agg(state, n) from (
       select state, count(*) as n from undo_many_merge where undo = u.id group by state) o) as outcomes,
     (select jsonb_object_agg(code, n) from (
       select why ->> 'code' as code, count(*) as n from undo_many_merge
       where undo = u.id and state in ('refused', 'set-aside') group by 1) o) as not_undone_by,
     p.waits, p.attention
   from undo_many u cross join lateral (
     select count(*) filter (where m.portal in ('pending', 'waiting') and m.attention is null) as waits,
       count(*) filter (where m.portal in ('refused', 'gave-up') or m.attention is not null) as attention
     from undo_many_merge e join merge m on m.id = e.merge
     where e.undo = u.id and e.state = 'undone' and m.status = 'undone' and m.portal in ('pending', 'waiting', 'refused', 'gave-up')) p
   where u.id = $1`,
)

const notUndone = statement<{ merge: number; outcome: NotUndone['outcome']; why: Told }>(
  'undoManyReport.notUndone',
  `select merge, state as outcome, why from undo_many_merge
   where undo = $1 and state in ('refused', 'set-aside') order by n limit $2`,
)

export interface UndoManyReportOptions {
  language?: Language
  /** Of those that were not undone so many are told one by one; null: all. */
  told?: number | null
  /** Where to look at its workflow in the Temporal UI. */
  urlOf?: (workflow: { workflowId: string | null; firstRunId: string | null }) => string | null
}

/** The object of `undo --approved-by … --json`, or undefined where there is no undo of many of that id. */
export async function undoManyReport(
  db: Queryable,
  id: number,
  { language = 'en', told = null, urlOf = () => null }: UndoManyReportOptions = {},
): Promise<UndoManyReport | undefined> {
  const found = await runOne(db, row, [id])
  if (!found) return undefined
  const outcomes = Object.fromEntries(
    UNDO_MANY_OUTCOMES.map((outcome) => [outcome, found.outcomes?.[outcome] ?? 0]),
  ) as Record<UndoManyOutcome, number>
  const others = outcomes.refused + outcomes['set-aside'] > 0 && told !== 0 ? await run(db, notUndone, [id, told]) : []
  return {
    id: found.id,
    status: found.status,
    campaign: found.campaign,
    approvedBy: found.approved_by,
    from: found.from_at,
    to: found.to_at,
    merges: found.merges,
    outcomes,
    notUndoneBy: found.not_undone_by ?? {},
    notUndone: others.map(({ merge, outcome, why }) => ({
      merge,
      outcome,
      ...why,
      message: notUndoneSentence(why, language),
    })),
    waitsForPortal: found.waits,
    needsAttention: found.attention,
    by: found.by,
    reason: found.reason,
    startedAt: found.created_at,
    endedAt: found.ended_at,
    temporalUrl: urlOf({ workflowId: found.workflow_id, firstRunId: found.first_run_id }),
  }
}

const latest = statement<{ id: number }>(
  'undoManyReport.latest',
  `select id from undo_many where campaign = $1 order by id desc limit 1`,
)
/** The last undo of a campaign; undefined where there was none. */
export async function undoOfCampaign(db: Queryable, campaign: number): Promise<number | undefined> {
  return (await runOne(db, latest, [campaign]))?.id
}

/** An undo of many that has not ended, and the workflow that is at it, or was last. */
export interface UndoManyUnderWay {
  id: number
  campaign: number | null
  workflowId: string | null
  firstRunId: string | null
}

const underWay = statement<UndoManyUnderWay>(
  'undoManyReport.underWay',
  `select id, campaign, workflow_id as "workflowId", first_run_id as "firstRunId" from undo_many
   where status = 'undoing' and ($1::bigint is null or id = $1)
     and (not $2 or workflow_id is not null or created_at < clock_timestamp() - interval '1 minute') order by id`,
)
/** All that have not ended, or that one. `begun`: without those that are just being started. */
export async function undoManyUnderWay(
  db: Queryable,
  { id = null, begun = false }: { id?: number | null; begun?: boolean } = {},
): Promise<UndoManyUnderWay[]> {
  return run(db, underWay, [id, begun])
}
