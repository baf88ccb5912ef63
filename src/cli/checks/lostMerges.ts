import type { Client } from '@temporalio/client'
import type { Client as DatabaseClient } from 'pg'
import { sqlState } from '../../database/failures'
import { run, statement } from '../../database/statement'
import { hasWorkflow } from '../../temporal/operate'
import { saidBy, well, wrong, type Check } from './check'

/** More than this are asked for in another run: one question each, and doctor shall take seconds. */
const MOST_ASKED = 1_000
const ASKED_AT_ONCE = 10
const ALL_ASKED_WITHIN_MS = 15_000

interface UnfinishedMerge {
  id: number
  kept: number
  removed: number
  status: 'open' | 'retired' | 'undoing' | 'undone'
  workflowId: string | null
  firstRunId: string | null
}

// a merge without a workflow that waits for the portal belongs to the sweeper of campaigns
const unfinished = statement<UnfinishedMerge>(
  'doctor.unfinishedMerges',
  `select m.id, m.kept, m.removed, m.status, w.id as "workflowId", w.run as "firstRunId"
   from merge m cross join lateral (
     select m.workflow_id, m.first_run_id where m.status in ('open', 'retired')
     union all select u.workflow_id, u.first_run_id from undo u where u.merge = m.id and m.status in ('undoing', 'undone')) w (id, run)
   where (m.status in ('open', 'undoing') or (m.portal in ('pending', 'waiting') and w.id is not null))
     and ($1::bigint[] is null or m.id = any($1))
   order by m.id limit $2`,
)

/** Finds merges that nobody goes on with: a workflow that was terminated, or that Temporal no longer knows. */
export async function checkMerges(database: DatabaseClient, client: Client): Promise<Check[]> {
  try {
    const asked = await run(database, unfinished, [null, MOST_ASKED])
    const suspects = await client.withDeadline(Date.now() + ALL_ASKED_WITHIN_MS, () => withoutWorkflow(client, asked))
    // what ended between the two questions is not lost
    const ids = suspects.map(({ id }) => id)
    const lost = ids.length === 0 ? [] : await run(database, unfinished, [ids, MOST_ASKED])
    if (lost.length > 0) return lost.map(told)
    return [
      well('merges', asked.length === 0 ? 'None is under way.' : `${asked.length} under way, each with its workflow.`),
    ]
  } catch (error) {
    // told by the checks of migrations and rights already
    if (['42P01', '42501'].includes(sqlState(error) ?? '')) return []
    return [wrong('merges', `Not all merges under way could be looked at (${saidBy(error)}).`, 'Run doctor again.')]
  }
}

async function withoutWorkflow(client: Client, merges: readonly UnfinishedMerge[]): Promise<UnfinishedMerge[]> {
  const lost: UnfinishedMerge[] = []
  const left = merges.values()
  const one = async () => {
    for (const merge of left) if (!(await hasWorkflow(client, merge))) lost.push(merge)
  }
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, one))
  return lost
}

const STANDS: Record<UnfinishedMerge['status'], string> = {
  open: 'before the record was retired',
  retired: 'before the portal was told',
  undoing: 'before its undo was done',
  undone: 'before the portal was told of its undo',
}

function told({ id, kept, removed, status }: UnfinishedMerge): Check {
  const where = STANDS[status]
  return wrong(
    'merges',
    `Merge ${id} (${removed} into ${kept}) stands still ${where}: its workflow is gone.`,
    `ontdubbel merge resume ${id}`,
  )
}
