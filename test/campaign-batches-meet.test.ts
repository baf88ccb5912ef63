import type { PoolClient } from 'pg'
import { mergeBatch } from '../src/campaigns/batch'
import { planBatch } from '../src/campaigns/plan'
import { settle, steer, takeUpCampaign } from '../src/campaigns/steer'
import { connect, createPool } from '../src/database/pool'
import { inMergeTransaction } from '../src/database/transaction'
import { mergeInTransaction } from '../src/steps/group'
import { newCampaign, putPatrons, refuseLoans, reportsOf, standOf, type Listed } from './support/campaigns'
import { freshDatabase, type TestDatabase } from './support/database'
import { untilAwaited } from './support/desk'

let database: TestDatabase
let pool: ReturnType<typeof createPool>
let last = 0

beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool(database.url, { max: 20, pipeline: true })
})
afterAll(async () => {
  await pool?.end()
  await database?.drop()
})

async function pairs(count: number): Promise<Listed[]> {
  const ids = Array.from({ length: 2 * count }, () => ++last)
  await putPatrons(database.pool, ids)
  return Array.from({ length: count }, (_, n) => ({ keep: ids[2 * n]!, remove: ids[2 * n + 1]! }))
}

async function plan(campaign: number, known: number[] = []): Promise<number | null> {
  return (await planBatch(pool, campaign, { make: true, known })).batch
}

/** The next batch, of which there must be one. */
async function planned(campaign: number, known: number[] = []): Promise<number> {
  const batch = await plan(campaign, known)
  if (batch === null) throw new Error('nothing was planned')
  return batch
}

const outcomesOf = async (campaign: number) => (await reportsOf(database.pool, campaign)).map(({ outcome }) => outcome)

async function talliedOf(campaign: number): Promise<unknown> {
  const { rows } = await pool.query(
    'select sum(ended)::int as ended, sum(bad)::int as bad from campaign_tally where campaign = $1',
    [campaign],
  )
  return rows[0]
}

/** One line of the feed for each of these pairs. */
async function toldOf(list: readonly Listed[]): Promise<number[]> {
  const { rows } = await pool.query<{ n: number }>(
    `select (select count(*)::int from change where kept = k and removed = r) as n from unnest($1::bigint[], $2::bigint[]) with ordinality x (k, r, o) order by o`,
    [list.map(({ keep }) => keep), list.map(({ remove }) => remove)],
  )
  return rows.map(({ n }) => n)
}

/** Merges the first pair of a batch in a transaction that somebody else ends: a group under way. */
async function underWay(campaign: number, batch: number, work: (client: PoolClient) => Promise<void>): Promise<void> {
  const { rows } = await pool.query<{ merge: number }>(
    'select merge from campaign_pair where campaign = $1 and batch = $2 order by n limit 1',
    [campaign, batch],
  )
  await inMergeTransaction(
    pool,
    async (client) => {
      await client.query('select from campaign_batch where id = $1 for share', [batch])
      const { merged } = await mergeInTransaction(
        client,
        rows.map(({ merge }) => merge),
      )
      expect(merged).toHaveLength(1)
      await work(client)
    },
    { limited: false },
  )
}

test('a batch of which the plan’s answer was lost with its worker is planned anew: no pair is lost', async () => {
  const list = await pairs(3)
  const campaign = await newCampaign(database.pool, list)
  const lost = await planned(campaign)
  const next = await planned(campaign)
  expect(next).not.toBe(lost)
  await mergeBatch(pool, next)
  expect(await plan(campaign)).toBeNull()
  await settle(pool, campaign, 'running')
  expect(await outcomesOf(campaign)).toEqual(['running', 'running', 'running'])
  expect(await standOf(pool, campaign)).toMatchObject({ status: 'completed' })
})

test('a batch that is in hand is left alone by the next plan', async () => {
  const list = await pairs(2)
  const campaign = await newCampaign(database.pool, list)
  const batch = await planned(campaign)
  expect(await plan(campaign, [batch])).toBeNull()
  await mergeBatch(pool, batch)
  expect(await outcomesOf(campaign)).toEqual(['running', 'running'])
})

test('a campaign is not completed while a batch is at work, or behind one that has just ended', async () => {
  const [one, other] = (await pairs(2)) as [Listed, Listed]
  const list = [one, { keep: other.keep, remove: one.keep }]
  const campaign = await newCampaign(database.pool, list)
  const batch = await planned(campaign)
  // that is what it has seen when the batch ends
  const seen = await planBatch(pool, campaign, { make: true, known: [batch] })
  expect(seen).toMatchObject({ batch: null, waits: false })
  await settle(pool, campaign, 'running')
  expect((await standOf(pool, campaign)).status).toBe('running')
  await mergeBatch(pool, batch)
  await settle(pool, campaign, 'running')
  expect((await standOf(pool, campaign)).status).toBe('running')
  await mergeBatch(pool, await planned(campaign))
  expect(await plan(campaign)).toBeNull()
  await settle(pool, campaign, 'running')
  expect(await standOf(pool, campaign)).toMatchObject({ status: 'completed', outcomes: { running: 2, pending: 0 } })
})

test('two activities of one batch at once: every pair once, every outcome counted once', async () => {
  const good = await pairs(60)
  const bad = await pairs(3)
  await refuseLoans(
    database.superUrl,
    bad.map(({ remove }) => remove),
  )
  const unknown = good.map(({ keep }, n) => ({ keep: 900_000 + n, remove: 900_001 + n + keep }))
  const list = [...good.slice(0, 30), ...bad, ...unknown, ...good.slice(30)]
  const campaign = await newCampaign(database.pool, list)
  const batch = await planned(campaign)
  const done = await Promise.all([mergeBatch(pool, batch), mergeBatch(pool, batch), mergeBatch(pool, batch)])
  expect(done.reduce((sum, { merged }) => sum + merged, 0)).toBe(60)
  // what one put back that another had in its hands
  for (let more = await plan(campaign); more !== null; more = await plan(campaign)) await mergeBatch(pool, more)
  const { outcomes } = await standOf(pool, campaign)
  expect(outcomes).toMatchObject({ running: 60, refused: 60, 'set-aside': 3, pending: 0 })
  expect(await talliedOf(campaign)).toEqual({ ended: list.length, bad: 3 })
  expect(await toldOf(list)).toEqual(list.map((pair) => (good.includes(pair) ? 1 : 0)))
  await refuseLoans(database.superUrl, [])
})

test('a workflow that takes the campaign up waits for the group under way: its pairs are not left between two batches', async () => {
  const list = await pairs(2)
  const campaign = await newCampaign(database.pool, list)
  const batch = await planned(campaign)
  let takenUp: Promise<unknown> | undefined
  await underWay(campaign, batch, async (client) => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    takenUp = takeUpCampaign(pool, campaign, { workflowId: 'w', firstRunId: 'r' }, 10)
    await untilAwaited(database.pool, rows[0]!.pid)
  })
  expect(await takenUp).toEqual({ untried: [batch] })
  await steer(pool, campaign, { name: 'cancel' }, { by: 'mia', reason: null, asked: null })
  const { rows } = await pool.query('select n, state, batch from campaign_pair where campaign = $1 order by n', [
    campaign,
  ])
  // the portal's part of the first is done with its batch
  expect(rows).toEqual([
    { n: 1, state: 'batched', batch },
    { n: 2, state: 'ready', batch: null },
  ])
  expect(await outcomesOf(campaign)).toEqual(['running', 'not-run'])
})

test('an activity of a batch that is being ended begins no group more', async () => {
  const list = await pairs(20)
  const campaign = await newCampaign(database.pool, list)
  const batch = await planned(campaign)
  const ends = await connect(database.url)
  try {
    const { rows } = await ends.query<{ pid: number }>('select pg_backend_pid() as pid')
    await ends.query('begin')
    await ends.query('update campaign_batch set ended_at = clock_timestamp() where id = $1', [batch])
    const late = mergeBatch(pool, batch)
    await untilAwaited(database.pool, rows[0]!.pid)
    await ends.query('commit')
    expect(await late).toEqual({ pairs: 20, merged: 0 })
  } finally {
    await ends.end()
  }
  expect(await outcomesOf(campaign)).toEqual(list.map(() => 'pending'))
  await mergeBatch(pool, await planned(campaign))
  expect(await outcomesOf(campaign)).toEqual(list.map(() => 'running'))
})
