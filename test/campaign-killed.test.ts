import { createPool } from '../src/database/pool'
import { migrate } from '../src/database/migrate'
import { removeDataDir, temporaryDataDir } from '../src/stack/dataDir'
import { startPostgres, type RunningPostgres } from '../src/stack/postgres'
import { startTemporalServer, type RunningTemporalServer } from '../src/stack/temporalServer'
import { ensureNamespace } from '../src/temporal/namespace'
import {
  newCampaign,
  putPatrons,
  reportsOf,
  standOf,
  startCampaign,
  type CampaignHandle,
  type Listed,
} from './support/campaigns'
import { expectGone } from './support/leavesNothing'
import { startPortal, type TestPortal } from './support/portal'
import { openScene, type Scene } from './support/scene'
import { startWorkerProcess, type WorkerProcess } from './support/workers'

/**
 * What a campaign of `LIST` commits and asks the portal: ten pairs in a batch, of which one is at fault, so that its group
 * comes again in halves; then one more that had to wait for one of them.
 */
const EVENTS = [
  'beginCampaign: commit',
  'noteCampaignStarter: steer.startedBy',
  'planBatch: commit',
  'mergeBatch: commit',
  'mergeBatch: commit 2',
  'mergeBatch: batch.setAside',
  'mergeBatch: commit 3',
  'mergeBatch: commit 4',
  'syncBatchPortal: linksTo',
  'syncBatchPortal: linksTo 2',
  'syncBatchPortal: portal.addIntents',
  'syncBatchPortal: portal.meant',
  'syncBatchPortal: changeLink',
  'syncBatchPortal: portal.intentDone',
  'syncBatchPortal: linksTo 3',
  'syncBatchPortal: commit',
  'syncBatchPortal: campaignPortal.stands',
  'syncBatchPortal: campaignPortal.stands 2',
  'syncBatchPortal: campaignPortal.tried',
  'mergeBatch 2: commit',
  'mergeBatch 2: commit 2',
  'settleCampaign: steer.settled',
]
/** They come last: others wait for it, until the server ends what stands in a transaction for 0.8 s. */
const HOLDS_THE_FEED = /^before mergeBatch( 2)?: commit/
const AT_FAULT = 7
const WITH_A_LINK = 2

const dataDir = temporaryDataDir('ontdubbel-test-campaigns-killed-')
const forget = expectGone(`servers in ${dataDir}`)
let postgres: RunningPostgres
let temporal: RunningTemporalServer
let portal: TestPortal
let scene: Scene
let worker: WorkerProcess | undefined
let last = 0
let undisturbed: unknown

beforeAll(async () => {
  postgres = await startPostgres({ dataDir, port: 0 })
  temporal = await startTemporalServer({ dataDir, port: 0, ui: false })
  await Promise.all([migrate(postgres.ownerUrl()), ensureNamespace(temporal)])
  portal = await startPortal()
  const url = postgres.workerUrl()
  const database = {
    url,
    ownerUrl: postgres.ownerUrl(),
    superUrl: postgres.superuserUrl('ontdubbel'),
    pool: createPool(url, { applicationName: 'test' }),
    drop: () => database.pool.end(),
  }
  scene = await openScene({ database, portal, address: temporal.address })
}, 120_000)
afterEach(async () => {
  // of a test that failed
  await worker?.end('SIGKILL')
  worker = undefined
})
afterAll(async () => {
  await scene?.close()
  await scene?.database.drop()
  await portal?.stop()
  await temporal?.stop()
  await postgres?.stop()
  removeDataDir(dataDir)
  forget()
}, 60_000)

interface Doomed {
  campaign: number
  list: Listed[]
}

/** A new campaign of that list; it does not run yet. */
async function newOne(): Promise<Doomed> {
  const ids = Array.from({ length: 21 }, () => ++last)
  await putPatrons(scene.database.pool, ids)
  const list: Listed[] = Array.from({ length: 10 }, (_, n) => ({ keep: ids[2 * n]!, remove: ids[2 * n + 1]! }))
  const linked = list[WITH_A_LINK]!
  list.push({ keep: ids[20]!, remove: linked.keep })
  await scene.refuse(list[AT_FAULT]!.remove, true)
  await portal.put([{ id: `account-${linked.remove}`, links: [{ library: 'ZOT', actorId: linked.remove }] }])
  return { campaign: await newCampaign(scene.database.pool, list, { lanes: 1 }), list }
}

/** All that a campaign has left, as if it had been the first: of each pair, of the tally, the feed and the portal. */
async function endOf({ campaign, list }: Doomed): Promise<unknown> {
  const { pool } = scene.database
  const { status, outcomes } = await standOf(pool, campaign)
  const reports = await reportsOf(pool, campaign)
  const { rows } = await pool.query<{ told: unknown }>(
    `select jsonb_build_object(
       'tally', (select jsonb_build_array(sum(ended), sum(bad)) from campaign_tally where campaign = $1),
       'open', (select count(*) from campaign_batch where campaign = $1 and ended_at is null),
       'merges', (select count(*) from merge where campaign = $1 and status <> 'new'),
       'feed', (select jsonb_agg(n order by o) from (select o, (select count(*) from change where kept = k and removed = r) as n
         from unnest($2::bigint[], $3::bigint[]) with ordinality x (k, r, o)) y),
       'cards', (select jsonb_agg(n order by o) from (select o, (select count(*) from card where patron = k) as n
         from unnest($2::bigint[]) with ordinality x (k, o)) y)) as told`,
    [campaign, list.map(({ keep }) => keep), list.map(({ remove }) => remove)],
  )
  const links = (await portal.dump())[`account-${list[WITH_A_LINK]!.remove}`]
  return {
    status,
    outcomes,
    // the link goes by way of the record between, or at once to the last
    pairs: reports.map(({ outcome, reason, warnings, moved: { portalLinks: _, ...moved } }) => ({
      outcome,
      reason,
      warnings,
      moved,
    })),
    told: rows[0]?.told,
    links: links?.map((link) => link === `ZOT:${list[10]!.keep}`),
  }
}

test('undisturbed, for comparing: every pair has its outcome; and the points are all that there are', async () => {
  const one = await newOne()
  worker = await startWorkerProcess(scene.env, {})
  await (await startCampaign(scene, one.campaign)).result()
  undisturbed = await endOf(one)
  expect(undisturbed).toMatchObject({
    status: 'completed',
    outcomes: { completed: 10, 'set-aside': 1 },
    told: { tally: [11, 1], open: 0, merges: 10, feed: [1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 1] },
    links: [true],
  })
  const named = `campaign ${one.campaign}`
  const events = worker.said.flatMap(({ removed, event }) => (removed === named && event ? [event] : []))
  // how often it looks, and what of the second portal part comes before what, is not the same each time
  const other = /^(planBatch \d+|syncBatchPortal \d+): /
  expect([...new Set(events)].filter((event) => !other.test(event)).sort()).toEqual([...EVENTS].sort())
  expect(await worker.end()).toBe(0)
}, 60_000)

test('campaigns are killed at every point, and another worker brings each to its end: everything merged, and told, once', async () => {
  const points = [...EVENTS, 'planBatch 2: commit', 'syncBatchPortal 2: campaignPortal.tried'].flatMap((event) => [
    `before ${event}`,
    `after ${event}`,
  ])
  const doomed: (Doomed & { point: string })[] = []
  for (const point of points) doomed.push({ ...(await newOne()), point })
  const stopAt = Object.fromEntries(doomed.map(({ campaign, point }) => [`campaign ${campaign}`, [point]]))
  worker = await startWorkerProcess(scene.env, stopAt)
  const handles: CampaignHandle[] = []
  const tellUntilTheyStand = async (holdsTheFeed: boolean) => {
    const theirs = doomed.filter(({ point }) => HOLDS_THE_FEED.test(point) === holdsTheFeed)
    for (const { campaign } of theirs) handles.push(await startCampaign(scene, campaign))
    const missing = () => {
      const stood = new Set(worker?.said.flatMap(({ removed, stopped }) => (stopped ? [removed] : [])))
      return theirs.filter(({ campaign }) => !stood.has(`campaign ${campaign}`)).map(({ point }) => point)
    }
    await worker?.until('at every point', () => missing().length === 0, missing)
  }
  await tellUntilTheyStand(false)
  await tellUntilTheyStand(true)
  await worker.end('SIGKILL')
  worker = await startWorkerProcess(scene.env)
  await Promise.all(handles.map((handle) => handle.result()))
  const ends = []
  for (const one of doomed) ends.push({ point: one.point, end: await endOf(one) })
  expect(ends).toEqual(points.map((point) => ({ point, end: undisturbed })))
  expect(await worker.end()).toBe(0)
}, 300_000)

/** They stand when something is stopped under them. */
const STANDS = ['before planBatch: commit', 'after mergeBatch: commit', 'after syncBatchPortal: changeLink']

test.each([
  ['PostgreSQL', restartPostgres],
  ['the Temporal server', restartTemporal],
])(
  '%s is killed and started again in the middle of campaigns: they end as if nothing had happened',
  async (_, restart) => {
    const all: Doomed[] = []
    for (const _one of STANDS) all.push(await newOne())
    worker = await startWorkerProcess(
      scene.env,
      Object.fromEntries(all.map(({ campaign }, n) => [`campaign ${campaign}`, [STANDS[n]!]])),
    )
    const handles = []
    for (const { campaign } of all) handles.push(await startCampaign(scene, campaign))
    await worker.until('at every point', (said) => said.filter(({ stopped }) => stopped !== undefined).length === 3)
    await restart()
    worker.goOn()
    await Promise.all(handles.map((handle) => handle.result()))
    for (const one of all) expect(await endOf(one)).toEqual(undisturbed)
    expect(await worker.end()).toBe(0)
  },
  120_000,
)

/** It stops at once, as when its machine does, and starts again at the same address. */
async function restartPostgres(): Promise<void> {
  const { port, pid } = postgres
  process.kill(pid, 'SIGQUIT')
  await postgres.stop()
  postgres = await startPostgres({ dataDir, port })
  expect(postgres.port).toBe(port)
}

async function restartTemporal(): Promise<void> {
  const { address, pid } = temporal
  process.kill(pid, 'SIGKILL')
  await temporal.stop()
  temporal = await startTemporalServer({ dataDir, port: Number(address.split(':')[1]), ui: false })
  expect(temporal.address).toBe(address)
}
