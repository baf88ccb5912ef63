import { randomBytes } from 'node:crypto'
import type { WorkflowHandle } from '@temporalio/client'
import type { Client, Pool } from 'pg'
import { openUndoMany } from '../src/campaigns/undoOpen'
import { undoManyReport } from '../src/campaigns/undoReport'
import { connect, createPool } from '../src/database/pool'
import { createMerge } from '../src/merges/store'
import { syncPortalOfMany } from '../src/merges/syncPortal'
import { createPortalClient } from '../src/portal/client'
import { mergeGroup } from '../src/steps/group'
import { queueName } from '../src/workflows/names'
import { everybody, putPatrons, type Listed } from './support/campaigns'
import { freshDatabase, type TestDatabase } from './support/database'
import { portalOfProcess, type TestPortal } from './support/portal'
import { openScene, type Scene } from './support/scene'
import { startWorkerProcess, type WorkerProcess } from './support/workers'

/**
 * What an undo of `newOne` commits and asks the portal: three merges in a batch, of which one is at fault, so that its group
 * comes again in halves; then one more that had to wait for one of them.
 */
const EVENTS = [
  'beginUndoMany: undoMany.takenUp',
  'noteUndoManyStarter: undoMany.startedBy',
  'planUndoBatch: commit',
  'undoBatch: commit',
  'undoBatch: undoBatch.setAside',
  'undoBatch: commit 2',
  'undoBatch: commit 3',
  'planUndoBatch 2: commit',
  'undoBatch 2: commit',
  'undoBatch 2: commit 2',
  'planUndoBatch 3: commit',
  'revertBatchPortal: commit',
  'revertBatchPortal: linksTo',
  'revertBatchPortal: changeLink',
  'revertBatchPortal: undo.intentsReverted',
  'revertBatchPortal: commit 2',
  'revertBatchPortal: portalStands.undoRefused',
  'revertBatchPortal: portalStands.undoWaits',
  'revertBatchPortal: batchPortal.undoTried',
  'revertBatchPortal 2: commit',
  'revertBatchPortal 2: portalStands.undoRefused',
  'revertBatchPortal 2: portalStands.undoWaits',
  'revertBatchPortal 2: batchPortal.undoTried',
  'settleUndoMany: undoMany.settled',
]
/** With these an activity ends, its answer lost; after any other, all is as before the next. */
const ENDS = [
  'planUndoBatch: commit',
  'undoBatch: commit 3',
  'undoBatch 2: commit 2',
  'revertBatchPortal: batchPortal.undoTried',
  'settleUndoMany: undoMany.settled',
]
/** They come last: others wait for it, until the server ends what stands in a transaction for 0.8 s. */
const HOLDS_THE_FEED = /^before undoBatch( 2)?: commit/
const AT_FAULT = 1

let database: TestDatabase
let portal: TestPortal
let scene: Scene
let pool: Pool
let client: Client
let worker: WorkerProcess | undefined
let last = 0
let undisturbed: unknown

beforeAll(async () => {
  database = await freshDatabase()
  portal = await portalOfProcess()
  scene = await openScene({ database, portal })
  pool = createPool(database.url, { pipeline: true })
  client = await connect(database.url, { pipeline: true })
}, 120_000)
afterEach(async () => {
  // of a test that failed
  await worker?.end('SIGKILL')
  worker = undefined
})
afterAll(async () => {
  await client?.end()
  await pool?.end()
  await scene?.close()
  await database?.drop()
}, 60_000)

interface Doomed {
  undo: number
  list: Listed[]
  merges: number[]
}

/** Merges by somebody of their own: three pairs, the last of which is merged on; one cannot be taken back. The first has a link. */
async function newOnes(count: number): Promise<Doomed[]> {
  const lists = Array.from({ length: count }, () => {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0] = Array.from({ length: 7 }, () => ++last)
    const list: Listed[] = [
      { keep: a, remove: b },
      { keep: c, remove: d },
      { keep: e, remove: f },
      { keep: g, remove: e },
    ]
    return list
  })
  const ids = lists.flatMap((list) => everybody(list))
  await putPatrons(database.pool, ids)
  const linked = lists.map((list) => list[0]!.remove)
  await portal.put(linked.map((id) => ({ id: `account-${id}`, links: [{ library: 'ZOT', actorId: id }] })))
  const { url, token } = portal
  const portalClient = createPortalClient({ url, token, callsPerSecond: 10_000 })
  const all = lists.map(() => [] as number[])
  for (const n of [0, 1, 2, 3]) {
    const merges: number[] = []
    for (const [at, list] of lists.entries()) {
      const merge = (await createMerge(pool, { ...list[n]!, by: `of ${list[0]!.keep}` }, null))!
      merges.push(merge)
      all[at]!.push(merge)
    }
    expect((await mergeGroup(client, merges)).merged).toHaveLength(count)
    expect(await syncPortalOfMany(pool, portalClient, merges, 1)).toEqual(new Map())
  }
  await portalClient.close()
  const doomed: Doomed[] = []
  for (const [at, list] of lists.entries()) {
    await scene.refuse(list[AT_FAULT]!.keep, true)
    const opened = await openUndoMany(database.pool, { approvedBy: `of ${list[0]!.keep}` }, { by: 'mia', reason: null })
    if (opened.is !== 'opened') throw new Error(`nothing to undo: ${opened.is}`)
    doomed.push({ undo: opened.undo, list, merges: all[at]! })
  }
  return doomed
}

type UndoHandle = WorkflowHandle<(input: { undo: number }) => Promise<unknown>>

async function start({ undo }: Doomed): Promise<UndoHandle> {
  const handle = await scene.client.workflow.start('undoMany', {
    workflowId: `${scene.queuePrefix}/${randomBytes(4).toString('hex')}`,
    taskQueue: queueName('campaign', scene.queuePrefix),
    args: [{ undo }],
  })
  return handle as unknown as UndoHandle
}

/** All that an undo has left, as if it had been the first. */
async function endOf({ undo, list, merges }: Doomed): Promise<unknown> {
  const report = await undoManyReport(database.pool, undo)
  const { rows } = await database.pool.query<{ told: unknown }>(
    `select jsonb_build_object(
       'merges', jsonb_agg(jsonb_build_object('status', m.status, 'portal', m.portal,
         'feed', (select jsonb_agg(event order by cursor) from change where merge = m.id),
         'asked', (select count(*) from merge_command where merge = m.id and command = 'undo'),
         'back', (select back from undo where merge = m.id),
         'decided', (select count(*) from pair_decision d where d.lower_patron = least(m.kept, m.removed) and d.higher_patron = greatest(m.kept, m.removed))
       ) order by m.id),
       'cards', (select jsonb_agg(n order by o) from (select o, (select count(*) from card where patron = p) as n
         from unnest($2::bigint[]) with ordinality x (p, o)) y),
       'open', (select count(*) from undo_many_batch where undo = $3 and (ended_at is null or tried_at is null))) as told
     from merge m where m.id = any($1)`,
    [merges, everybody(list), undo],
  )
  const linked = list[0]!.remove
  return {
    status: report?.status,
    outcomes: report?.outcomes,
    notUndoneBy: report?.notUndoneBy,
    told: rows[0]?.told,
    linkIsBack: (await portal.dump())[`account-${linked}`]?.join() === `ZOT:${linked}`,
  }
}

test('undisturbed, for comparing: each is undone or set aside; and the points are all that there are', async () => {
  const [one] = (await newOnes(1)) as [Doomed]
  worker = await startWorkerProcess(scene.env, {})
  await (await start(one)).result()
  undisturbed = await endOf(one)
  expect(undisturbed).toMatchObject({
    status: 'undone',
    outcomes: { undone: 3, 'set-aside': 1 },
    notUndoneBy: { 'undo-failed': 1 },
    told: { open: 0, cards: [1, 1, 2, 0, 1, 1, 1] },
    linkIsBack: true,
  })
  const named = `undo ${one.undo}`
  const events = worker.said.flatMap(({ removed, event }) => (removed === named && event ? [event] : []))
  expect([...new Set(events)].sort()).toEqual([...EVENTS].sort())
  expect(await worker.end()).toBe(0)
}, 60_000)

test('undos of many are killed at every point, and another worker brings each to its end: everything undone, and told, once', async () => {
  const points = [...EVENTS.map((event) => `before ${event}`), ...ENDS.map((event) => `after ${event}`)]
  const doomed = (await newOnes(points.length)).map((one, n) => ({ ...one, point: points[n]! }))
  worker = await startWorkerProcess(
    scene.env,
    Object.fromEntries(doomed.map(({ undo, point }) => [`undo ${undo}`, [point]])),
  )
  const handles: UndoHandle[] = []
  for (const holdsTheFeed of [false, true]) {
    const theirs = doomed.filter(({ point }) => HOLDS_THE_FEED.test(point) === holdsTheFeed)
    for (const one of theirs) handles.push(await start(one))
    const missing = () => {
      const stood = new Set(worker?.said.flatMap(({ removed, stopped }) => (stopped ? [removed] : [])))
      return theirs.filter(({ undo }) => !stood.has(`undo ${undo}`)).map(({ point }) => point)
    }
    await worker.until('at every point', () => missing().length === 0, missing)
  }
  await worker.end('SIGKILL')
  worker = await startWorkerProcess(scene.env)
  await Promise.all(handles.map((handle) => handle.result()))
  const ends = []
  for (const one of doomed) ends.push({ point: one.point, end: await endOf(one) })
  expect(ends).toEqual(points.map((point) => ({ point, end: undisturbed })))
  expect(await worker.end()).toBe(0)
}, 300_000)
