import type { ClientBase, Pool, PoolClient } from 'pg'
import { run, runOne, statement, type Queryable } from '../database/statement'
import { inPlainTransaction } from '../database/transaction'
import type { CampaignSettings, CampaignStatus, PauseCode } from '../domain/campaign'
import type { Told } from '../domain/codes'
import { endBatch } from './plan'

/** What people ask of a campaign that was started. */
export type CampaignCommand =
  | { name: 'pause' | 'resume' | 'cancel' | 'retry' }
  | { name: 'set'; settings: CampaignSettings }

/** Who asks, why, and which asking it is (recorded once, however often it is tried). */
export interface Asker {
  by: string
  reason: string | null
  asked: string | null
}

/** What a campaign is after a command; `done` false where it makes no sense in that status, and nothing was changed. */
export interface Steered {
  done: boolean
  status: CampaignStatus
}

const lock = statement<{ status: CampaignStatus }>(
  'steer.lock',
  `select status from campaign where id = $1 for no key update`,
)
const record = statement(
  'steer.record',
  `insert into campaign_command (campaign, command, by, reason, asked) values ($1, $2, $3, $4, $5)
   on conflict (campaign, asked) do nothing`,
)
const pause = statement(
  'steer.pause',
  `update campaign set status = 'pausing', paused = $2 where id = $1 and status = 'running'`,
)
const resume = statement(
  'steer.resume',
  `update campaign c set status = 'running', paused = null, ended_at = null,
     first = case when c.paused ->> 'code' = 'first-pairs' then null else c.first end,
     looked_at = coalesce((select max(t.id) from campaign_tally t where t.campaign = c.id), 0)
   where c.id = $1`,
)
const cancel = statement(
  'steer.cancel',
  `update campaign set status = 'cancelled', paused = null, ended_at = clock_timestamp() where id = $1`,
)
const set = statement(
  'steer.set',
  `update campaign set lanes = coalesce($2, lanes), pace = coalesce($3, pace), hours = case when $4 then $5 else hours end
   where id = $1`,
)
const retry = statement(
  'steer.retry',
  `update campaign_pair set state = 'ready', why = null, unique_errors = 0 where campaign = $1 and state = 'set-aside'`,
)

/** In which statuses a command makes sense. To pause what pauses, and to go on with what goes on, is done already. */
const MAKES_SENSE: Record<CampaignCommand['name'], readonly CampaignStatus[]> = {
  pause: ['running', 'pausing', 'paused'],
  resume: ['running', 'pausing', 'paused'],
  cancel: ['running', 'pausing', 'paused', 'cancelled'],
  set: ['running', 'pausing', 'paused'],
  retry: ['running', 'pausing', 'paused', 'completed'],
}

/**
 * Does what somebody asks of a campaign, and records who asked, in one transaction. The groups under way finish; the
 * workflow goes by the new status. `retry` takes what was set aside up again, of a completed campaign too.
 */
export async function steer(pool: Pool, campaign: number, command: CampaignCommand, who: Asker): Promise<Steered> {
  return inPlainTransaction(pool, async (client) => {
    const row = await runOne(client, lock, [campaign])
    if (!row) throw new Error(`there is no campaign ${campaign}`)
    if (!MAKES_SENSE[command.name].includes(row.status)) return { done: false, status: row.status }
    await run(client, record, [campaign, command.name, who.by, who.reason, who.asked])
    await obey(client, campaign, command, row.status, who)
    return { done: true, status: (await runOne(client, lock, [campaign]))?.status ?? row.status }
  })
}

async function obey(
  client: ClientBase,
  campaign: number,
  command: CampaignCommand,
  status: CampaignStatus,
  { by }: Asker,
): Promise<void> {
  switch (command.name) {
    case 'pause':
      await pauseFor(client, campaign, { code: 'asked', details: { by } })
      break
    case 'resume':
      if (status !== 'running') await run(client, resume, [campaign])
      break
    case 'cancel':
      if (status !== 'cancelled') await run(client, cancel, [campaign])
      break
    case 'retry':
      await run(client, retry, [campaign])
      if (status === 'completed') await run(client, resume, [campaign])
      break
    case 'set': {
      const { lanes, pace, hours } = command.settings
      await run(client, set, [campaign, lanes ?? null, pace ?? null, hours !== undefined, hours ?? null])
    }
  }
}

/** Pauses a campaign that runs: its groups under way finish. */
export async function pauseFor(db: Queryable, campaign: number, why: Told<PauseCode>): Promise<void> {
  await run(db, pause, [campaign, JSON.stringify(why)])
}

const withinHours = statement('steer.withinHours', `update campaign set within_hours = $2 where id = $1`)

/** Its hours have begun, or have ended: then the groups under way finish and nothing is begun. */
export async function setWithinHours(db: Queryable, campaign: number, within: boolean): Promise<void> {
  await run(db, withinHours, [campaign, within])
}

const settled = statement(
  'steer.settled',
  `update campaign c set status = case status when 'pausing' then 'paused' else 'completed' end,
     ended_at = case when status = 'running' then clock_timestamp() end
   where id = $1 and status = $2 and (status = 'pausing' or not (
     exists (select from campaign_pair p where p.campaign = c.id and p.state in ('ready', 'waiting'))
     or exists (select from campaign_pair p where p.campaign = c.id and p.followed and p.state in ('batched', 'set-aside'))
     or exists (select from campaign_batch b where b.campaign = c.id and b.tried_at is null and b.ended_at is null)))`,
)

/**
 * Nothing is under way any more: a campaign that was pausing is paused, one that was running is completed. Pairs may have come
 * since it was looked at (set aside, and asked for again; behind a batch that has ended): then it goes on running.
 */
export async function settle(db: Queryable, campaign: number, was: 'pausing' | 'running'): Promise<void> {
  await run(db, settled, [campaign, was])
}

const takenUp = statement<{ status: CampaignStatus }>(
  'steer.takenUp',
  `update campaign set workflow_id = $2, first_run_id = $3 where id = $1 returning status`,
)
const leftOpen = statement<{ id: number }>(
  'steer.leftOpen',
  `select id from campaign_batch where campaign = $1 and ended_at is null order by id`,
)
const untried = statement<{ id: number }>(
  'steer.untried',
  `select id from campaign_batch where campaign = $1 and ended_at is not null and tried_at is null order by id limit $2`,
)

/**
 * A workflow begins, or goes on, with a campaign: handles come from here. Batches that an earlier one left open are ended:
 * what they did not do is ready again. Gives those of which the portal has not been tried, the first `most`.
 */
export async function takeUpCampaign(
  pool: Pool,
  campaign: number,
  workflow: { workflowId: string; firstRunId: string },
  most: number,
): Promise<{ untried: number[] } | null> {
  return inPlainTransaction(pool, async (client) => {
    if (!(await runOne(client, takenUp, [campaign, workflow.workflowId, workflow.firstRunId]))) return null
    await endOpenBatches(client, campaign)
    return { untried: (await run(client, untried, [campaign, most])).map(({ id }) => id) }
  })
}

/** Ends the batches of a campaign that nobody ended: of a group under way it waits for the end, and none begins after. */
export async function endOpenBatches(client: PoolClient, campaign: number): Promise<void> {
  for (const { id } of await run(client, leftOpen, [campaign])) await endBatch(client, id)
}

const startedBy = statement('steer.startedBy', `update campaign set started_by = $2 where id = $1`)

/** The Temporal identity that started the workflow, beside what the caller says of themselves. */
export async function setCampaignStartedBy(db: Queryable, campaign: number, identity: string): Promise<void> {
  await run(db, startedBy, [campaign, identity])
}
