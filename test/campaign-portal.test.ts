import { setTimeout as sleep } from 'node:timers/promises'
import { mergeBatch } from '../src/campaigns/batch'
import { planBatch } from '../src/campaigns/plan'
import { connect } from '../src/database/pool'
import { syncBatchPortal } from '../src/merges/batchPortal'
import { sweepPortal } from '../src/merges/sweepPortal'
import { createPortalClient, type PortalClient } from '../src/portal/client'
import { cancelCampaign } from '../src/workflows/messages'
import { newCampaign, putPatrons, reportsOf, standOf, startCampaign, type Listed } from './support/campaigns'
import { until } from './support/desk'
import { testStack, type TestStack } from './support/stack'

/** A portal that is slow is past this. */
const TIMEOUT_MS = 300
const DAYS_30_MS = 30 * 24 * 60 * 60 * 1000

let stack: TestStack
/** Waits for an answer no longer than it must. */
let client: PortalClient
let last = 0

beforeAll(async () => {
  stack = await testStack({ campaigns: true })
  client = createPortalClient({
    url: stack.portal.url,
    token: stack.portal.token,
    timeoutMs: TIMEOUT_MS,
    callsPerSecond: 1_000,
  })
}, 120_000)
afterAll(async () => {
  await client?.close()
  await stack?.stop()
})
afterEach(() => stack.portal.behave({ mode: 'ok' }))

const pool = () => stack.pool
const accountOf = ({ remove }: Listed) => `account-${remove}`

/** New pairs, the removed record of each with a link. */
async function pairs(count: number): Promise<Listed[]> {
  const ids = Array.from({ length: 2 * count }, () => ++last)
  await putPatrons(stack.database.pool, ids)
  const list = Array.from({ length: count }, (_, n) => ({ keep: ids[2 * n]!, remove: ids[2 * n + 1]! }))
  await stack.portal.put(
    list.map((pair) => ({ id: accountOf(pair), links: [{ library: 'ZOT', actorId: pair.remove }] })),
  )
  return list
}

/** A campaign whose database part is done; the portal has not been asked. */
async function mergedInDatabase(list: Listed[]): Promise<{ campaign: number; batch: number }> {
  const campaign = await newCampaign(stack.database.pool, list)
  const { batch } = await planBatch(pool(), campaign, { make: true, known: [] })
  if (batch === null) throw new Error('nothing was planned')
  await mergeBatch(pool(), batch)
  return { campaign, batch }
}

const outcomesOf = async (campaign: number) => (await reportsOf(pool(), campaign)).map(({ outcome }) => outcome)
const sweep = (portal = stack.portalClient, patienceMs = DAYS_30_MS) =>
  sweepPortal(pool(), portal, { patienceMs, attempt: 1 })

/** How many calls the portal gets meanwhile, whatever it answers. */
async function callsIn(work: () => Promise<unknown>): Promise<number> {
  const before = await count()
  await work()
  return (await count()) - before
}
async function count(): Promise<number> {
  const { answers } = await stack.portal.counters()
  return Object.values(answers)
    .flatMap((byHow) => Object.values(byHow))
    .reduce((a, b) => a + b, 0)
}

async function linksAre(list: Listed[], side: 'keep' | 'remove'): Promise<void> {
  const accounts = await stack.portal.dump()
  expect(list.map((pair) => accounts[accountOf(pair)])).toEqual(list.map((pair) => [`ZOT:${pair[side]}`]))
}

test.each([
  ['down', {}],
  ['busy', { retryAfterSeconds: 7 }],
  ['too-many', { retryAfterSeconds: 7 }],
  ['slow', { delayMs: TIMEOUT_MS + 700 }],
  ['cut', {}],
])(
  'a portal that is %s is asked once in a try, and not for each merge; all is done when it is back',
  async (mode, more) => {
    const list = await pairs(12)
    const { campaign, batch } = await mergedInDatabase(list)
    await stack.portal.behave({ mode, ...more })
    const busy = mode === 'busy' || mode === 'too-many'
    const calls = await callsIn(async () => {
      expect(await syncBatchPortal(pool(), client, batch, 1)).toMatchObject({ done: 0, waiting: 12, refused: 0 })
      if (mode === 'slow') await sleep(1_000)
    })
    if (mode !== 'cut') expect(calls).toBe(busy ? 1 : 3)
    expect(await outcomesOf(campaign)).toEqual(list.map(() => 'waiting-for-portal'))
    const swept = await callsIn(async () => {
      await expect(sweep(client)).rejects.toMatchObject({
        code: busy ? 'portal-busy' : 'portal-unreachable',
        ...(busy && { retryAfterMs: 7_000 }),
      })
      if (mode === 'slow') await sleep(1_000)
    })
    if (mode !== 'cut') expect(swept).toBe(1)
    await linksAre(list, 'remove')
    await stack.portal.behave({ mode: 'ok' })
    await sweep()
    expect(await outcomesOf(campaign)).toEqual(list.map(() => 'completed'))
    await linksAre(list, 'keep')
  },
)

test('answers that are lost: every link is changed, and counted, once', async () => {
  const list = await pairs(6)
  const { campaign, batch } = await mergedInDatabase(list)
  const before = (await stack.portal.counters()).done.changeLink ?? 0
  await stack.portal.behave({ mode: 'lose-answers', account: accountOf(list[1]!), times: 1 })
  await stack.portal.behave({ mode: 'lose-answers', account: accountOf(list[4]!) })
  expect(await syncBatchPortal(pool(), client, batch, 1)).toMatchObject({ done: 5, waiting: 1 })
  await stack.portal.behave({ mode: 'ok' })
  await sweep()
  const reports = await reportsOf(pool(), campaign)
  expect(reports.map(({ outcome, moved }) => [outcome, moved.portalLinks])).toEqual(list.map(() => ['completed', 1]))
  await linksAre(list, 'keep')
  expect(((await stack.portal.counters()).done.changeLink ?? 0) - before).toBe(6)
})

test('a call whose answer is lost before the kept record is merged on: the link goes to the last record, and all the way back', async () => {
  const [one] = (await pairs(1)) as [Listed]
  const [other] = (await pairs(1)) as [Listed]
  const first = await mergedInDatabase([one])
  await stack.portal.behave({ mode: 'lose-answers', account: accountOf(one) })
  expect(await syncBatchPortal(pool(), client, first.batch, 1)).toMatchObject({ waiting: 1 })
  const second = await mergedInDatabase([{ keep: other.keep, remove: one.keep }])
  await stack.portal.behave({ mode: 'ok', account: accountOf(one) })
  await sweep()
  expect(await syncBatchPortal(pool(), client, second.batch, 1)).toMatchObject({ done: 1 })
  await linksAre([{ ...one, keep: other.keep }], 'keep')
  for (const campaign of [second.campaign, first.campaign]) {
    const merge = (await reportsOf(pool(), campaign))[0]!.merge
    expect(await stack.undo({ merge, by: 'mia' })).toMatchObject({ status: 'undone' })
  }
  await linksAre([one], 'remove')
})

test('an account for which the portal always fails stops no other merge, neither in its batch nor in the sweep', async () => {
  const list = await pairs(30)
  const stubborn = [0, 13, 29]
  const { campaign, batch } = await mergedInDatabase(list)
  for (const n of stubborn) await stack.portal.behave({ mode: 'error', account: accountOf(list[n]!) })
  expect(await syncBatchPortal(pool(), client, batch, 1)).toMatchObject({ done: 27, waiting: 3, refused: 0 })
  const expected = list.map((_, n) => (stubborn.includes(n) ? 'waiting-for-portal' : 'completed'))
  expect(await outcomesOf(campaign)).toEqual(expected)

  const later = await pairs(3)
  const next = await mergedInDatabase(later)
  await pool().query(`update merge set portal = 'waiting', portal_since = clock_timestamp() where campaign = $1`, [
    next.campaign,
  ])
  await expect(sweep()).rejects.toMatchObject({ code: 'portal-unreachable' })
  expect(await outcomesOf(next.campaign)).toEqual(['completed', 'completed', 'completed'])
  expect(await outcomesOf(campaign)).toEqual(expected)
  await stack.portal.behave({ mode: 'ok' })
  await sweep()
  expect(await outcomesOf(campaign)).toEqual(list.map(() => 'completed'))
})

test('a portal that answers a search and fails for every account is not asked for each of them', async () => {
  const list = await pairs(60)
  const { batch } = await mergedInDatabase(list)
  await pool().query(`update merge m set portal = 'waiting', portal_since = clock_timestamp()
    from campaign_pair p where p.batch = ${batch} and m.id = p.merge`)
  for (const pair of list) await stack.portal.behave({ mode: 'error', account: accountOf(pair) })
  const calls = await callsIn(() => expect(sweep()).rejects.toMatchObject({ code: 'portal-unreachable' }))
  // those that were under way at the tenth failure
  expect(calls).toBeLessThan(25)
  await stack.portal.behave({ mode: 'ok' })
  await sweep()
  await linksAre(list, 'keep')
})

test('a dozen accounts in a row for which the portal always fails keep no sweep from the others', async () => {
  const list = await pairs(24)
  const { campaign, batch } = await mergedInDatabase(list)
  await stack.portal.behave({ mode: 'down' })
  expect(await syncBatchPortal(pool(), client, batch, 1)).toMatchObject({ waiting: 24 })
  await stack.portal.behave({ mode: 'ok' })
  for (const pair of list.slice(0, 12)) await stack.portal.behave({ mode: 'error', account: accountOf(pair) })
  await expect(sweep()).rejects.toMatchObject({ code: 'portal-unreachable' })
  expect(await outcomesOf(campaign)).toEqual(list.map(() => 'waiting-for-portal'))
  for (const attempt of [2, 3]) {
    const again = sweepPortal(pool(), stack.portalClient, { patienceMs: DAYS_30_MS, attempt })
    await expect(again).rejects.toMatchObject({ code: 'portal-unreachable' })
  }
  expect(await outcomesOf(campaign)).toEqual(list.map((_, n) => (n < 12 ? 'waiting-for-portal' : 'completed')))
  await stack.portal.behave({ mode: 'ok' })
  await sweep()
  await linksAre(list, 'keep')
})

test('refused for some accounts: those need a person, the others are done; so many of them pause the campaign', async () => {
  const list = await pairs(130)
  for (const pair of list.slice(0, 20)) await stack.portal.behave({ mode: 'refuse', account: accountOf(pair) })
  const campaign = await newCampaign(stack.database.pool, list)
  const handle = await startCampaign(stack, campaign)
  await until('it is paused', async () => (await standOf(pool(), campaign)).status === 'paused')
  expect(await standOf(pool(), campaign)).toMatchObject({
    paused: { code: 'too-many-bad', details: { bad: 20, of: 130 } },
    outcomes: { completed: 110, 'needs-attention': 20 },
  })
  const reports = await reportsOf(pool(), campaign)
  expect(reports.map(({ reason }) => reason)).toEqual(list.map((_, n) => (n < 20 ? 'portal-refused' : null)))
  await stack.portal.behave({ mode: 'ok' })
  await handle.executeUpdate('resume', { args: [{ by: 'mia' }] })
  expect((await handle.result()).status).toBe('completed')
  // what was refused is a person's: one of them has it tried again
  expect(await stack.merge({ merge: reports[0]!.merge })).toMatchObject({ status: 'completed' })
  expect((await standOf(pool(), campaign)).outcomes).toMatchObject({ completed: 111, 'needs-attention': 19 })
})

test('whoever meets a refusal, a batch or the sweeper, the brake counts it, and once; so it does who has waited too long', async () => {
  const list = await pairs(4)
  const { campaign, batch } = await mergedInDatabase(list)
  const bad = async () =>
    (
      await pool().query<{ bad: number }>(
        'select coalesce(sum(bad), 0)::int as bad from campaign_tally where campaign = $1 and ended = 0',
        [campaign],
      )
    ).rows[0]?.bad
  await stack.portal.behave({ mode: 'refuse', account: accountOf(list[0]!) })
  for (const pair of list.slice(1)) await stack.portal.behave({ mode: 'error', account: accountOf(pair) })
  // as an attempt does it whose worker dies with its result
  expect(await syncBatchPortal(pool(), client, batch, 1)).toMatchObject({ refused: 1, waiting: 3 })
  expect(await bad()).toBe(1)
  expect(await syncBatchPortal(pool(), client, batch, 2)).toMatchObject({ refused: 0 })
  expect(await bad()).toBe(1)
  await stack.portal.behave({ mode: 'refuse', account: accountOf(list[1]!) })
  await expect(sweep()).rejects.toMatchObject({ code: 'portal-unreachable' })
  expect(await bad()).toBe(2)
  await pool().query(
    `update merge set portal_since = portal_since - interval '31 days' where campaign = $1 and removed = $2`,
    [campaign, list[2]!.remove],
  )
  await expect(sweep()).rejects.toMatchObject({ code: 'portal-unreachable' })
  expect(await bad()).toBe(3)
  await stack.portal.behave({ mode: 'ok' })
  await sweep()
  expect(await bad()).toBe(3)
  expect(await outcomesOf(campaign)).toEqual(['needs-attention', 'needs-attention', 'needs-attention', 'completed'])
})

test('after 30 days they need attention, and are not asked for any more; a person may have them done all the same', async () => {
  const list = await pairs(3)
  const { campaign, batch } = await mergedInDatabase(list)
  await stack.portal.behave({ mode: 'down' })
  await syncBatchPortal(pool(), client, batch, 1)
  await pool().query(
    `update merge set portal_since = portal_since - interval '30 days 1 minute' where campaign = $1 and removed <> $2`,
    [campaign, list[2]!.remove],
  )
  await expect(sweep()).rejects.toMatchObject({ code: 'portal-unreachable' })
  const reports = await reportsOf(pool(), campaign)
  expect(reports.map(({ outcome, reason }) => [outcome, reason])).toEqual([
    ['needs-attention', 'portal-gave-up'],
    ['needs-attention', 'portal-gave-up'],
    ['waiting-for-portal', null],
  ])
  await stack.portal.behave({ mode: 'ok' })
  await sweep()
  expect(await outcomesOf(campaign)).toEqual(['needs-attention', 'needs-attention', 'completed'])
  expect(await stack.merge({ merge: reports[1]!.merge })).toMatchObject({ status: 'completed' })
  expect(await outcomesOf(campaign)).toEqual(['needs-attention', 'completed', 'completed'])
})

test('a fault at the portal that nobody foresaw pauses it; where it is cancelled then, its merges need a person, who has them done', async () => {
  const list = await pairs(2)
  const owner = await connect(stack.database.superUrl)
  try {
    await owner.query(`
      create function no_intents() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = '22012'; end $$;
      create trigger no_intents before insert on portal_intent for each row execute function no_intents()`)
    const campaign = await newCampaign(stack.database.pool, list)
    const handle = await startCampaign(stack, campaign)
    await until('it is paused', async () => (await standOf(pool(), campaign)).status === 'paused')
    expect(await standOf(pool(), campaign)).toMatchObject({
      paused: { code: 'unforeseen', details: { step: 'syncBatchPortal' } },
      outcomes: { running: 2 },
    })
    await handle.executeUpdate(cancelCampaign, { args: [{ by: 'mia' }] })
    expect(await handle.result()).toMatchObject({ status: 'cancelled', outcomes: { 'needs-attention': 2, running: 0 } })
    await owner.query('drop trigger no_intents on portal_intent')
    for (const { merge } of await reportsOf(pool(), campaign))
      expect(await stack.merge({ merge })).toMatchObject({ status: 'completed' })
    await linksAre(list, 'keep')
  } finally {
    await owner.query('drop trigger if exists no_intents on portal_intent')
    await owner.end()
  }
})

test('one that waits is undone, another is tried by an operator: the sweeper leaves both to them', async () => {
  const list = await pairs(3)
  const { campaign, batch } = await mergedInDatabase(list)
  await stack.portal.behave({ mode: 'down' })
  await syncBatchPortal(pool(), client, batch, 1)
  const [undone, taken] = (await reportsOf(pool(), campaign)).map(({ merge }) => merge)
  const undo = stack.undo({ merge: undone, by: 'mia' })
  const merge = stack.merge({ merge: taken })
  const workflows = async () =>
    (
      await pool().query<{ n: number }>(
        `select count(*)::int as n from merge m left join undo u on u.merge = m.id
         where m.campaign = $1 and (m.status = 'undone' or m.workflow_id is not null)`,
        [campaign],
      )
    ).rows[0]?.n
  await until('both have a workflow', async () => (await workflows()) === 2)
  expect((await outcomesOf(campaign))[0]).toBe('undone')
  await stack.portal.behave({ mode: 'ok' })
  await sweep()
  expect((await outcomesOf(campaign))[2]).toBe('completed')
  // whether by the first tries, or told to try now
  await hurry()
  expect(await undo).toMatchObject({ status: 'undone' })
  expect(await merge).toMatchObject({ status: 'completed' })
  await linksAre(list.slice(0, 1), 'remove')
  await linksAre(list.slice(1), 'keep')
  expect(await outcomesOf(campaign)).toEqual(['undone', 'completed', 'completed'])
})

/** Has what waits for the portal tried now, not in a minute. */
async function hurry(): Promise<void> {
  const waiting = async () =>
    (
      await pool().query<{ id: string }>(
        `select case when m.status = 'undone' then u.workflow_id else m.workflow_id end as id
         from merge m left join undo u on u.merge = m.id
         where m.portal in ('pending', 'waiting') and (m.status = 'undone' or m.workflow_id is not null)`,
      )
    ).rows
  await until('nothing waits', async () => {
    const left = await waiting()
    const ask = (id: string) =>
      stack.client.workflow.getHandle(id).executeUpdate('retryPortal', { args: [{ by: 'mia' }] })
    // it may have ended meanwhile
    await Promise.all(left.map(({ id }) => ask(id).catch(() => {})))
    return left.length === 0
  })
}
