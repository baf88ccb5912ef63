import type { QueueName } from '../src/workflows/names'
import { startCampaign, type CampaignHandle } from './support/campaigns'
import { freshDatabase, type TestDatabase } from './support/database'
import { doomedCampaign, endOfCampaign, type DoomedCampaign } from './support/doomedCampaigns'
import { pointsAfter, pointsBefore } from './support/killPoints'
import { portalOfProcess, type TestPortal } from './support/portal'
import { openScene, type Scene } from './support/scene'
import { startWorkerProcess, type WorkerProcess } from './support/workers'

/** What such a campaign commits and asks the portal. */
const EVENTS = [
  'beginCampaign: commit',
  'noteCampaignStarter: steer.startedBy',
  'planBatch: commit',
  'mergeBatch: commit',
  'mergeBatch: commit 2',
  'mergeBatch: batch.setAside',
  'mergeBatch: commit 3',
  'mergeBatch: commit 4',
  'mergeBatch: commit 5',
  'mergeBatch: commit 6',
  'mergeBatch: commit 7',
  'mergeBatch: commit 8',
  'syncBatchPortal: linksTo',
  'syncBatchPortal: linksTo 2',
  'syncBatchPortal: portal.addIntents',
  'syncBatchPortal: portal.meant',
  'syncBatchPortal: changeLink',
  'syncBatchPortal: portal.intentDone',
  'syncBatchPortal: linksTo 3',
  'syncBatchPortal: commit',
  'syncBatchPortal: portalStands.refused',
  'syncBatchPortal: portalStands.waits',
  'syncBatchPortal: batchPortal.tried',
  'mergeBatch 2: commit',
  'mergeBatch 2: commit 2',
  'settleCampaign: steer.settled',
]
/** They come last: others wait for it, until the server ends what stands in a transaction for 0.8 s. */
const HOLDS_THE_FEED = /^before mergeBatch( 2)?: commit/
/** Its workers serve no desk. */
const QUEUES: QueueName[] = ['campaign', 'portal']

let database: TestDatabase
let portal: TestPortal
let scene: Scene
let worker: WorkerProcess
let count = 0
let undisturbed: unknown

beforeAll(async () => {
  ;[database, portal] = await Promise.all([freshDatabase(), portalOfProcess()])
  scene = await openScene({ database, portal })
})
afterAll(async () => {
  // of a test that failed
  await worker?.end('SIGKILL')
  await scene?.close()
  await database?.drop()
})

const newOne = (): Promise<DoomedCampaign> => doomedCampaign(scene, ++count)
const endOf = (one: DoomedCampaign): Promise<unknown> => endOfCampaign(scene, one)

test('undisturbed, for comparing: every pair has its outcome; and the points are all that there are', async () => {
  const one = await newOne()
  worker = await startWorkerProcess(scene.env, {}, QUEUES)
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
  // how often it looks, what of the second portal part comes before what, and whether the first one's target is merged on
  // meanwhile (then it looks once more), is not the same each time
  const other = /^(planBatch \d+|syncBatchPortal \d+): |^syncBatchPortal: .* \d+$/
  expect([...new Set(events)].filter((event) => !other.test(event) || EVENTS.includes(event)).sort()).toEqual(
    [...EVENTS].sort(),
  )
}, 60_000)

test('campaigns are killed at every point, and another worker brings each to its end: everything merged, and told, once', async () => {
  const events = [...EVENTS, 'planBatch 2: commit', 'syncBatchPortal 2: batchPortal.tried']
  const points = [...pointsBefore(events), ...pointsAfter(events)]
  const doomed: (DoomedCampaign & { point: string })[] = []
  for (const point of points) doomed.push({ ...(await newOne()), point })
  worker.stopAt(Object.fromEntries(doomed.map(({ campaign, point }) => [`campaign ${campaign}`, [point]])))
  const handles: CampaignHandle[] = []
  const tellUntilTheyStand = async (holdsTheFeed: boolean) => {
    const theirs = doomed.filter(({ point }) => HOLDS_THE_FEED.test(point) === holdsTheFeed)
    for (const { campaign } of theirs) handles.push(await startCampaign(scene, campaign))
    const missing = () => {
      const stood = new Set(worker.said.flatMap(({ removed, stopped }) => (stopped ? [removed] : [])))
      return theirs.filter(({ campaign }) => !stood.has(`campaign ${campaign}`)).map(({ point }) => point)
    }
    await worker.until('at every point', () => missing().length === 0, missing)
  }
  await tellUntilTheyStand(false)
  await tellUntilTheyStand(true)
  await worker.end('SIGKILL')
  worker = await startWorkerProcess(scene.env, undefined, QUEUES)
  await Promise.all(handles.map((handle) => handle.result()))
  const ends = []
  for (const one of doomed) ends.push({ point: one.point, end: await endOf(one) })
  expect(ends).toEqual(points.map((point) => ({ point, end: undisturbed })))
  expect(await worker.end()).toBe(0)
}, 300_000)
