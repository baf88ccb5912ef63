import { setTimeout as sleep } from 'node:timers/promises'
import { createPool } from '../src/database/pool'
import { migrate } from '../src/database/migrate'
import { removeDataDir } from '../src/stack/dataDir'
import { startPostgres, type RunningPostgres } from '../src/stack/postgres'
import { startTemporalServer, type RunningTemporalServer } from '../src/stack/temporalServer'
import { ensureNamespace } from '../src/temporal/namespace'
import { abandon, retryPortal } from '../src/workflows/messages'
import { startCampaign } from './support/campaigns'
import { doomedCampaign, endOfCampaign, type DoomedCampaign } from './support/doomedCampaigns'
import { expectGone } from './support/leavesNothing'
import { startPortal, type OwnPortal } from './support/portal'
import { endsOf, finishedSteps, type RichPair } from './support/richPair'
import { openScene, type MergeHandle, type Scene } from './support/scene'
import { STORIES, type StoryName, type Told } from './support/stories'
import { startWorkerProcess, type Said, type WorkerProcess } from './support/workers'
import { testDataDir } from './support/testDataDir'

/** Servers of the file's own, which it kills. */
const dataDir = testDataDir('ontdubbel-test-killed-')
const forget = expectGone(`servers in ${dataDir}`)
let postgres: RunningPostgres
let temporal: RunningTemporalServer
let portal: OwnPortal
let scene: Scene
/** Stands still where it is told; it goes through everything that is done to it and to the servers. */
let worker: WorkerProcess
/** How a merge, an undo, and a campaign, that nobody disturbed end. */
const undisturbed = new Map<StoryName | 'a campaign', unknown>()
/** They wait for the portal all the time that the other tests kill everything. */
let waiting: { pair: RichPair; merge: number; handle: MergeHandle; steps: Map<string, unknown> }[]

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
afterAll(async () => {
  await worker?.end('SIGKILL')
  await scene?.close()
  await scene?.database.drop()
  await portal?.stop()
  await temporal?.stop()
  await postgres?.stop()
  removeDataDir(dataDir)
  forget()
}, 60_000)

/** PostgreSQL stops at once, as when its machine does, and starts again at the same address. */
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

/** Where merges stand when something is killed or frozen. */
const STANDS: [StoryName, string][] = [
  ['completed at once', 'before openMerge: commit'],
  ['completed at once', 'before transferLoans: commit'],
  ['completed at once', 'after transferHolds: commit'],
  ['completed at once', 'before retireRecord: commit'],
  ['completed at once', 'after syncPortalLinks: portal.meant'],
  ['completed at once', 'after syncPortalLinks: changeLink'],
  ['completed at once', 'before syncPortalLinks: commit'],
  ['undone', 'before takeBackMerge: commit'],
  ['undone', 'after takeBackMerge: commit'],
]

/** And where campaigns do when the servers are stopped under them. */
const CAMPAIGN_STANDS = ['before planBatch: commit', 'after mergeBatch: commit', 'after syncBatchPortal: changeLink']
let campaigns = 0

/** Starts those that stand there. Resolves when they do. */
async function campaignsThatStand(): Promise<{ all: DoomedCampaign[]; ended: Promise<unknown> }> {
  const all: DoomedCampaign[] = []
  for (const _ of CAMPAIGN_STANDS) all.push(await doomedCampaign(scene, ++campaigns))
  const names = all.map(({ campaign }) => `campaign ${campaign}`)
  worker.stopAt(Object.fromEntries(names.map((name, n) => [name, [CAMPAIGN_STANDS[n]!]])))
  const handles = await Promise.all(all.map(({ campaign }) => startCampaign(scene, campaign)))
  const stood = (said: Said[]) => said.filter(({ removed, stopped }) => stopped && names.includes(String(removed)))
  await worker.until('at every point', (said) => stood(said).length === names.length, stood)
  return { all, ended: Promise.all(handles.map((handle) => handle.result())) }
}

/** Tells them until all stand. */
async function tellUntilTheyStand(more: RichPair[] = [], moreStand: Record<number, string[]> = {}) {
  const pairs = await scene.pairs(STANDS.length)
  const stopAt = Object.fromEntries(pairs.map(({ remove }, n) => [remove, [STANDS[n]?.[1] ?? '']]))
  const already = worker.said.length
  worker.stopAt({ ...stopAt, ...moreStand })
  const telling: Promise<Told>[] = pairs.map((pair, n) => STORIES[STANDS[n]?.[0] ?? 'undone'].tell(scene, pair))
  for (const told of telling) told.catch(() => {})
  const handles = await Promise.all(more.map((pair) => scene.start(pair)))
  const all = pairs.length + more.length
  const stood = (said: Said[]) =>
    said.slice(already).flatMap(({ removed, stopped }) => (stopped ? { removed, stopped } : []))
  await worker.until('at every point', (said) => stood(said).length === all, stood)
  return { pairs, telling, handles, stood: stood(worker.said) }
}

async function expectEndsOf(pairs: RichPair[], without: Record<string, unknown> = {}): Promise<void> {
  const ends = await endsOf(scene.database, portal, pairs)
  for (const [n, [story, point]] of STANDS.entries()) {
    const end = { ...(ends[n] as object), ...without }
    expect({ point, end }).toEqual({ point, end: { ...(undisturbed.get(story) as object), ...without } })
  }
}

/** What a frozen worker was given at the portal three times waits for a minute then: a person does not. */
async function hurry(pairs: RichPair[], until: Promise<unknown>): Promise<void> {
  let done = false
  void until.finally(() => (done = true)).catch(() => {})
  while (!done) {
    const { rows } = await scene.database.pool.query<{ id: string }>(
      `select coalesce(u.workflow_id, m.workflow_id) as id from merge m left join undo u on u.merge = m.id
       where m.removed = any($1) and m.portal = 'waiting'`,
      [pairs.map(({ remove }) => remove)],
    )
    const ask = (id: string) =>
      scene.client.workflow.getHandle(id).executeUpdate(retryPortal, { args: [{ by: 'mia' }] })
    // it may have ended meanwhile
    await Promise.all(rows.map(({ id }) => ask(id).catch(() => {})))
    await sleep(500)
  }
}

test('undisturbed, for comparing; and two merges wait for the portal from now on', async () => {
  worker = await startWorkerProcess({ ...scene.env, POLLS: '1' }, {})
  const pairs = await scene.pairs(4)
  const stories = ['completed at once', 'undone'] as const
  await Promise.all(stories.map((story, n) => STORIES[story].tell(scene, pairs[n] as RichPair)))
  const ends = await endsOf(scene.database, portal, pairs.slice(0, 2))
  stories.forEach((story, n) => undisturbed.set(story, ends[n]))
  const one = await doomedCampaign(scene, ++campaigns)
  await (await startCampaign(scene, one.campaign)).result()
  undisturbed.set('a campaign', await endOfCampaign(scene, one))

  waiting = await Promise.all(
    pairs.slice(2).map(async (pair) => {
      await portal.behave({ mode: 'down', account: pair.account })
      const handle = await scene.start(pair)
      await scene.waits(handle)
      return { pair, handle, merge: await scene.shown(pair, 'waiting-for-portal'), steps: new Map<string, unknown>() }
    }),
  )
  const steps = await finishedSteps(scene.database.pool)
  for (const one of waiting) one.steps = ofMerge(steps, one.merge)
  expect(waiting.map((one) => one.steps.size)).toEqual([12, 12])
}, 120_000)

test('a worker that is frozen past its timeouts, while another finishes, undoes, doubles and fails nothing when it goes on', async () => {
  const [given] = await scene.pairs(1)
  const abandoned = given as RichPair
  const frozen = await tellUntilTheyStand([abandoned], { [abandoned.remove]: ['before transferCards: commit'] })
  worker.signal('SIGSTOP')
  const another = await startWorkerProcess(scene.env, undefined, ['desk', 'portal'])
  const told = Promise.all([...frozen.telling, frozen.handles[0]?.executeUpdate(abandon, { args: [{ by: 'mia' }] })])
  await Promise.all([told, hurry(frozen.pairs, told)])
  await expectEndsOf(frozen.pairs, { commands: 'some were hurried' })
  expect((await frozen.handles[0]?.result())?.status).toBe('abandoned')

  const all = [...frozen.pairs, abandoned]
  const before = [await endsOf(scene.database, portal, all), await finishedSteps(scene.database.pool)]
  const stood = frozen.stood.map(({ removed, stopped }) => `${removed} ${/^\w+ (.*):/.exec(stopped)?.[1]}`)
  const already = worker.said.length
  worker.signal('SIGCONT')
  worker.goOn()
  const notEnded = () => {
    const ended = new Set(worker.said.slice(already).map((one) => `${one.removed} ${one.ended}`))
    return stood.filter((one) => !ended.has(one))
  }
  await worker.until('through with what it stood at', () => notEnded().length === 0, notEnded)
  expect([await endsOf(scene.database, portal, all), await finishedSteps(scene.database.pool)]).toEqual(before)
  expect(await another.end()).toBe(0)
}, 120_000)

test.each([
  ['PostgreSQL is stopped at once', restartPostgres],
  ['the Temporal server is killed', restartTemporal],
])(
  '%s and started again in the middle of merges, undos and campaigns: they end as if nothing had happened',
  async (_, restart) => {
    const running = await campaignsThatStand()
    const { pairs, telling } = await tellUntilTheyStand()
    const before = await finishedSteps(scene.database.pool)
    await restart()
    worker.goOn()
    await Promise.all([...telling, running.ended])
    await expectEndsOf(pairs)
    for (const one of running.all) expect(await endOfCampaign(scene, one)).toEqual(undisturbed.get('a campaign'))
    expect(await same(before)).toEqual(before)
  },
  120_000,
)

test('a merge that waits for the portal survives restarts of everything, and completes within a minute of the portal’s return, or at once when told to', async () => {
  expect(await worker.end()).toBe(0)
  await portal.stop({ keepDatabase: true })
  await Promise.all([restartPostgres(), restartTemporal()])
  expect(await scene.shown((waiting[0] as (typeof waiting)[0]).pair, 'waiting-for-portal')).toBeGreaterThan(0)
  portal = await startPortal(portal.databaseUrl)
  const returned = Date.now()
  const env = { ...scene.env, PORTAL_URL: portal.url, PORTAL_TOKEN: portal.token }
  worker = await startWorkerProcess(env, undefined, ['desk', 'portal'])
  const [byItself, told] = waiting as [(typeof waiting)[0], (typeof waiting)[0]]
  expect(await told.handle.executeUpdate(retryPortal, { args: [{ by: 'mia' }] })).toBe('completed')
  expect((await byItself.handle.result()).status).toBe('completed')
  // a minute, and what the attempt itself takes
  expect(Date.now() - returned).toBeLessThan(75_000)
  const steps = await finishedSteps(scene.database.pool)
  for (const { merge, steps: before } of waiting) {
    const now = ofMerge(steps, merge)
    expect(new Map([...before.keys()].map((at) => [at, now.get(at)]))).toEqual(before)
  }
  const ends = (await endsOf(
    scene.database,
    portal,
    waiting.map(({ pair }) => pair),
  )) as { links: string[] }[]
  expect(ends[0]?.links).toEqual((undisturbed.get('completed at once') as { links: string[] }).links)
  expect(await worker.end()).toBe(0)
}, 120_000)

function ofMerge(steps: Map<string, unknown>, merge: number): Map<string, unknown> {
  return new Map([...steps].filter(([at]) => at.startsWith(`${merge} `)))
}

/** The rows of the ledger that were there before, as they are now. */
async function same(before: Map<string, unknown>): Promise<Map<string, unknown>> {
  const now = await finishedSteps(scene.database.pool)
  return new Map([...before.keys()].map((at) => [at, now.get(at)]))
}
