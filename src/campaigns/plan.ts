import type { Pool, PoolClient } from 'pg'
import { run, runOne, statement } from '../database/statement'
import { inPlainTransaction } from '../database/transaction'
import type { CampaignStatus } from '../domain/campaign'
import { brakeIfBad } from './brake'

/** Pairs of a batch. */
const BATCH_SIZE = {
  /** Smaller batches lose time to Temporal (500: a fifth of the rate), larger ones gain nothing (design §4). */
  most: 5_000,
  /** The end of a list is dealt out in ever smaller batches, so that no lane ends long before the others; not below this. */
  fewest: 250,
}

/** What a campaign's workflow has to go by. */
export interface Planned {
  status: CampaignStatus
  lanes: number
  hours: string | null
  /** What the database has: whether it may begin anything at this hour. */
  withinHours: boolean
  /** A batch that was made now; null where no pair is ready, or the campaign does not run. */
  batch: number | null
  /** Pairs are left that this campaign has to do: those that wait for an unfinished merge, and what is behind them. */
  waits: boolean
  /** It was to pause after so many pairs, and there are more: the number. Null where it has nothing of the kind to do. */
  pauseAfter: number | null
}

const lock = statement<{
  status: CampaignStatus
  lanes: number
  hours: string | null
  first: number | null
  within_hours: boolean
}>('campaign.lock', `select status, lanes, hours, first, within_hours from campaign where id = $1 for no key update`)

/** A pair has ended: a condition on a row `p` of campaign_pair and its merge `m`. */
const ENDED = `(p.state = 'set-aside' or (p.state = 'batched' and m.status not in ('new', 'open')))`

const unblock = statement(
  'campaign.unblock',
  `with ended as materialized (
     select p.n from campaign_pair p left join merge m on m.id = p.merge
     where p.campaign = $1 and p.followed and p.state in ('batched', 'set-aside') and ${ENDED}),
   told as (
     update campaign_pair p set followed = false from ended e where p.campaign = $1 and p.n = e.n),
   next as (
     select s.n from ended e join campaign_pair s on s.campaign = $1 and s.before = e.n
     union select s.n from ended e join campaign_pair s on s.campaign = $1 and s.also_before = e.n)
   update campaign_pair s set state = 'ready' from next
   where s.campaign = $1 and s.n = next.n and s.state = 'blocked' and not exists (
     select from campaign_pair p left join merge m on m.id = p.merge
     where p.campaign = $1 and p.n in (s.before, s.also_before) and not ${ENDED})`,
)

const takeUpWaiting = statement(
  'campaign.takeUpWaiting',
  `update campaign_pair p set state = 'ready', why = null
   where p.campaign = $1 and p.state = 'waiting' and not exists (
     select from merge m where m.id = (p.why -> 'details' ->> 'merge')::bigint and m.status = 'open')`,
)

const makeBatch = statement<{ batch: number }>(
  'campaign.makeBatch',
  `with ready as materialized (
     select n, kept, removed, take, accept, override, merge from campaign_pair
     where campaign = $1 and state = 'ready' and ($2::int is null or n <= $2) order by n limit $3::int * $4::int),
   picked as materialized (
     select r.*, coalesce(r.merge, nextval('merge_id_seq')) as merge_id
     from (select * from ready order by n
       limit least($3::int, greatest($5::int, (select ceil(count(*) / $4::numeric)::int from ready)))) r),
   b as (insert into campaign_batch (campaign, pairs) select $1, count(*) from picked having count(*) > 0 returning id),
   made as (
     insert into merge (id, kept, removed, on_date, take, accept, override, by, reason, campaign)
     select p.merge_id, p.kept, p.removed, c.on_date, coalesce(p.take, '{}'), c.accept || coalesce(p.accept, '{}'),
       c.override || coalesce(p.override, '{}'), c.by, c.reason, c.id
     from picked p join campaign c on c.id = $1 where p.merge is null),
   taken as (
     update campaign_pair t set state = 'batched', batch = b.id, merge = p.merge_id, why = null
     from picked p, b where t.campaign = $1 and t.n = p.n)
   select id as batch from b`,
)

const unknownBatches = statement<{ id: number }>(
  'campaign.unknownBatches',
  `select id from campaign_batch where campaign = $1 and ended_at is null and tried_at is null and id <> all($2) order by id`,
)

const left = statement<{ waits: boolean; beyond: boolean }>(
  'campaign.left',
  `select exists (select from campaign_pair where campaign = $1 and state = 'waiting') as waits,
     exists (select from campaign_pair where campaign = $1 and state = 'ready' and $2::int is not null and n > $2) as beyond`,
)

export interface PlanOptions {
  /** Whether the next batch is asked for. */
  make: boolean
  /** The batches that are planned, or at work. Others that are open were made by an attempt whose answer was lost: they are ended. */
  known: readonly number[]
  size?: typeof BATCH_SIZE
}

/**
 * How a campaign stands, and, where it runs and one is asked for, its next batch: the next ready pairs in order, at most 5,000 and no more than a lane's share,
 * with their merges. A pair is ready when the last earlier pair of either patron has ended and it waits for no unfinished
 * merge. One transaction, one at a time for a campaign.
 */
export async function planBatch(pool: Pool, campaign: number, options: PlanOptions): Promise<Planned> {
  return inPlainTransaction(pool, (client) => planOnce(client, campaign, options))
}

async function planOnce(
  client: PoolClient,
  campaign: number,
  { make, known, size = BATCH_SIZE }: PlanOptions,
): Promise<Planned> {
  if (make) await brakeIfBad(client, campaign)
  const row = await runOne(client, lock, [campaign])
  if (!row) throw new Error(`there is no campaign ${campaign}`)
  const { status, lanes, hours, first, within_hours: withinHours } = row
  const planned: Planned = { status, lanes, hours, withinHours, batch: null, waits: false, pauseAfter: null }
  for (const { id } of await run(client, unknownBatches, [campaign, known])) await endBatch(client, id)
  if (status !== 'running' || !withinHours || !make) return planned
  await run(client, unblock, [campaign])
  await run(client, takeUpWaiting, [campaign])
  const values = [campaign, first, size.most, lanes, size.fewest]
  const batch = (await runOne(client, makeBatch, values))?.batch ?? null
  if (batch !== null) return { ...planned, batch }
  const { waits = false, beyond = false } = (await runOne(client, left, [campaign, first])) ?? {}
  return { ...planned, waits, pauseAfter: beyond ? first : null }
}

const endOf = statement(
  'campaign.endOf',
  `update campaign_batch set ended_at = coalesce(ended_at, clock_timestamp()) where id = $1`,
)
const putBack = statement(
  'campaign.putBack',
  `update campaign_pair p set state = 'ready', batch = null from merge m
   where p.batch = $1 and p.state = 'batched' and m.id = p.merge and m.status = 'new'`,
)

/**
 * Ends a batch: what it could not take, or was stopped before, goes back among the ready. Waits for a group of it under way;
 * none begins after. Done twice it changes once. `client` is in a transaction of the caller's.
 */
export async function endBatch(client: PoolClient, batch: number): Promise<void> {
  await run(client, endOf, [batch])
  // of a group that was under way it sees what became of it: another statement, another snapshot
  await run(client, putBack, [batch])
}
