import type { QueueName } from '../src/workflows/names'
import { freshDatabase, type TestDatabase } from './support/database'
import { pointsAfter, pointsBefore } from './support/killPoints'
import { portalOfProcess, type TestPortal } from './support/portal'
import { endsOf, finishedSteps, type RichPair } from './support/richPair'
import { openScene, type Scene } from './support/scene'
import { STORIES, type StoryName, type Told } from './support/stories'
import { startWorkerProcess, type Said, type WorkerProcess } from './support/workers'

/**
 * What a merge commits and asks the portal, in each way that it can go; of the later ways only what the earlier ones have
 * not. The worker is killed before and after each: every point once.
 */
const EVENTS: [StoryName, string[]][] = [
  [
    'completed at once',
    [
      'openMerge: merge.create',
      'openMerge: commit',
      'transferLoans: commit',
      'transferHolds: commit',
      'transferLoanHistory: commit',
      'transferFees: commit',
      'transferContacts: commit',
      'transferMessages: commit',
      'transferCards: commit',
      'transferSubscriptions: commit',
      'transferDetails: commit',
      'applyInternetBlock: commit',
      'retireRecord: commit',
      'noteStarter merge: merge.startedBy',
      'syncPortalLinks: linksTo',
      'syncPortalLinks: linksTo 2',
      'syncPortalLinks: portal.addIntents',
      'syncPortalLinks: portal.meant',
      'syncPortalLinks: changeLink',
      'syncPortalLinks: portal.intentDone',
      'syncPortalLinks: portal.meant 2',
      'syncPortalLinks: changeLink 2',
      'syncPortalLinks: removeLink',
      'syncPortalLinks: portal.intentDone 2',
      'syncPortalLinks: linksTo 3',
      'syncPortalLinks: commit',
    ],
  ],
  ['refused, since nothing was accepted', ['openMerge: commit']],
  [
    'waited for the portal, then told to try',
    ['notePortal waiting retired: merge.portal', 'noteCommand retry-portal: command.record'],
  ],
  [
    'refused by the portal, given up',
    [
      'syncPortalLinks: portal.intentDeclined',
      'syncPortalLinks: portal.intentDeclined 2',
      'notePortal refused retired: merge.portal',
      'skipPortal: commit',
    ],
  ],
  [
    'a step failed, then resumed',
    [
      'noteAttention step-failed: merge.attention',
      'noteCommand resume: command.record',
      'noteAttention no longer: merge.attention',
    ],
  ],
  ['a step failed, then abandoned', ['noteCommand abandon: command.record', 'abandonMerge: commit']],
  ['terminated while it waited, taken up again', ['openMerge: merge.takenUp']],
  [
    'undone',
    [
      'openUndo: commit',
      'takeBackMerge: commit',
      'noteStarter undo: undo.startedBy',
      'revertPortalLinks: changeLink',
      'revertPortalLinks: undo.intentsReverted',
      'revertPortalLinks: linksTo',
      'revertPortalLinks: addLink',
      'revertPortalLinks: undo.intentsReverted 2',
      'revertPortalLinks: commit',
    ],
  ],
  ['undo waited for the portal, then told to try', ['notePortal waiting undone: merge.portal']],
  ['undo refused by the portal, given up', ['notePortal refused undone: merge.portal', 'skipUndoPortal: commit']],
  ['undo failed, then resumed', ['noteAttention undo-failed: merge.attention']],
  ['undo failed, then abandoned', ['abandonUndo: undo.forget']],
  ['undo terminated while it waited, taken up again', ['openUndo again: commit']],
]
/**
 * There it holds what other merges need for a moment too, the next free number of a message, or the feed's counter: they come
 * last, and one of each in a kill.
 */
const LAST = [
  ['before skipUndoPortal: commit', 'before takeBackMerge: commit'],
  ['before skipPortal: commit', 'before retireRecord: commit'],
] as const
/** What runs side by side stands side by side, in one merge. */
const TOGETHER = [/^\w+ transfer\w+: commit$/, /^\w+ (noteStarter merge: merge.startedBy|syncPortalLinks: linksTo)$/]

/** Its workers run no campaigns. */
const QUEUES: QueueName[] = ['desk', 'portal']
/** More on their way at a time only wait for each other. */
const AT_ONCE = 10
/** What stands keeps its transaction, as one does that is killed in it. */
const OPEN = { KEEP_TRANSACTIONS: 'open', DATABASE_CONNECTIONS: '100' }

interface Doomed {
  story: StoryName
  /** Where its worker is killed. */
  points: string[]
}
const DOOMED = EVENTS.flatMap(([story, events]) => [
  ...doomed(story, pointsBefore(events)),
  ...doomed(story, pointsAfter(events)),
])

function doomed(story: StoryName, points: string[]): Doomed[] {
  const together = TOGETHER.map((ones) => points.filter((point) => ones.test(point))).filter(({ length }) => length > 0)
  const alone = points.filter((point) => !together.flat().includes(point)).map((point) => [point])
  return [...together, ...alone].map((stands) => ({ story, points: stands }))
}

let database: TestDatabase
let portal: TestPortal
let scene: Scene
/** By story, the end of one that nobody disturbed, and what its worker said. */
const undisturbed = new Map<StoryName, { status: string | undefined; end: unknown; said: Said[] }>()
/** In the order of DOOMED. */
let pairs: RichPair[]
const telling: Promise<Told>[] = []
const killed: { status: string; end: unknown }[] = []
const ledger = { atTheKills: new Map<string, unknown>(), atTheEnd: new Map<string, unknown>() }

beforeAll(async () => {
  database = await freshDatabase()
  portal = await portalOfProcess()
  scene = await openScene({ database, portal })
})
afterAll(async () => {
  await scene?.close()
  await database?.drop()
})

test('merges are killed at every point, and another worker brings each to the end that its story has', async () => {
  pairs = await scene.pairs(DOOMED.length)
  await tellUndisturbed()
  const stopAt = stopsAt(DOOMED.flatMap(({ points }) => points))
  const worker = await startWorkerProcess({ ...OPEN, ...scene.env }, stopAt, QUEUES)
  await tellTo(worker, (points) => !LAST.flat().some((point) => points.includes(point)))
  for (const last of LAST[1]) await tellTo(worker, (points) => points.includes(last))
  await kill(worker)
  const next = await startWorkerProcess(scene.env, undefined, QUEUES)
  try {
    const told = await Promise.all(telling)
    const ends = await endsOf(database, portal, pairs)
    told.forEach(({ report }, n) => killed.push({ status: report.status, end: ends[n] }))
  } finally {
    await next.end()
  }
  ledger.atTheEnd = await finishedSteps(database.pool)
  expect(killed.map(({ status }) => status)).toEqual(DOOMED.map(({ story }) => undisturbed.get(story)?.status))
}, 600_000)

/** Those that nobody disturbs, one a story; then the worker is killed at the first of the last. */
async function tellUndisturbed(): Promise<void> {
  const worker = await startWorkerProcess({ ...OPEN, ...scene.env }, stopsAt(LAST[0]), QUEUES)
  const theirs = await scene.pairs(EVENTS.length)
  const told = await Promise.all(theirs.map((pair, n) => STORIES[storyAt(n)].tell(scene, pair)))
  for (const last of LAST[0]) await tellTo(worker, (points) => points.includes(last))
  await kill(worker)
  const ends = await endsOf(database, portal, theirs)
  for (const [n, { remove }] of theirs.entries()) {
    const said = worker.said.filter(({ removed }) => removed === remove)
    undisturbed.set(storyAt(n), { said, status: told[n]?.report.status, end: ends[n] })
  }
}

function storyAt(n: number): StoryName {
  return EVENTS[n]?.[0] ?? 'completed at once'
}

/** Where a worker stops, of these points; those of the kill before have been reached. */
function stopsAt(points: readonly string[]): Record<number, string[]> {
  return Object.fromEntries(
    pairs.map(({ remove }, n) => [remove, (DOOMED[n]?.points ?? []).filter((point) => points.includes(point))]),
  )
}

/** Tells the stories of these, each until it stands at its points. */
async function tellTo(worker: WorkerProcess, isTheirTurn: (points: string[]) => boolean): Promise<void> {
  const turn = DOOMED.map((one, n) => ({ ...one, n, pair: pairs[n] as RichPair })).filter((one) =>
    isTheirTurn(one.points),
  )
  const begun: typeof turn = []
  const notReached = (said: Said[]) => {
    const reached = new Set(said.map(({ removed, stopped }) => `${removed} ${stopped}`))
    return begun.filter(({ points, pair }) => !points.every((point) => reached.has(`${pair.remove} ${point}`)))
  }
  const until = (left: number) =>
    worker.until(
      'at every point',
      (said) => notReached(said).length <= left,
      (said) => notReached(said).map(({ points }) => points),
    )
  for (const one of turn) {
    await until(AT_ONCE - 1)
    telling[one.n] = STORIES[one.story].tell(scene, one.pair)
    // told on when its worker has been killed
    telling[one.n]?.catch(() => {})
    begun.push(one)
  }
  await until(0)
}

async function kill(worker: WorkerProcess): Promise<void> {
  await worker.end('SIGKILL')
  // what the dead one had open is rolled back as soon as the server sees that it is gone
  const asked = `select count(*)::int as left from pg_stat_activity where datname = current_database() and application_name = 'ontdubbel worker'`
  while ((await database.pool.query<{ left: number }>(asked)).rows[0]?.left !== 0);
  for (const [at, row] of await finishedSteps(database.pool)) ledger.atTheKills.set(at, row)
}

test('the points are all that there are: before and after whatever a merge commits and asks the portal', () => {
  const known = new Set<string>()
  const news = EVENTS.map(([story]) => {
    const events = new Set(undisturbed.get(story)?.said.flatMap(({ event }) => event ?? []))
    const fresh = [...events].filter((event) => !known.has(event))
    for (const event of fresh) known.add(event)
    return [story, fresh.sort()]
  })
  const named = new Set<string>()
  const listed = EVENTS.map(([story, events]) => {
    const fresh = events.filter((event) => !named.has(event))
    for (const event of fresh) named.add(event)
    return [story, fresh.sort()]
  })
  expect(news).toEqual(listed)
})

test('every table has rows on both sides, so that each step has something to lose', () => {
  const { rows, steps } = undisturbed.get('completed at once')?.end as {
    rows: Record<string, unknown[]>
    steps: { step: string; counts: Record<string, number> }[]
  }
  expect(Object.entries(rows).filter(([, all]) => all.length < 2)).toEqual([])
  const idle = steps.filter(({ counts }) => Object.values(counts).every((count) => count === 0))
  expect(idle.map(({ step }) => step)).toEqual(['retireRecord'])
})

test.each(DOOMED.map(({ story, points }, n) => [points.join(', '), story, n] as const))(
  'killed %s (%s): it ends as if nothing had happened',
  (_, story, n) => {
    if (killed[n] === undefined) throw new Error('its end was never reached')
    expect(killed[n].end).toEqual(undisturbed.get(story)?.end)
  },
)

test('no step that was done before the kill was done, or written, again', () => {
  const { atTheKills, atTheEnd } = ledger
  expect(atTheKills.size).toBeGreaterThan(DOOMED.length)
  expect(new Map([...atTheKills.keys()].map((at) => [at, atTheEnd.get(at)]))).toEqual(atTheKills)
})
