import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Connection } from '@temporalio/client'
import { STEPS } from '../src/domain/codes'
import type { MergeReport } from '../src/domain/request'
import { queueName } from '../src/workflows/names'
import { freshDatabase, type TestDatabase } from './support/database'
import { portalOfProcess, type TestPortal } from './support/portal'
import { temporalAddress } from './support/temporalAddress'
import { startWorker, type WorkerProcess } from './support/workerProcess'

const PAIRS = 400
/** So many are under way at any moment, however slow the machine. */
const UNDER_WAY = 4
const ROUNDS = 2
const QUEUE_PREFIX = `rolling-${process.pid}`

let database: TestDatabase
let portal: TestPortal
let client: Client

beforeAll(async () => {
  database = await freshDatabase()
  portal = await portalOfProcess()
  client = new Client({ connection: await Connection.connect({ address: temporalAddress() }) })
  // pair n is 2n into 2n - 1, with something for several steps
  await database.pool.query(`insert into library (id, name) values ('ZOT', 'Zottegem')`)
  const ids = Array.from({ length: 2 * PAIRS }, (_, n) => n + 1)
  const of = (statement: string, those = ids) => database.pool.query(statement, [those])
  const removed = ids.filter((id) => id % 2 === 0)
  await of(`insert into patron (id, last_name) select id, 'A' from unnest($1::bigint[]) id`)
  await of(
    `insert into subscription (id, patron, library, product, starts_on)
     select id, id, 'ZOT', 'adult', '2025-01-01' from unnest($1::bigint[]) id`,
    removed,
  )
  await of(
    `insert into loan (id, patron, library, item, title, loaned_on, due_on)
     select id, id, 'ZOT', 'I' || id, 'T' || id, '2026-11-01', '2026-11-29' from unnest($1::bigint[]) id`,
    removed,
  )
  await portal.put(removed.map((id) => ({ id: `account-${id}`, links: [{ library: 'ZOT', actorId: id }] })))
})
afterAll(async () => {
  await client.connection.close()
  await database.drop()
})

/** It runs no campaigns. */
const ITS_QUEUES = ['--queue', 'desk', '--queue', 'portal']

const newWorker = (): WorkerProcess =>
  startWorker(
    {
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: temporalAddress(),
      PORTAL_URL: portal.url,
      PORTAL_TOKEN: portal.token,
      PORTAL_CALLS_PER_SECOND: '200',
      TASK_QUEUE_PREFIX: QUEUE_PREFIX,
    },
    ITS_QUEUES,
  )

/** Runs merges, always so many at once, until `over` goes off or there are no pairs left; gives the reports of all. */
async function keepMerging(over: AbortSignal): Promise<MergeReport[]> {
  const reports: MergeReport[] = []
  let last = 0
  const one = async () => {
    while (last < PAIRS && !over.aborted) {
      const n = ++last
      const report: unknown = await client.workflow.execute('mergePatrons', {
        workflowId: `${QUEUE_PREFIX}/${n}`,
        taskQueue: queueName('desk', QUEUE_PREFIX),
        args: [{ keep: 2 * n - 1, remove: 2 * n, by: 'the test' }],
      })
      reports.push(report as MergeReport)
    }
  }
  await Promise.all(Array.from({ length: UNDER_WAY }, one))
  return reports
}

test('workers replaced one by one while merges run: every merge completes, no step is done twice, every worker ends well', async () => {
  const workers = [newWorker(), newWorker()]
  await Promise.all(workers.map(({ ready }) => ready))
  const over = new AbortController()
  const merging = keepMerging(over.signal)
  const exits: (number | null)[] = []
  try {
    for (let n = 0; n < ROUNDS * workers.length; n++) {
      await sleep(500)
      const old = workers[n % workers.length]!
      exits.push(await old.stop())
      const next = newWorker()
      workers[n % workers.length] = next
      await next.ready
    }
    over.abort()
    const reports = await merging
    expect(reports.filter(({ status }) => status !== 'completed')).toEqual([])
    // merges were under way at every restart
    expect(reports.length).toBeGreaterThan(UNDER_WAY * exits.length)
    expect(exits).toEqual(Array.from({ length: ROUNDS * workers.length }, () => 0))

    // each step of each merge was done once: a task that a worker got as it stopped is tried again by another one, which finds
    // in the ledger whether it was done
    const { rows } = await database.pool.query<{ step: string; merges: number }>(
      'select step, count(*)::int as merges from merge_step where done_at is not null group by step order by step',
    )
    const merges = reports.length
    expect(rows).toEqual([...STEPS].sort().map((step) => ({ step, merges })))
    expect(reports.flatMap(({ steps }) => steps).filter(({ status }) => status !== 'done')).toEqual([])
    const loans = reports.map(({ steps }) => steps.find(({ step }) => step === 'transferLoans')?.counts)
    expect(loans).toEqual(reports.map(() => loans[0]))
    // what moved is there once, on the kept record; each link was changed by one call
    const moved = await database.pool.query<{ id: number }>(
      `select id from loan where patron = id - 1 and written_for = id order by id`,
    )
    expect(moved.rows).toHaveLength(merges)
    expect((await portal.counters()).done).toMatchObject({ changeLink: merges })
  } finally {
    over.abort()
    await merging.catch(() => {})
    await Promise.all(workers.map((worker) => worker.stop()))
  }
}, 240_000)
