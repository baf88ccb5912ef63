import { iso, run, runOne, statement, type Queryable } from '../database/statement'
import type { MergeStatus, Refusal, Told, Warning } from '../domain/codes'
import { OntdubbelError } from '../domain/errors'
import type { NewMerge } from '../domain/request'
import { ERRORS } from '../domain/sentences'

/** A row of `merge`, as the product reads it. `shown` is the status that people read. */
export interface MergeRow {
  id: number
  kept: number
  removed: number
  on_date: string
  take: string[]
  accept: string[]
  override: string[]
  status: 'new' | 'open' | 'retired' | 'refused' | 'abandoned' | 'undoing' | 'undone'
  shown: MergeStatus
  portal: 'pending' | 'waiting' | 'done' | 'skipped' | 'refused' | 'gave-up' | null
  attention: Told | null
  refusal: Refusal | null
  warnings: Warning[]
  by: string
  reason: string | null
  workflow_id: string | null
  first_run_id: string | null
  /** Of the workflow that undoes it; null where none does. */
  undo_workflow_id: string | null
  undo_first_run_id: string | null
  /** Since when the portal is waited for, ISO 8601; null where it never was. */
  portal_since: string | null
  asked_at: string
}

const ROWS = `select m.id, m.kept, m.removed, m.on_date, m.take, m.accept, m.override, m.status, m.portal, m.attention, m.refusal, m.warnings,
  m.by, m.reason, merge_status(m.status, m.attention, m.portal) as shown, m.workflow_id, m.first_run_id,
  u.workflow_id as undo_workflow_id, u.first_run_id as undo_first_run_id,
  ${iso('m.portal_since')} as portal_since, ${iso('m.asked_at')} as asked_at
  from merge m left join undo u on u.merge = m.id`

/** The portal's part of a merge, or of its undo, has not ended: a condition on a row of `merge`. */
export const PORTAL_NOT_ENDED = `portal in ('pending', 'waiting', 'refused', 'gave-up')`

/** The same of a row that was read. */
export function portalHasEnded({ portal }: Pick<MergeRow, 'portal'>): boolean {
  return portal === 'done' || portal === 'skipped'
}

const insert = statement<{ id: number }>(
  'merge.create',
  `insert into merge (kept, removed, on_date, take, accept, override, by, reason, workflow_id, first_run_id)
   values ($1, $2, coalesce($3::date, (now() at time zone 'Europe/Brussels')::date), $4, $5, $6, $7, $8, $9, $10)
   on conflict (workflow_id, first_run_id) do nothing returning id`,
)

/** Which workflow a merge belongs to: openMerge is idempotent by these two. */
export interface WorkflowIds {
  workflowId: string
  firstRunId: string
}

/** A merge's workflow, as the database has it; null where there never was one. */
export interface MergeWorkflow {
  workflowId: string | null
  firstRunId: string | null
  /** It undoes the merge. */
  undo: boolean
}

/** The workflow that is at a merge, or was last: where it is undone, that of the undo. */
export function workflowOf(merge: MergeRow): MergeWorkflow {
  if (merge.status === 'undoing' || merge.status === 'undone')
    return { workflowId: merge.undo_workflow_id, firstRunId: merge.undo_first_run_id, undo: true }
  return { workflowId: merge.workflow_id, firstRunId: merge.first_run_id, undo: false }
}

/** Makes the row of a new merge, status `new`. Null where this workflow has made one already. */
export async function createMerge(
  db: Queryable,
  asked: NewMerge,
  workflow: WorkflowIds | null,
): Promise<number | null> {
  const row = await runOne(db, insert, [
    asked.keep,
    asked.remove,
    asked.on ?? null,
    asked.take ?? [],
    asked.accept ?? [],
    asked.override ?? [],
    asked.by,
    asked.reason ?? null,
    workflow?.workflowId ?? null,
    workflow?.firstRunId ?? null,
  ])
  return row?.id ?? null
}

const byId = statement<MergeRow>('merge.byId', `${ROWS} where m.id = $1`)
export async function mergeById(db: Queryable, id: number): Promise<MergeRow | undefined> {
  return runOne(db, byId, [id])
}

/**
 * A merge that somebody named.
 * @throws OntdubbelError `unknown-merge` (exit code 2)
 */
export async function requireMerge(db: Queryable, id: number): Promise<MergeRow> {
  const row = await mergeById(db, id)
  if (!row) throw unknownMerge(id)
  return row
}

export function unknownMerge(id: number): OntdubbelError {
  return new OntdubbelError('unknown-merge', ERRORS.unknownMerge, 2, { merge: id })
}

const byWorkflow = statement<MergeRow>('merge.byWorkflow', `${ROWS} where m.workflow_id = $1 and m.first_run_id = $2`)
export async function mergeByWorkflow(db: Queryable, workflow: WorkflowIds): Promise<MergeRow | undefined> {
  return runOne(db, byWorkflow, [workflow.workflowId, workflow.firstRunId])
}

const ofPair = statement<MergeRow>(
  'merge.ofPair',
  `${ROWS}
   where m.kept = $1 and m.removed = $2 and m.status in ('open', 'retired', 'undoing') order by m.id desc limit 1`,
)
/** The merge of this pair, in this direction, that is under way or done and not undone: the same merge, asked for again. */
export async function mergeOfPair(db: Queryable, keep: number, remove: number): Promise<MergeRow | undefined> {
  return runOne(db, ofPair, [keep, remove])
}

const takenUp = statement(
  'merge.takenUp',
  `update merge set workflow_id = $2, first_run_id = $3, attention = null where id = $1`,
)
/** An existing merge is taken up by another workflow: handles come from here, and what failed is tried again. */
export async function takeUp(db: Queryable, merge: number, workflow: WorkflowIds): Promise<void> {
  await run(db, takenUp, [merge, workflow.workflowId, workflow.firstRunId])
}

const attention = statement(
  'merge.attention',
  `update merge set attention = $2 where id = $1 and status in ('open', 'retired', 'undoing', 'undone')`,
)
/** A person has to look (null: no longer). */
export async function setAttention(db: Queryable, merge: number, told: Told | null): Promise<void> {
  await run(db, attention, [merge, told === null ? null : JSON.stringify(told)])
}

const portalState = statement(
  'merge.portal',
  // while it is about to be undone attention is the undo's
  `update merge set portal = $2, attention = case when status = 'undoing' then attention end,
     portal_since = case when $2 = 'waiting' then coalesce(portal_since, clock_timestamp()) else portal_since end
   where id = $1 and (status = $3 or (status = 'undoing' and $3 = 'retired' and $2 = 'waiting')) and ${PORTAL_NOT_ENDED}`,
)
/**
 * How far the portal is, for a merge (`retired`) or an undo (`undone`) whose portal part has not ended; since when it is
 * waited for, the first time. What comes late from the merge, when it is undone already, changes nothing.
 */
export async function setPortal(
  db: Queryable,
  merge: number,
  portal: 'pending' | 'waiting' | 'refused' | 'gave-up',
  of: 'retired' | 'undone',
): Promise<void> {
  await run(db, portalState, [merge, portal, of])
}

const startedBy = {
  merge: statement('merge.startedBy', `update merge set started_by = $2 where id = $1`),
  undo: statement('undo.startedBy', `update undo set started_by = $2 where merge = $1`),
}
/** The Temporal identity that started the workflow, beside what the caller says of themselves. */
export async function setStartedBy(
  db: Queryable,
  merge: number,
  identity: string,
  of: keyof typeof startedBy,
): Promise<void> {
  await run(db, startedBy[of], [merge, identity])
}
