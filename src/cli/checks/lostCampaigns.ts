import type { Client } from '@temporalio/client'
import type { Client as DatabaseClient } from 'pg'
import { run, statement } from '../../database/statement'
import { backlogSize } from '../../merges/sweepPortal'
import { backlogRuns } from '../../temporal/campaigns'
import { campaignWorkflowIdOf } from '../../workflows/names'
import { CHECK_TIMEOUT_MS, wrong, type Check } from './check'
import { checkLost } from './lost'

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

/** Finds campaigns that nobody goes on with, and a backlog that nobody sweeps. */
export function checkCampaigns(database: DatabaseClient, client: Client): Promise<Check[]> {
  return checkLost<UnfinishedCampaign>(client, {
    check: 'campaigns',
    words: 'campaigns',
    ask: async (ids) => (await run(database, unfinished, [ids])).map(underItsUsualId),
    told,
    also: async () => {
      const waiting = await backlogSize(database)
      if (waiting === 0) return []
      const runs = await client.withDeadline(Date.now() + CHECK_TIMEOUT_MS, () => backlogRuns(client))
      return runs ? [] : [nobodySweeps(waiting)]
    },
  })
}

/** One that no worker has begun has noted no workflow yet. */
function underItsUsualId(campaign: UnfinishedCampaign): UnfinishedCampaign {
  return { ...campaign, workflowId: campaign.workflowId ?? campaignWorkflowIdOf(campaign.id) }
}

function told({ id, status }: UnfinishedCampaign): Check {
  return wrong('campaigns', `Campaign ${id} is ${status}, and its workflow is gone.`, `ontdubbel campaign resume ${id}`)
}

function nobodySweeps(waiting: number): Check {
  const said = `${waiting} merges of campaigns, or undone with many, wait for the portal, and the workflow that tries it for them is gone.`
  return wrong('campaigns', said, 'ontdubbel merge resume --orphaned')
}
