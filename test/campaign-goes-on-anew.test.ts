import type { WorkflowHandle } from '@temporalio/client'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import type { Worker } from '@temporalio/worker'
import type { Pool } from 'pg'
import { openUndoMany } from '../src/campaigns/undoOpen'
import { createPool } from '../src/database/pool'
import { createPortalClient, type PortalClient } from '../src/portal/client'
import { findTemporalCli } from '../src/stack/temporalCli'
import { ensureSearchAttributes } from '../src/temporal/namespace'
import { createWorker } from '../src/temporal/worker'
import { pauseCampaign, resumeCampaign } from '../src/workflows/messages'
import { QUEUES, queueName } from '../src/workflows/names'
import { newCampaign, putPatrons, reportsOf, standOf, startCampaign, type Listed } from './support/campaigns'
import { freshDatabase, type TestDatabase } from './support/database'
import { until } from './support/desk'
import { portalOfProcess, type TestPortal } from './support/portal'
import { quietRuntime } from './support/stack'

/** The server suggests it after so many events; its own number is 4,096. */
const SUGGESTED_AFTER = 60
/** A history no longer than this is read by people, and replayed in a moment. */
const MOST_EVENTS = 5_000
const LARGEST_PAYLOAD_BYTES = 16 * 1024

const PREFIX = 'anew'
type History = Awaited<ReturnType<WorkflowHandle['fetchHistory']>>

let env: TestWorkflowEnvironment
let database: TestDatabase
let pool: Pool
let portal: TestPortal
let portalClient: PortalClient
let workers: Worker[]
let running: Promise<unknown>

beforeAll(async () => {
  quietRuntime()
  database = await freshDatabase()
  pool = createPool(database.url, { max: 12, pipeline: true })
  portal = await portalOfProcess()
  portalClient = createPortalClient({ url: portal.url, token: portal.token, callsPerSecond: 1_000 })
  env = await TestWorkflowEnvironment.createLocal({
    server: {
      executable: { type: 'existing-path', path: findTemporalCli() },
      extraArgs: ['--dynamic-config-value', `limit.historyCount.suggestContinueAsNew=${SUGGESTED_AFTER}`],
    },
  })
  await ensureSearchAttributes(env.connection as never, 'default')
  const setUp = {
    pool,
    portal: portalClient,
    connection: env.nativeConnection,
    namespace: 'default',
    queuePrefix: PREFIX,
  }
  workers = await Promise.all(QUEUES.map((queue) => createWorker(queue, setUp)))
  running = Promise.all(workers.map((worker) => worker.run()))
}, 120_000)
afterAll(async () => {
  for (const worker of workers ?? []) worker.shutdown()
  await running
  await env?.teardown()
  await portalClient?.close()
  await pool?.end()
  await database?.drop()
})

test('a long campaign goes on anew many times, paused between, with batches at a slow portal: every pair once, histories short', async () => {
  // each pair waits for the one before: a batch each
  const ids = Array.from({ length: 25 }, (_, n) => n + 1)
  await putPatrons(database.pool, ids)
  const list: Listed[] = ids.slice(1).map((id, n) => ({ keep: id, remove: ids[n]! }))
  await portal.put(ids.map((id) => ({ id: `account-${id}`, links: [{ library: 'ZOT', actorId: id }] })))
  await portal.behave({ mode: 'slow', delayMs: 50 })
  const campaign = await newCampaign(database.pool, list)
  const handle = await startCampaign({ client: env.client, queuePrefix: PREFIX }, campaign)
  const first = (handle as { firstExecutionRunId?: string }).firstExecutionRunId ?? ''
  // of whichever run there is
  const current = env.client.workflow.getHandle(handle.workflowId)
  for (const least of [5, 12]) {
    await until('some are merged', async () => (await merged()) >= least)
    await current.executeUpdate(pauseCampaign, { args: [{ by: 'mia' }] })
    expect((await standOf(pool, campaign)).status).toBe('paused')
    await current.executeUpdate(resumeCampaign, { args: [{ by: 'mia' }] })
  }
  await handle.result()
  expect(await standOf(pool, campaign)).toMatchObject({ status: 'completed', outcomes: { completed: 24 } })
  expect((await reportsOf(pool, campaign)).every(({ outcome }) => outcome === 'completed')).toBe(true)
  const { rows } = await pool.query('select count(*)::int as told, count(distinct removed)::int as removed from change')
  expect(rows).toEqual([{ told: 24, removed: 24 }])
  expect(new Set(Object.values(await portal.dump()).flat())).toEqual(new Set(['ZOT:25']))

  const histories = await runsOf(handle.workflowId, first)
  expect(histories.length).toBeGreaterThan(5)
  for (const { events, largest } of histories) {
    expect(events).toBeLessThan(MOST_EVENTS)
    expect(largest).toBeLessThan(LARGEST_PAYLOAD_BYTES)
  }

  async function merged(): Promise<number> {
    const { outcomes } = await standOf(pool, campaign)
    return outcomes.running + outcomes.completed
  }
}, 120_000)

test('its undo goes on anew too: a batch for each of the chain, the last first, every merge once, every link back', async () => {
  const { rows: campaigns } = await pool.query<{ id: number }>('select id from campaign')
  await portal.behave({ mode: 'ok' })
  const opened = await openUndoMany(database.pool, { campaign: campaigns[0]!.id }, { by: 'mia', reason: null })
  if (opened.is !== 'opened') throw new Error(opened.is)
  const handle = await env.client.workflow.start('undoMany', {
    workflowId: 'undo',
    taskQueue: queueName('campaign', PREFIX),
    args: [{ undo: opened.undo }],
  })
  expect(await handle.result()).toMatchObject({ status: 'undone', merges: 24, outcomes: { undone: 24 } })
  const { rows } = await pool.query(`select removed from change where event = 'undone' order by cursor`)
  expect(rows.map(({ removed }) => Number(removed))).toEqual(Array.from({ length: 24 }, (_, n) => 24 - n))
  const { rows: atPortal } = await pool.query(`select count(*)::int as n from merge where portal <> 'done'`)
  expect(atPortal).toEqual([{ n: 0 }])
  const accounts = await portal.dump()
  for (let id = 1; id <= 25; id++) expect(accounts[`account-${id}`]).toEqual([`ZOT:${id}`])

  const histories = await runsOf('undo', handle.firstExecutionRunId)
  expect(histories.length).toBeGreaterThan(3)
  for (const { largest } of histories) expect(largest).toBeLessThan(LARGEST_PAYLOAD_BYTES)
}, 120_000)

/** Each run of a workflow, from its first: how many events it has, and its largest. */
async function runsOf(workflowId: string, first: string): Promise<{ events: number; largest: number }[]> {
  const found: { events: number; largest: number }[] = []
  let run: string | null | undefined = first
  while (run) {
    const history: History = await env.client.workflow.getHandle(workflowId, run).fetchHistory()
    const events = history.events ?? []
    found.push({ events: events.length, largest: Math.max(...events.map((event) => JSON.stringify(event).length)) })
    run = events.at(-1)?.workflowExecutionContinuedAsNewEventAttributes?.newExecutionRunId
  }
  return found
}
