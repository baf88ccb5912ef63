import { TestWorkflowEnvironment } from '@temporalio/testing'
import type { Pool } from 'pg'
import { createPool } from '../../src/database/pool'
import { createPortalClient } from '../../src/portal/client'
import { findTemporalTestServer } from '../../src/stack/temporalCli'
import { ensureSearchAttributes } from '../../src/temporal/namespace'
import { createWorker } from '../../src/temporal/worker'
import type { QueueName } from '../../src/workflows/names'
import { freshDatabase, type TestDatabase } from './database'
import { portalOfProcess, type TestPortal } from './portal'
import { quietRuntime } from './stack'

/** A Temporal server whose days pass in no time, with workers, a library database and a portal of the test's own. */
export interface TimeSkipping {
  env: TestWorkflowEnvironment
  database: TestDatabase
  /** For what takes patrons: statements are pipelined. */
  pool: Pool
  portal: TestPortal
  stop(): Promise<void>
}

/** Starts one. Stop it in afterAll. */
export async function timeSkipping(queues: readonly QueueName[]): Promise<TimeSkipping> {
  quietRuntime()
  const database = await freshDatabase()
  const pool = createPool(database.url, { max: 10, pipeline: true })
  const portal = await portalOfProcess()
  const portalClient = createPortalClient({ url: portal.url, token: portal.token, callsPerSecond: 1_000 })
  const env = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: findTemporalTestServer() } },
  })
  await ensureSearchAttributes(env.connection as never, 'default')
  const setUp = { pool, portal: portalClient, connection: env.nativeConnection, namespace: 'default' }
  const workers = await Promise.all(queues.map((queue) => createWorker(queue, setUp)))
  const running = Promise.all(workers.map((worker) => worker.run()))
  return {
    env,
    database,
    pool,
    portal,
    async stop() {
      for (const worker of workers) worker.shutdown()
      await running
      await env.teardown()
      await portalClient.close()
      await pool.end()
      await database.drop()
    },
  }
}
