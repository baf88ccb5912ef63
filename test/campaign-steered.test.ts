import { randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { NativeConnection, Worker } from '@temporalio/worker'
import fc from 'fast-check'
import { createActivities } from '../src/activities'
import { FailuresOfOurs } from '../src/activities/failures'
import { connect } from '../src/database/pool'
import { WORKFLOW_BUNDLE } from '../src/temporal/worker'
import { cancelCampaign, pauseCampaign, resumeCampaign, retryCampaign, setCampaign } from '../src/workflows/messages'
import { queueName } from '../src/workflows/names'
import { runCli, runHere } from './support/cli'
import {
  newCampaign,
  putPatrons,
  refuseLoans,
  reportsOf,
  standOf,
  startCampaign,
  type CampaignHandle,
  type Listed,
} from './support/campaigns'
import { Desk, until } from './support/desk'
import { PROPERTY_TIMEOUT_MS, runs } from './support/properties'
import { testStack, type TestStack } from './support/stack'
import { temporalAddress } from './support/temporalAddress'

/** A moment of a campaign is within this. */
const MOMENTS_MS = 400

let stack: TestStack
let last = 0

beforeAll(async () => {
  stack = await testStack({ campaigns: true })
  // the command line's campaigns have their ids as workflow ids, on a server that other databases share
  const owner = await connect(stack.database.superUrl)
  try {
    await owner.query(`alter table campaign alter column id restart with ${randomInt(1e9, 2e9)}`)
  } finally {
    await owner.end()
  }
}, 120_000)
afterAll(() => stack?.stop())

const pool = () => stack.database.pool

async function patrons(count: number): Promise<number[]> {
  const ids = Array.from({ length: count }, () => ++last)
  await putPatrons(pool(), ids)
  return ids
}
async function pairs(count: number): Promise<Listed[]> {
  const ids = await patrons(2 * count)
  return Array.from({ length: count }, (_, n) => ({ keep: ids[2 * n]!, remove: ids[2 * n + 1]! }))
}

const outcomesOf = async (campaign: number) => (await reportsOf(pool(), campaign)).map(({ outcome }) => outcome)
const statusOf = async (campaign: number) => (await standOf(pool(), campaign)).status

/** How often the feed tells of each of these pairs. */
async function toldOf(list: readonly Listed[]): Promise<number[]> {
  const { rows } = await pool().query<{ n: number }>(
    `select (select count(*)::int from change where kept = k and removed = r) as n
     from unnest($1::bigint[], $2::bigint[]) with ordinality x (k, r, o) order by o`,
    [list.map(({ keep }) => keep), list.map(({ remove }) => remove)],
  )
  return rows.map(({ n }) => n)
}

async function commandsOf(campaign: number): Promise<string[]> {
  const { rows } = await pool().query<{ command: string }>(
    'select command from campaign_command where campaign = $1 order by id',
    [campaign],
  )
  return rows.map(({ command }) => command)
}

const asking = { by: 'mia' }
const ASKED = {
  pause: (handle: CampaignHandle) => handle.executeUpdate(pauseCampaign, { args: [asking] }),
  resume: (handle: CampaignHandle) => handle.executeUpdate(resumeCampaign, { args: [asking] }),
  set: (handle: CampaignHandle) =>
    handle.executeUpdate(setCampaign, { args: [{ ...asking, lanes: 3, pace: 'desk' as const }] }),
  retry: (handle: CampaignHandle) => handle.executeUpdate(retryCampaign, { args: [asking] }),
}

test(
  'paused, gone on with, changed and tried again at any moment: every pair is merged once, and every command is recorded once',
  async () => {
    const moment = fc.record({
      name: fc.constantFrom('pause' as const, 'resume' as const, 'set' as const, 'retry' as const),
      afterMs: fc.nat(MOMENTS_MS),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(moment, { minLength: 2, maxLength: 6 }), async (moments) => {
        const list = await pairs(40)
        list.push({ keep: list[0]!.remove, remove: list[1]!.remove }, { keep: list[2]!.keep, remove: list[3]!.keep })
        const campaign = await newCampaign(pool(), list, { pace: 'desk' })
        const handle = await startCampaign(stack, campaign)
        const asked: string[] = []
        for (const { name, afterMs } of moments) {
          await sleep(afterMs)
          // it may have ended before
          const status = await ASKED[name](handle).catch(() => undefined)
          if (status === undefined) continue
          asked.push(name)
          if (name === 'pause') expect(['pausing', 'paused']).toContain(status)
        }
        const stand = await statusOf(campaign)
        if (stand === 'paused' || stand === 'pausing') {
          await ASKED.resume(handle)
          asked.push('resume')
        }
        expect((await handle.result()).status).toBe('completed')
        expect(await outcomesOf(campaign)).toEqual([
          ...Array.from({ length: 40 }, () => 'completed'),
          'refused',
          'completed',
        ])
        expect(await toldOf(list)).toEqual([...Array.from({ length: 40 }, () => 1), 0, 1])
        expect(await commandsOf(campaign)).toEqual(asked)
      }),
      { ...runs(0.3), endOnFailure: true },
    )
  },
  PROPERTY_TIMEOUT_MS,
)

test('cancelled in the middle: each pair is merged once or not run, and stays so', async () => {
  const list = await pairs(120)
  const campaign = await newCampaign(pool(), list, { pace: 'desk', lanes: 2 })
  const handle = await startCampaign(stack, campaign)
  await until('some are merged', async () => (await standOf(pool(), campaign)).outcomes.running > 0)
  expect(await handle.executeUpdate(cancelCampaign, { args: [asking] })).toBe('cancelled')
  expect((await handle.result()).status).toBe('cancelled')
  const outcomes = await outcomesOf(campaign)
  expect(new Set(outcomes)).toEqual(new Set(outcomes.includes('not-run') ? ['completed', 'not-run'] : ['completed']))
  expect(await toldOf(list)).toEqual(outcomes.map((outcome) => (outcome === 'completed' ? 1 : 0)))
})

test('what was set aside is asked for again as the campaign ends: the workflow does it', async () => {
  const list = await pairs(3)
  await refuseLoans(stack.database.superUrl, [list[1]!.remove])
  const campaign = await newCampaign(pool(), list)
  expect((await (await startCampaign(stack, campaign)).result()).outcomes['set-aside']).toBe(1)
  await refuseLoans(stack.database.superUrl, [])

  // a workflow that takes it up, and has seen that it is completed when the command comes to the database
  const connection = await NativeConnection.connect({ address: temporalAddress() })
  const queuePrefix = `${stack.queuePrefix}-late`
  const activities = createActivities({ pool: stack.pool, portal: stack.portalClient })
  let hasLooked = () => {}
  const looked = new Promise<void>((resolve) => (hasLooked = resolve))
  let hasCome = () => {}
  const come = new Promise<void>((resolve) => (hasCome = resolve))
  const late: typeof activities = {
    ...activities,
    planBatch: async (...args) => {
      const planned = await activities.planBatch(...args)
      hasLooked()
      await come
      return planned
    },
  }
  const common = { connection, namespace: 'default', activities: late }
  const interceptors = { activity: [() => ({ inbound: new FailuresOfOurs() })] }
  const workers = await Promise.all([
    Worker.create({
      ...common,
      interceptors,
      taskQueue: queueName('campaign', queuePrefix),
      workflowBundle: { codePath: WORKFLOW_BUNDLE },
    }),
    Worker.create({ ...common, interceptors, taskQueue: queueName('portal', queuePrefix) }),
  ])
  const running = Promise.all(workers.map((worker) => worker.run()))
  try {
    const handle = await stack.client.workflow.start('runCampaign', {
      workflowId: `${queuePrefix}/campaign`,
      taskQueue: queueName('campaign', queuePrefix),
      // it takes what has come within that while a local activity is under way
      workflowTaskTimeout: '1s',
      args: [{ campaign }],
    })
    await looked
    const retried = await handle.startUpdate(retryCampaign, { args: [asking], waitForStage: 'ACCEPTED' })
    hasCome()
    expect(await retried.result()).toBe('running')
    await handle.result()
    expect(await standOf(pool(), campaign)).toMatchObject({ status: 'completed', outcomes: { completed: 3 } })
  } finally {
    for (const worker of workers) worker.shutdown()
    await running
    await connection.close()
  }
})

test('two campaigns with common patrons, merges and writes of a desk between: every pair has one outcome, and none is told twice', async () => {
  const ids = await patrons(60)
  const at = (n: number) => ids[n % ids.length]!
  const one = Array.from({ length: 40 }, (_, n) => ({ keep: at(n + 1), remove: at(n) }))
  const other = Array.from({ length: 40 }, (_, n) => ({ keep: at(3 * n + 1), remove: at(3 * n + 2) })).filter(
    ({ keep, remove }, n, all) => all.findIndex((pair) => pair.keep === keep && pair.remove === remove) === n,
  )
  const campaigns = [await newCampaign(pool(), one), await newCampaign(pool(), other)]
  const handles = [await startCampaign(stack, campaigns[0]!), await startCampaign(stack, campaigns[1]!)]
  const desk = await Desk.open(stack.database.url)
  let merged
  try {
    const merges = [7, 23, 41].map((n) => stack.merge({ keep: at(n), remove: at(n + 5), by: 'mia' }))
    for (const id of ids) {
      await desk.transaction(() => desk.insert('message', { patron: id, library: 'ZOT' }))
      await desk.transaction(() => desk.touch(id, '2026-11-25'))
    }
    merged = await Promise.all(merges)
  } finally {
    await desk.close()
  }
  const results = await Promise.all(handles.map((handle) => handle.result()))
  expect(results.map(({ status }) => status)).toEqual(['completed', 'completed'])
  for (const campaign of campaigns) {
    const told = (await reportsOf(pool(), campaign)).map(({ outcome, reason }) => reason ?? outcome)
    expect(told.filter((one) => one !== 'completed' && one !== 'already-merged')).toEqual([])
  }
  const completed = results.map(({ outcomes }) => outcomes.completed).reduce((a, b) => a + b, 0)
  const byDesk = merged.filter(({ status }) => status === 'completed').length
  const { rows } = await pool().query<{ told: number; removed: number; messages: number; live: number }>(
    `select (select count(*)::int from change where removed = any($1)) as told,
       (select count(*)::int from patron where id = any($1) and merged_into is not null) as removed,
       (select count(*)::int from message where patron = any($1)) as messages,
       (select count(*)::int from message t join patron p on p.id = t.patron where p.id = any($1) and p.merged_into is null) as live`,
    [ids],
  )
  expect(rows).toEqual([{ told: completed + byDesk, removed: completed + byDesk, messages: 60, live: 60 }])
})

test('on the command line: exit codes and JSON of each command; a terminated workflow is taken up by resume', async () => {
  const ontdubbel = (...args: (string | number)[]) => runHere(['campaign', ...args], stack.env)
  const list = await pairs(6)
  const lines = list.map((pair) => JSON.stringify(pair)).join('\n')
  const started = await runCli(
    ['campaign', 'start', '--pairs', '-', '--first', 2, '--pace', 'full', '--wait', '--json', '--by', 'mia'],
    stack.env,
    lines,
  )
  // it pauses: somebody has to look
  expect({ code: started.code, json: started.json() }).toMatchObject({
    code: 4,
    json: { status: 'paused', pairs: 6, outcomes: { completed: 2, pending: 4 }, paused: { code: 'first-pairs' } },
  })
  const { id } = started.json() as { id: number }
  const set = await ontdubbel('set', id, '--lanes', 5, '--hours', '00:00-23:59', '--json', '--by', 'mia')
  expect({ code: set.code, json: set.json() }).toMatchObject({ code: 0, json: { lanes: 5, hours: '00:00-23:59' } })
  const any = await ontdubbel('set', id, '--hours', 'any', '--json')
  expect({ code: any.code, err: any.err, json: any.json() }).toMatchObject({ code: 0, err: '', json: { hours: null } })
  await stack.client.workflow.getHandle(`campaign/${id}`).terminate('by hand')
  const resumed = await ontdubbel('resume', id, '--json', '--by', 'mia', '--reason', 'looks good')
  expect(resumed.code).toBe(0)
  await until('it is completed', async () => (await statusOf(id)) === 'completed')
  const status = await ontdubbel('status', id, '--json')
  expect({ code: status.code, json: status.json() }).toMatchObject({ code: 0, json: { outcomes: { completed: 6 } } })
  expect(await toldOf(list)).toEqual(list.map(() => 1))
  expect((await ontdubbel('pause', id, '--json')).code).toBe(3)
  expect((await ontdubbel('cancel', 123_456)).code).toBe(2)
  expect(await commandsOf(id)).toEqual(['set', 'set', 'resume'])
})
