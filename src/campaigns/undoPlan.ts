import type { Pool, PoolClient } from 'pg'
import { run, runOne, statement, type Queryable } from '../database/statement'
import { inPlainTransaction } from '../database/transaction'

/**
 * Merges of a batch: enough that the trips to Temporal cost nothing beside it; few enough that those behind others of a chain,
 * and the portal's part, do not wait for long.
 */
const BATCH_SIZE = 2_000

const takenUp = statement<{ campaign: number | null }>(
  'undoMany.takenUp',
  `update undo_many set workflow_id = $2, first_run_id = $3 where id = $1 returning campaign`,
)
/** A workflow begins, or goes on with, an undo of many: handles come from here. Null where there is none of that id. */
export async function takeUpUndoMany(
  db: Queryable,
  undo: number,
  { workflowId, firstRunId }: { workflowId: string; firstRunId: string },
): Promise<{ campaign: number | null } | null> {
  return (await runOne(db, takenUp, [undo, workflowId, firstRunId])) ?? null
}

const lock = statement<{ status: string }>(
  'undoMany.lock',
  `select status from undo_many where id = $1 for no key update`,
)
const leftOpen = statement<{ id: number }>(
  'undoMany.leftOpen',
  `select id from undo_many_batch where undo = $1 and ended_at is null order by id limit 1`,
)
const makeBatch = statement<{ id: number }>(
  'undoMany.makeBatch',
  `with ready as materialized (
     select e.n from undo_many_merge e
     where e.undo = $1 and e.state = 'pending' and not exists (
       select from undo_many_merge l where l.undo = $1 and l.n = e.behind and l.state = 'pending')
     order by e.n limit $2),
   b as (insert into undo_many_batch (undo) select $1 where exists (select from ready) returning id),
   taken as (update undo_many_merge e set batch = b.id from ready r, b where e.undo = $1 and e.n = r.n)
   select id from b`,
)

/**
 * The next batch: the latest merges of which no later one has still to be undone first; null where none is left. One at a
 * time: a batch that nobody ended is gone on with.
 */
export async function planUndoBatch(pool: Pool, undo: number, size: number = BATCH_SIZE): Promise<number | null> {
  return inPlainTransaction(pool, async (client) => {
    if (!(await runOne(client, lock, [undo]))) throw new Error(`there is no undo of many ${undo}`)
    const open = (await runOne(client, leftOpen, [undo])) ?? (await runOne(client, makeBatch, [undo, size]))
    return open?.id ?? null
  })
}

const endOf = statement(
  'undoMany.endOf',
  `update undo_many_batch set ended_at = coalesce(ended_at, clock_timestamp()) where id = $1`,
)
const putBack = statement(
  'undoMany.putBack',
  `update undo_many_merge set batch = null where batch = $1 and state = 'pending'`,
)
/**
 * Ends a batch: what desks had each time is for a later one. Waits for a group of it under way; none begins after. Done twice
 * it changes once. `client` is in a transaction of the caller's.
 */
export async function endUndoBatch(client: PoolClient, batch: number): Promise<void> {
  await run(client, endOf, [batch])
  await run(client, putBack, [batch])
}

const untried = statement<{ id: number }>(
  'undoMany.untried',
  `select id from undo_many_batch where undo = $1 and ended_at is not null and tried_at is null order by id limit 1`,
)
/** The next batch whose portal part is to be done; null where there is none at the moment. */
export async function nextAtPortal(db: Queryable, undo: number): Promise<number | null> {
  return (await runOne(db, untried, [undo]))?.id ?? null
}

const settled = statement(
  'undoMany.settled',
  `with ended as (
     update undo_many u set status = 'undone', ended_at = clock_timestamp()
     where u.id = $1 and u.status = 'undoing'
       and not exists (select from undo_many_merge e where e.undo = u.id and e.state = 'pending')
       and not exists (select from undo_many_batch b where b.undo = u.id and b.tried_at is null)
     returning u.id, u.campaign, u.campaign_was)
   update campaign c
   set status = case when exists (select from undo_many_merge e where e.undo = ended.id and e.state = 'undone')
     then 'undone' else ended.campaign_was end
   from ended where c.id = ended.campaign and c.status = 'undoing'`,
)
/** All has been tried: a campaign is `undone`; one of which nothing could be undone is what it was. */
export async function settleUndoMany(db: Queryable, undo: number): Promise<void> {
  await run(db, settled, [undo])
}

const startedBy = statement('undoMany.startedBy', `update undo_many set started_by = $2 where id = $1`)
/** The Temporal identity that started the workflow, beside what the caller says of themselves. */
export async function setUndoManyStartedBy(db: Queryable, undo: number, identity: string): Promise<void> {
  await run(db, startedBy, [undo, identity])
}

const workflowOfCampaign = statement<{ workflowId: string | null }>(
  'undoMany.workflowOfCampaign',
  `select c.workflow_id as "workflowId" from undo_many u join campaign c on c.id = u.campaign where u.id = $1`,
)
/** The workflow of the campaign that is undone, which may still be at the portal; null where there is none. */
export async function workflowOfUndoneCampaign(db: Queryable, undo: number): Promise<string | null> {
  return (await runOne(db, workflowOfCampaign, [undo]))?.workflowId ?? null
}
