import type { Client } from '@temporalio/client'
import type { Client as DatabaseClient } from 'pg'
import { sqlState } from '../../database/failures'
import { run, statement } from '../../database/statement'
import { backlogSize } from '../../merges/campaignPortal'
import { backlogRuns } from '../../temporal/campaigns'
import { hasWorkflow } from '../../temporal/operate'
import { CHECK_TIMEOUT_MS, saidBy, well, wrong, type Check } from './check'

/** More campaigns at once nobody runs. */
const MOST_ASKED = 100

interface UnfinishedCampaign {
  id: number
  status: 'running' | 'pausing' | 'paused'
  workflowId: string | null
  firstRunId: string | null
}

// one that was stored this minute is just being started
const unfinished = statement<UnfinishedCampaign>(
  'doctor.unfinishedCampaigns',
  `select id, status, workflow_id as "workflowId", first_run_id as "firstRunId" from campaign
   where status in ('running', 'pausing', 'paused') and ($1::bigint[] is null or id = any($1))
     and (workflow_id is not null or created_at < clock_timestamp() - interval '1 minute')
   order by id limit ${MOST_ASKED}`,
)

/** Finds campaigns that nobody goes on with: their workflow was terminated, or Temporal no longer knows it. */
export async function checkCampaigns(database: DatabaseClient, client: Client): Promise<Check[]> {
  try {
    const asked = await run(database, unfinished, [null])
    const suspects = await client.withDeadline(Date.now() + CHECK_TIMEOUT_MS, () => withoutWorkflow(client, asked))
    // what ended between the two questions is not lost
    const lost = suspects.length === 0 ? [] : await run(database, unfinished, [suspects])
    const waiting = await backlogSize(database)
    const unswept =
      waiting > 0 && !(await client.withDeadline(Date.now() + CHECK_TIMEOUT_MS, () => backlogRuns(client)))
    if (lost.length > 0 || unswept) return [...lost.map(told), ...(unswept ? [nobodySweeps(waiting)] : [])]
    const said = asked.length === 0 ? 'None is under way.' : `${asked.length} under way, each with its workflow.`
    return [well('campaigns', said)]
  } catch (error) {
    // told by the checks of migrations and rights already
    if (['42P01', '42501'].includes(sqlState(error) ?? '')) return []
    return [wrong('campaigns', `Not all campaigns could be looked at (${saidBy(error)}).`, 'Run doctor again.')]
  }
}

async function withoutWorkflow(client: Client, campaigns: readonly UnfinishedCampaign[]): Promise<number[]> {
  const alive = await Promise.all(campaigns.map((campaign) => hasWorkflow(client, campaign)))
  return campaigns.filter((_, n) => !alive[n]).map(({ id }) => id)
}

function told({ id, status }: UnfinishedCampaign): Check {
  return wrong('campaigns', `Campaign ${id} is ${status}, and its workflow is gone.`, `ontdubbel campaign resume ${id}`)
}

function nobodySweeps(waiting: number): Check {
  const said = `${waiting} merges of campaigns, or undone with many, wait for the portal, and the workflow that tries it for them is gone.`
  return wrong('campaigns', said, 'ontdubbel merge resume --orphaned')
}
