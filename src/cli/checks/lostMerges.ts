import type { Client } from '@temporalio/client'
import type { Client as DatabaseClient } from 'pg'
import { run, statement } from '../../database/statement'
import { wrong, type Check } from './check'
import { checkLost } from './lost'

/** More than this are asked for in another run. */
const MOST_ASKED = 1_000

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

/** Finds merges that nobody goes on with. */
export function checkMerges(database: DatabaseClient, client: Client): Promise<Check[]> {
  return checkLost<UnfinishedMerge>(client, {
    check: 'merges',
    words: 'merges under way',
    ask: (ids) => run(database, unfinished, [ids, MOST_ASKED]),
    told,
  })
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
