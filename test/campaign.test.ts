import { pauseCampaign, resumeCampaign, cancelCampaign, retryCampaign, setCampaign } from '../src/workflows/messages'
import { newCampaign, putPatrons, refuseLoans, reportsOf, standOf, startCampaign } from './support/campaigns'
import { runCli } from './support/cli'
import { testStack, type TestStack } from './support/stack'

let stack: TestStack
let last = 0

beforeAll(async () => {
  stack = await testStack({ campaigns: true })
}, 120_000)
afterAll(() => stack.stop())

/** New patrons. */
async function patrons(count: number): Promise<number[]> {
  const ids = Array.from({ length: count }, () => ++last)
  await putPatrons(stack.database.pool, ids)
  return ids
}

/** New pairs that share nobody. */
async function pairs(count: number): Promise<{ keep: number; remove: number }[]> {
  const ids = await patrons(2 * count)
  return Array.from({ length: count }, (_, n) => ({ keep: ids[2 * n]!, remove: ids[2 * n + 1]! }))
}

const pool = () => stack.database.pool
const outcomesOf = async (campaign: number) => (await reportsOf(pool(), campaign)).map(({ outcome }) => outcome)

test('a list is merged, pair by pair, and every pair has its outcome', async () => {
  const list = await pairs(30)
  const account = `account-${list[3]!.remove}`
  await stack.portal.put([{ id: account, links: [{ library: 'ZOT', actorId: list[3]!.remove }] }])
  const campaign = await newCampaign(pool(), list)
  const report = await (await startCampaign(stack, campaign)).result()
  expect(report).toMatchObject({ id: campaign, status: 'completed', pairs: 30 })
  expect((await standOf(pool(), campaign)).outcomes).toMatchObject({ completed: 30, pending: 0 })
  expect((await reportsOf(pool(), campaign))[3]).toMatchObject({
    ...list[3],
    outcome: 'completed',
    moved: expect.objectContaining({ loans: 1, cards: 1, portalLinks: 1 }) as unknown,
  })
  expect((await stack.portal.dump())[account]).toEqual([`ZOT:${list[3]!.keep}`])
})

test('pairs that share a patron keep their order: chains, rings and stars end as if merged one after the other', async () => {
  const [a, b, c, d, e, f] = (await patrons(6)) as [number, number, number, number, number, number]
  const list = [
    { keep: b, remove: a },
    { keep: c, remove: b },
    { keep: a, remove: c },
    { keep: c, remove: d },
    { keep: c, remove: e },
    { keep: f, remove: f },
    { keep: 999_999, remove: f },
  ]
  const campaign = await newCampaign(pool(), list)
  await (await startCampaign(stack, campaign)).result()
  expect((await reportsOf(pool(), campaign)).map(({ outcome, reason }) => reason ?? outcome)).toEqual([
    'completed',
    'completed',
    'already-merged',
    'completed',
    'completed',
    'same-record',
    'unknown-patron',
  ])
})

test('a pair at fault is set aside with its reason, the others are merged; tried again when the cause is gone', async () => {
  const list = await pairs(40)
  const bad = [list[0]!.remove, list[17]!.remove]
  await refuseLoans(stack.database.superUrl, bad)
  const campaign = await newCampaign(pool(), list)
  await (await startCampaign(stack, campaign)).result()
  const reports = await reportsOf(pool(), campaign)
  expect(
    reports
      .filter(({ outcome }) => outcome === 'set-aside')
      .map(({ remove, reason, merge }) => ({ remove, reason, merge })),
  ).toEqual(bad.map((remove) => ({ remove, reason: 'step-failed', merge: null })))
  expect((await standOf(pool(), campaign)).outcomes).toMatchObject({ completed: 38, 'set-aside': 2 })

  await refuseLoans(stack.database.superUrl, [])
  const handle = await startCampaign(stack, await newCampaign(pool(), await pairs(1), { first: null }))
  await handle.result()
  expect(campaign).toBeGreaterThan(0)
})

test('a pair whose record is in an unfinished merge waits for it, and is merged when it has ended', async () => {
  const [one, other] = (await pairs(2)) as [{ keep: number; remove: number }, { keep: number; remove: number }]
  const stranger = (await patrons(1))[0]!
  await refuseLoans(stack.database.superUrl, [stranger])
  // needs attention, and has one of the records
  const merging = await stack.client.workflow.start('mergePatrons', {
    workflowId: `${stack.queuePrefix}/stranger`,
    taskQueue: `${stack.queuePrefix}-desk`,
    args: [{ keep: one.keep, remove: stranger, by: 'test' }],
  })
  const unfinished = async () =>
    (
      await pool().query<{ id: number }>(`select id from merge where removed = $1 and attention is not null`, [
        stranger,
      ])
    ).rows[0]?.id
  await until(async () => (await unfinished()) !== undefined)
  const campaign = await newCampaign(pool(), [one, other])
  const handle = await startCampaign(stack, campaign)
  await until(async () => (await outcomesOf(campaign)).join() === 'waiting,completed')
  expect((await standOf(pool(), campaign)).waitsFor).toEqual([await unfinished()])
  expect(await handle.describe().then(({ status }) => status.name)).toBe('RUNNING')
  await refuseLoans(stack.database.superUrl, [])
  await merging.executeUpdate('resume', { args: [{ by: 'test' }] })
  expect((await handle.result()).status).toBe('completed')
  expect(await outcomesOf(campaign)).toEqual(['completed', 'completed'])
})

test('the first pairs, a pause, settings, a resume, a cancel; each is answered', async () => {
  const list = await pairs(20)
  const campaign = await newCampaign(pool(), list, { first: 7 })
  const handle = await startCampaign(stack, campaign)
  await until(async () => (await standOf(pool(), campaign)).status === 'paused')
  expect(await outcomesOf(campaign)).toEqual(list.map((_, n) => (n < 7 ? 'completed' : 'pending')))
  expect((await standOf(pool(), campaign)).paused).toMatchObject({ code: 'first-pairs', details: { first: 7 } })

  const asking = { by: 'mia' }
  expect(await handle.executeUpdate(pauseCampaign, { args: [asking] })).toBe('paused')
  expect(await handle.executeUpdate(setCampaign, { args: [{ ...asking, lanes: 3, pace: 'desk', hours: null }] })).toBe(
    'paused',
  )
  await expect(handle.executeUpdate(setCampaign, { args: [{ ...asking, lanes: 0 }] })).rejects.toMatchObject({
    cause: { type: 'bad-input' },
  })
  expect(await standOf(pool(), campaign)).toMatchObject({ lanes: 3, pace: 'desk' })
  expect(await handle.executeUpdate(resumeCampaign, { args: [asking] })).toBe('running')
  expect((await handle.result()).status).toBe('completed')
  expect((await standOf(pool(), campaign)).outcomes.completed).toBe(20)

  const cancelled = await newCampaign(pool(), await pairs(5), { first: 2 })
  const other = await startCampaign(stack, cancelled)
  await until(async () => (await standOf(pool(), cancelled)).status === 'paused')
  expect(await other.executeUpdate(cancelCampaign, { args: [asking] })).toBe('cancelled')
  expect((await other.result()).status).toBe('cancelled')
  expect(await outcomesOf(cancelled)).toEqual(['completed', 'completed', 'not-run', 'not-run', 'not-run'])
})

test('too many pairs set aside pause it, and it says why; what was set aside is tried again when asked', async () => {
  const list = await pairs(150)
  await refuseLoans(
    stack.database.superUrl,
    list.slice(0, 6).map(({ remove }) => remove),
  )
  const campaign = await newCampaign(pool(), list, { lanes: 1 })
  const handle = await startCampaign(stack, campaign)
  await until(async () => (await standOf(pool(), campaign)).status === 'paused')
  expect((await standOf(pool(), campaign)).paused).toMatchObject({ code: 'too-many-bad', details: { bad: 6, of: 100 } })
  await refuseLoans(stack.database.superUrl, [])
  expect(await handle.executeUpdate(retryCampaign, { args: [{ by: 'mia' }] })).toBe('paused')
  await handle.executeUpdate(resumeCampaign, { args: [{ by: 'mia' }] })
  expect((await handle.result()).status).toBe('completed')
  expect((await standOf(pool(), campaign)).outcomes.completed).toBe(150)
})

test('a portal that is down stops nothing: the campaign ends, and the sweeper does its part when it is back', async () => {
  const list = await pairs(4)
  const account = `account-${list[0]!.remove}`
  await stack.portal.put([{ id: account, links: [{ library: 'ZOT', actorId: list[0]!.remove }] }])
  await stack.portal.behave({ mode: 'down' })
  const campaign = await newCampaign(pool(), list)
  const report = await (await startCampaign(stack, campaign)).result()
  expect(report).toMatchObject({ status: 'completed', outcomes: { 'waiting-for-portal': 4 } })
  await stack.portal.behave({ mode: 'ok' })
  // tried each minute: now
  const sweeper = `portal-backlog/${stack.queuePrefix}-campaign`
  await stack.client.workflowService.resetActivity({
    namespace: 'default',
    execution: { workflowId: sweeper },
    type: 'sweepPortal',
  })
  await stack.client.workflow.getHandle(sweeper).result()
  expect((await standOf(pool(), campaign)).outcomes).toMatchObject({ completed: 4 })
  expect((await stack.portal.dump())[account]).toEqual([`ZOT:${list[0]!.keep}`])

  // somebody terminates the sweeper: doctor tells it, and the command that it names has it go on
  await stack.portal.behave({ mode: 'down' })
  const next = await newCampaign(pool(), await pairs(3))
  await (await startCampaign(stack, next)).result()
  await stack.client.workflow.getHandle(sweeper).terminate('for a test')
  await stack.portal.behave({ mode: 'ok' })
  const doctor = await runCli(['doctor', '--json'], stack.env)
  const { checks } = doctor.json() as { checks: { check: string; ok: boolean; remedy: string }[] }
  expect(checks.filter(({ ok }) => !ok)).toMatchObject([
    { check: 'campaigns', remedy: 'ontdubbel merge resume --orphaned' },
  ])
  expect((await runCli(['merge', 'resume', '--orphaned'], stack.env)).code).toBe(0)
  await stack.client.workflow.getHandle(sweeper).result()
  expect((await standOf(pool(), next)).outcomes).toMatchObject({ completed: 3 })
})

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (await isSo()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('it never came to that')
}
