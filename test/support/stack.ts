import { randomBytes } from 'node:crypto'
import { Client, Connection } from '@temporalio/client'
import { NativeConnection } from '@temporalio/worker'
import type { Pool } from 'pg'
import pino from 'pino'
import { createPool } from '../../src/database/pool'
import type { MergeReport, UndoReport } from '../../src/domain/request'
import { createPortalClient, type PortalClient } from '../../src/portal/client'
import { installRuntime } from '../../src/temporal/runtime'
import { createWorker } from '../../src/temporal/worker'
import { QUEUES, queueName } from '../../src/workflows/names'
import { freshDatabase, type TestDatabase } from './database'
import { expectGone } from './leavesNothing'
import { portalOfProcess, type TestPortal } from './portal'
import { saidFile } from './said'
import { temporalAddress } from './temporalAddress'

/** A library database, a portal and a worker of the test's own, on the shared Temporal server. */
export interface TestStack {
  database: TestDatabase
  /** For what takes patrons: statements are pipelined. */
  pool: Pool
  portal: TestPortal
  portalClient: PortalClient
  client: Client
  /** What the names of its task queues begin with. */
  queuePrefix: string
  /** For worker processes and the command line. */
  env: Record<string, string>
  /** Starts mergePatrons as any Temporal client may, and gives what it completes with. */
  merge(request: unknown): Promise<MergeReport>
  /** The same of undoMerge. */
  undo(request: unknown): Promise<UndoReport>
  stop(): Promise<void>
}

/** Starts a stack, with a worker for campaigns where they are run: it takes as long to start as the rest. Stop it in afterAll. */
export async function testStack({ campaigns = false } = {}): Promise<TestStack> {
  quietRuntime()
  const [database, portal, connection] = await Promise.all([
    freshDatabase(),
    portalOfProcess(),
    NativeConnection.connect({ address: temporalAddress() }),
  ])
  const pool = createPool(database.url, { max: 20, pipeline: true, applicationName: 'test worker' })
  const portalClient = createPortalClient({
    url: portal.url,
    token: portal.token,
    callsPerSecond: 1_000,
    callsAtOnce: 8,
  })
  const queuePrefix = `test-${process.pid}-${randomBytes(4).toString('hex')}`
  const setUp = { pool, portal: portalClient, connection, namespace: 'default', queuePrefix }
  const queues = QUEUES.filter((queue) => campaigns || queue !== 'campaign')
  const workers = await Promise.all(queues.map((queue) => createWorker(queue, setUp)))
  const forget = expectGone(`workers of ${queuePrefix}`)
  const running = Promise.all(workers.map((worker) => worker.run()))
  const client = new Client({ connection: await Connection.connect({ address: temporalAddress() }) })
  let count = 0
  const execute = (workflowType: string, request: unknown) =>
    client.workflow.execute(workflowType, {
      workflowId: `${queuePrefix}/${++count}`,
      taskQueue: queueName('desk', queuePrefix),
      args: [request],
    })
  return {
    database,
    pool,
    portal,
    portalClient,
    client,
    queuePrefix,
    env: {
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: temporalAddress(),
      PORTAL_URL: portal.url,
      PORTAL_TOKEN: portal.token,
      TASK_QUEUE_PREFIX: queuePrefix,
    },
    merge: (request) => execute('mergePatrons', request) as Promise<MergeReport>,
    undo: (request) => execute('undoMerge', request) as Promise<UndoReport>,
    async stop() {
      for (const worker of workers) worker.shutdown()
      await running
      forget()
      await client.connection.close()
      await connection.close()
      await portalClient.close()
      await pool.end()
      await database.drop()
    },
  }
}

/**
 * The product's own log, into a file that is searched at the end: it would be longer than jest's. Once a process: the runtime
 * is shared by the files that it runs.
 */
export function quietRuntime(): void {
  try {
    const file = { level: 'debug', stream: pino.destination({ dest: saidFile('worker'), sync: true }) } as const
    installRuntime(pino({ level: 'debug' }, pino.multistream([file, { level: 'error', stream: process.stderr }])))
  } catch {
    // installed by a file before
  }
}
