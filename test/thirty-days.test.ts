import { TestWorkflowEnvironment } from '@temporalio/testing'
import type { Worker } from '@temporalio/worker'
import type { Pool } from 'pg'
import { createPool } from '../src/database/pool'
import { createPortalClient, type PortalClient } from '../src/portal/client'
import { findTemporalTestServer } from '../src/stack/temporalCli'
import { ensureSearchAttributes } from '../src/temporal/namespace'
import { createWorker } from '../src/temporal/worker'
import { retryPortal, type Asking } from '../src/workflows/messages'
import { queueName } from '../src/workflows/names'
import { freshDatabase, type TestDatabase } from './support/database'
import { startPortal, type TestPortal } from './support/portal'
import { quietRuntime } from './support/stack'

/** The portal asks to come again so much later each time: ten attempts in 30 days. */
const THREE_DAYS_S = 3 * 24 * 60 * 60
const DAY_MS = 24 * 60 * 60 * 1000

jest.setTimeout(120_000)
let env: TestWorkflowEnvironment
let database: TestDatabase
let pool: Pool
let portal: TestPortal
let portalClient: PortalClient
let running: Promise<unknown>
let workers: Worker[]
let patron = 100

beforeAll(async () => {
  quietRuntime()
  database = await freshDatabase()
  pool = createPool(database.url, { max: 10, pipeline: true })
  portal = await startPortal()
  portalClient = createPortalClient({ url: portal.url, token: portal.token, callsPerSecond: 1_000 })
  env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: findTemporalTestServer() } },
  })
  await ensureSearchAttributes(env.connection as never, 'default')
  const setUp = { pool, portal: portalClient, connection: env.nativeConnection, namespace: 'default' }
  workers = await Promise.all((['desk', 'portal'] as const).map((queue) => createWorker(queue, setUp)))
  running = Promise.all(workers.map((worker) => worker.run()))
  await database.pool.query(`insert into library (id, name) values ('ZOT', 'Zottegem')`)
})
afterAll(async () => {
  for (const worker of workers ?? []) worker.shutdown()
  await running
  await env?.teardown()
  await portalClient?.close()
  await portal?.stop()
  await pool?.end()
  await database?.drop()
})

type Handle = Awaited<ReturnType<typeof waitingMerge>>['handle']

/** The test server forgets an update together with its workflow, which may end at once: what came of it tells the result. */
async function ask(handle: Handle, name: 'skipPortal' | 'retryPortal', asking: Asking): Promise<void> {
  await handle.executeUpdate(name, { args: [asking] }).catch((error: Error) => {
    if (error.name !== 'WorkflowNotFoundError') throw error
  })
}

async function waitingMerge() {
  const [keep, remove] = [++patron, ++patron]
  await database.pool.query(`insert into patron (id, last_name) values ($1, 'A'), ($2, 'A')`, [keep, remove])
  await portal.put([{ id: `account-${remove}`, links: [{ library: 'ZOT', actorId: remove }] }])
  await portal.behave({ mode: 'busy', retryAfterSeconds: THREE_DAYS_S })
  const handle = await env.client.workflow.start('mergePatrons', {
    workflowId: `merge/${keep}/${remove}`,
    taskQueue: queueName('desk'),
    args: [{ keep, remove, by: 'test' }],
  })
  const row = async () =>
    (
      await database.pool.query<{ shown: string; portal: string; ledger: string }>(
        `select merge_status(m.status, m.attention, m.portal) as shown, m.portal,
           (select string_agg(s.step || s.done_at, ' ' order by s.step) from merge_step s where s.merge = m.id and s.step <> 'syncPortalLinks') as ledger
         from merge m where m.removed = $1`,
        [remove],
      )
    ).rows[0]
  return { keep, remove, handle, row }
}

test('a portal that is down is waited for 30 days, with a short history; then a person is asked, and what they do works', async () => {
  const { keep, remove, handle, row } = await waitingMerge()
  await env.sleep(29 * DAY_MS)
  expect(await row()).toMatchObject({ shown: 'waiting-for-portal' })
  const ledger = (await row())?.ledger
  await env.sleep(2 * DAY_MS)
  expect(await row()).toMatchObject({ shown: 'needs-attention', portal: 'gave-up' })
  const { events } = await handle.fetchHistory()
  expect(events?.length).toBeLessThan(150)
  await portal.behave({ mode: 'ok' })
  await ask(handle, 'retryPortal', { by: 'mia' })
  expect(await handle.result()).toMatchObject({ status: 'completed' })
  expect((await row())?.ledger).toBe(ledger)
  expect((await portal.dump())[`account-${remove}`]).toEqual([`ZOT:${keep}`])
})

test('after the 30 days, asked to try again, it is waited for anew; then the links may be given up', async () => {
  const { handle, row } = await waitingMerge()
  await env.sleep(31 * DAY_MS)
  expect(await row()).toMatchObject({ shown: 'needs-attention', portal: 'gave-up' })
  expect(await handle.executeUpdate(retryPortal, { args: [{ by: 'mia' }] })).toBe('waiting-for-portal')
  await env.sleep(31 * DAY_MS)
  expect(await row()).toMatchObject({ shown: 'needs-attention', portal: 'gave-up' })
  await ask(handle, 'skipPortal', { by: 'mia', reason: 'gone' })
  expect(await handle.result()).toMatchObject({ status: 'portal-skipped' })
})
