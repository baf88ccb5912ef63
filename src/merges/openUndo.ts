import type { Pool } from 'pg'
import { run, runOne, statement, type Queryable } from '../database/statement'
import { inPlainTransaction } from '../database/transaction'
import type { Refusal } from '../domain/codes'
import { refusalsOfUndo } from '../steps/undo'
import { recordCommand } from './commands'
import { found, nothing, refused, refusedReason, type Opened } from './openSingle'
import { parseUndo } from './parseRequest'
import { mergeById, portalHasEnded, type MergeRow, type WorkflowIds } from './store'

const lock = statement(`undo.lockMerge`, `select id from merge where id = $1 for update`)
const begin = statement(
  'undo.begin',
  `with m as (update merge set status = 'undoing', attention = null where id = $1 returning id, old.attention as attention)
   insert into undo (merge, workflow_id, first_run_id, attention_was) select id, $2, $3, attention from m`,
)
const takeUp = statement('undo.takeUp', `update undo set workflow_id = $2, first_run_id = $3 where merge = $1`)
const forget = statement(
  'undo.forget',
  `with u as (delete from undo where merge = $1 and done_at is null returning merge, attention_was)
   -- one that has no workflow of its own is the sweeper's
   update merge set status = 'retired', attention = u.attention_was,
     portal = case when workflow_id is null and portal = 'pending' then 'waiting' else portal end,
     portal_since = case when workflow_id is null and portal = 'pending' then coalesce(portal_since, clock_timestamp()) else portal_since end
   from u where id = u.merge and status = 'undoing' returning id`,
)

/**
 * Notes that a merge is to be undone, by a workflow, or refuses it, or finds that it is undone. Idempotent by the workflow's
 * ids. From here on the merge's own portal part stops by itself. Without `by` an undo that was begun is taken up again.
 */
export async function openUndo(pool: Pool, input: unknown, workflow: WorkflowIds): Promise<Opened> {
  const parsed = parseUndo(input)
  if ('refusal' in parsed) return nothing(parsed.refusal)
  const { merge, by, reason } = parsed.request
  const badReason = await refusedReason(pool, reason)
  if (badReason) return nothing(badReason)
  return inPlainTransaction(pool, async (client) => {
    await run(client, lock, [merge])
    const row = await mergeById(client, merge)
    if (!row || row.status === 'new') return nothing({ code: 'unknown-merge', details: { merge } })
    if (row.status === 'undoing' || row.status === 'undone') {
      const ours = row.undo_workflow_id === workflow.workflowId && row.undo_first_run_id === workflow.firstRunId
      const ended = row.status === 'undone' && portalHasEnded(row)
      if (ended || (by !== undefined && !ours)) return found(row, 'report')
      if (!ours) await run(client, takeUp, [merge, workflow.workflowId, workflow.firstRunId])
      return found(row, 'go-on')
    }
    const refusal = await whyNot(client, row)
    if (refusal) return refused(row, refusal)
    if (by === undefined) return refused(row, { code: 'bad-input', details: { where: 'by', expected: 'string' } })
    await run(client, begin, [merge, workflow.workflowId, workflow.firstRunId])
    await recordCommand(client, merge, 'undo', { by, reason: reason ?? null })
    return found(row, 'go-on')
  })
}

/** Why a merge cannot be undone; null where it can, or is. */
export async function whyNot(db: Queryable, row: MergeRow): Promise<Refusal | null> {
  if (['undoing', 'undone'].includes(row.status)) return null
  if (row.status !== 'retired') return { code: 'not-merged', details: { merge: row.id, status: row.shown } }
  return (await refusalsOfUndo(db, [row.id]))[0]?.refusal ?? null
}

/**
 * An undo whose database part is not done is given up: the merge stays as it is. True also where an attempt before did so: its
 * answer may be lost. False where it is done.
 */
export async function abandonUndo(db: Queryable, merge: number): Promise<boolean> {
  if (await runOne(db, forget, [merge])) return true
  return (await mergeById(db, merge))?.status === 'retired'
}
