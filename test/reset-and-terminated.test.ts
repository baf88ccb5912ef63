import { hasWorkflow, operate } from '../src/temporal/operate'
import { abandon, giveWay, resume, retryPortal, skipPortal } from '../src/workflows/messages'
import { freshDatabase, type TestDatabase } from './support/database'
import { portalOfProcess, type TestPortal } from './support/portal'
import { endsOf, finishedSteps, type RichPair } from './support/richPair'
import { openScene, type Scene } from './support/scene'
import { STORIES, type StoryName, type Told } from './support/stories'
import { startWorkerProcess, type WorkerProcess } from './support/workers'

type Handle = Told['handle']
type End = Record<string, unknown>

let database: TestDatabase
let portal: TestPortal
let scene: Scene
let worker: WorkerProcess
/** How a merge, an undo, and a merge that is abandoned end that nobody disturbed. */
const undisturbed = new Map<StoryName, End>()

beforeAll(async () => {
  database = await freshDatabase()
  portal = await portalOfProcess()
  scene = await openScene({ database, portal })
  const env = { ...scene.env, KEEP_TRANSACTIONS: 'open' }
  worker = await startWorkerProcess(env, {}, ['desk', 'portal'])
  // where the command line looks for the workers
  process.env.TASK_QUEUE_PREFIX = scene.queuePrefix
  const stories = ['completed at once', 'undone', 'a step failed, then abandoned'] as const
  const pairs = await scene.pairs(stories.length)
  await Promise.all(stories.map((story, n) => STORIES[story].tell(scene, pairs[n] as RichPair)))
  const ends = await endsOf(database, portal, pairs)
  stories.forEach((story, n) => undisturbed.set(story, ends[n] as End))
}, 120_000)
afterAll(async () => {
  delete process.env.TASK_QUEUE_PREFIX
  await worker?.end('SIGKILL')
  await scene?.close()
  await database?.drop()
})

async function newPair(): Promise<RichPair> {
  const [pair] = await scene.pairs(1)
  if (!pair) throw new Error('no pair')
  return pair
}

async function end(pair: RichPair): Promise<End> {
  const [found] = await endsOf(database, portal, [pair])
  return found as End
}

/** The ledger of one merge, with the transaction that wrote each row. */
async function ledger(merge: number): Promise<Map<string, unknown>> {
  return new Map([...(await finishedSteps(database.pool))].filter(([at]) => at.startsWith(`${merge} `)))
}

async function mergeOf({ remove }: RichPair): Promise<number> {
  const { rows } = await database.pool.query<{ id: number }>(`select id from merge where removed = $1`, [remove])
  expect(rows).toHaveLength(1)
  return rows[0]?.id ?? 0
}

/** Starts a merge, or a merge and then its undo, and waits until that stands at a point. */
async function standsAt(point: string, pair: RichPair): Promise<Handle> {
  const ofUndo = /takeBack|openUndo|revert/i.test(point)
  const merge = ofUndo ? (await (await scene.start(pair)).result()).id : null
  worker.stopAt({ [pair.remove]: [point] })
  const handle = merge === null ? await scene.start(pair) : await scene.startUndo(merge)
  await worker.until(`at ${point}`, (said) =>
    said.some(({ removed, stopped }) => removed === pair.remove && stopped === point),
  )
  return handle
}

const IN_THE_MIDDLE: [string, StoryName][] = [
  ['before openMerge: commit', 'completed at once'],
  ['before transferLoans: commit', 'completed at once'],
  ['after retireRecord: commit', 'completed at once'],
  ['after syncPortalLinks: portal.meant', 'completed at once'],
  ['before openUndo: commit', 'undone'],
  ['before takeBackMerge: commit', 'undone'],
  ['after takeBackMerge: commit', 'undone'],
  ['after revertPortalLinks: changeLink', 'undone'],
]

test.each(IN_THE_MIDDLE)('reset to its beginning, %s: the same merge, no step twice', async (point, story) => {
  const pair = await newPair()
  const handle = await standsAt(point, pair)
  await reset(handle)
  worker.goOn()
  const { status } = (await scene.client.workflow.getHandle(handle.workflowId).result()) as { status: string }
  expect(status).toBe(undisturbed.get(story)?.status ?? (story === 'undone' ? 'undone' : 'completed'))
  expect(await end(pair)).toEqual(undisturbed.get(story))
})

test.each(IN_THE_MIDDLE.filter(([point]) => !/open\w+: commit/.test(point)))(
  'terminated %s, then resumed: it ends as if nothing had happened, no step twice',
  async (point, story) => {
    const pair = await newPair()
    const handle = await standsAt(point, pair)
    await handle.terminate('by hand')
    const merge = await mergeOf(pair)
    const before = await ledger(merge)
    worker.goOn()
    expect(await askAgain(pair, merge, story === 'undone', 'resume')).toMatchObject({ is: 'done' })
    await scene.shown(pair, story === 'undone' ? 'undone' : 'completed')
    const { commands: _, ...ended } = await end(pair)
    const { commands: _theirs, ...wanted } = undisturbed.get(story) ?? {}
    expect(ended).toEqual(wanted)
    const after = await ledger(merge)
    expect(new Map([...before.keys()].map((at) => [at, after.get(at)]))).toEqual(before)
  },
)

test.each(['completed at once', 'undone'] as const)(
  'reset when it has ended (%s): it reports what it did',
  async (story) => {
    const pair = await newPair()
    const { handle, report } = await STORIES[story].tell(scene, pair)
    const before = await ledger(await mergeOf(pair))
    await reset(handle)
    expect(await scene.client.workflow.getHandle(handle.workflowId).result()).toEqual(report)
    expect(await ledger(await mergeOf(pair))).toEqual(before)
    expect(await end(pair)).toEqual(undisturbed.get(story))
  },
)

test('reset while it waits for the portal, and terminated then: it goes on to wait, and completes when told to', async () => {
  const pair = await newPair()
  await portal.behave({ mode: 'down', account: pair.account })
  const handle = await scene.start(pair)
  await scene.waits(handle)
  const merge = await mergeOf(pair)
  const before = await ledger(merge)
  await reset(handle)
  const again = scene.client.workflow.getHandle(handle.workflowId)
  await scene.waits(again as never)
  await again.terminate('by hand')
  await portal.behave({ mode: 'ok', account: pair.account })
  expect(await askAgain(pair, merge, false, 'retry-portal')).toEqual({ is: 'done', status: 'completed' })
  const after = await ledger(merge)
  expect(new Map([...before.keys()].map((at) => [at, after.get(at)]))).toEqual(before)
})

test('abandoned while its steps are running: both records are as they were, whatever the steps do then', async () => {
  const pair = await newPair()
  const handle = await standsAt('before transferLoans: commit', pair)
  const asked = handle.executeUpdate(abandon, { args: [{ by: 'mia' }] })
  await worker.until('asked', (said) =>
    said.some(({ removed, event }) => removed === pair.remove && event === 'noteCommand abandon: command.record'),
  )
  worker.goOn()
  await asked
  expect((await handle.result()).status).toBe('abandoned')
  const { rows, lines, feed, notes, commands } = await end(pair)
  const wanted = undisturbed.get('a step failed, then abandoned') ?? {}
  expect({ rows, lines, feed, notes, commands }).toEqual({
    rows: wanted.rows,
    lines: wanted.lines,
    feed: wanted.feed,
    notes: wanted.notes,
    commands: wanted.commands,
  })
})

/** As the button *Reset* does it: to the first workflow task, nothing of what came then is kept but updates. */
async function reset(handle: Handle): Promise<void> {
  const { events } = await handle.fetchHistory()
  const COMPLETED = 7
  const first = events?.find(({ eventType }) => Number(eventType) === COMPLETED)
  await scene.client.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId: handle.workflowId },
    reason: 'by hand',
    requestId: `${handle.workflowId}/reset`,
    workflowTaskFinishEventId: first?.eventId ?? null,
  })
}

async function askAgain({ keep, remove }: RichPair, merge: number, undo: boolean, what: 'resume' | 'retry-portal') {
  const ids = undo
    ? `select workflow_id, first_run_id from undo where merge = $1`
    : `select workflow_id, first_run_id from merge where id = $1`
  const { rows } = await database.pool.query<{ workflow_id: string; first_run_id: string }>(ids, [merge])
  const row = rows[0]
  const asked = {
    id: merge,
    kept: keep,
    removed: remove,
    workflowId: row?.workflow_id ?? null,
    firstRunId: row?.first_run_id ?? null,
    undo,
  }
  const alive = await hasWorkflow(scene.client, asked)
  expect(alive).toBe(false)
  return operate(scene.client, asked, what, { by: 'mia' }, alive)
}

/** What may be asked when; everything else is refused at once and leaves no trace. */
const TAKEN: Record<string, string[]> = {
  opening: [],
  database: ['abandon'],
  attention: ['resume', 'abandon'],
  portal: ['retryPortal', 'skipPortal', 'giveWay'],
  'opening of an undo': [],
  'database of an undo': [],
  'attention of an undo': ['resume', 'abandon'],
  'portal of an undo': ['retryPortal', 'skipPortal'],
}
/** Brings a merge, or an undo, there. */
const THERE: Record<keyof typeof TAKEN, (pair: RichPair) => Promise<Handle>> = {
  opening: (pair) => standsAt('before openMerge: commit', pair),
  database: (pair) => standsAt('before transferLoans: commit', pair),
  async attention(pair) {
    await scene.refuse(pair.remove, true)
    const handle = await scene.start(pair)
    await scene.shown(pair, 'needs-attention')
    await scene.refuse(pair.remove, false)
    return handle
  },
  async portal(pair) {
    await portal.behave({ mode: 'refuse', account: pair.account })
    const handle = await scene.start(pair)
    await scene.shown(pair, 'needs-attention')
    await portal.behave({ mode: 'ok', account: pair.account })
    return handle
  },
  'opening of an undo': (pair) => standsAt('before openUndo: commit', pair),
  'database of an undo': (pair) => standsAt('before takeBackMerge: commit', pair),
  async 'attention of an undo'(pair) {
    const { id } = await (await scene.start(pair)).result()
    await scene.refuse(pair.keep, true)
    const handle = await scene.startUndo(id ?? 0)
    await scene.shown(pair, 'needs-attention')
    await scene.refuse(pair.keep, false)
    return handle
  },
  async 'portal of an undo'(pair) {
    const { id } = await (await scene.start(pair)).result()
    await portal.behave({ mode: 'refuse', account: pair.account })
    const handle = await scene.startUndo(id ?? 0)
    await scene.shown(pair, 'needs-attention')
    await portal.behave({ mode: 'ok', account: pair.account })
    return handle
  },
}
const ASKED: Record<string, unknown> = {
  [resume.name]: { by: 'mia' },
  [abandon.name]: { by: 'mia' },
  [retryPortal.name]: { by: 'mia' },
  [skipPortal.name]: { by: 'mia', reason: 'why not' },
  [giveWay.name]: null,
}

async function answer(handle: Handle, name: string, asked: unknown): Promise<string> {
  return handle.executeUpdate(name, { args: [asked] }).then(
    () => 'taken',
    (error: { name: string; cause?: { type?: string; message?: string } }) =>
      error.cause?.type ?? error.cause?.message ?? error.name,
  )
}

test.each(Object.keys(TAKEN))(
  '%s: what makes no sense is refused at once, and leaves nothing in the history',
  async (phase) => {
    const taken = TAKEN[phase] ?? []
    const pair = await newPair()
    const handle = await (THERE[phase] as (pair: RichPair) => Promise<Handle>)(pair)
    const merge = phase.includes('undo') || !phase.includes('opening') ? await mergeOf(pair) : 0
    for (const [name, asked] of Object.entries(ASKED).filter(([one]) => !taken.includes(one))) {
      const said = await answer(handle, name, name === 'giveWay' ? merge : asked)
      expect({ name, said }).toEqual({
        name,
        said: expect.stringMatching(/^not-waiting$|^Error$/),
      })
    }
    const { events } = await handle.fetchHistory()
    const kept = events?.filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes)
    expect(kept).toEqual([])
    worker.goOn()
    const [last] = taken.filter((name) => name !== 'abandon')
    if (last !== undefined) expect(await answer(handle, last, ASKED[last])).toBe('taken')
    await handle.result()
    for (const name of Object.keys(ASKED)) expect(await answer(handle, name, ASKED[name])).toMatch(/NotFound/)
  },
)

test('asked of the portal’s part while an existing merge is taken up whose step fails again: turned down, and in nobody’s way', async () => {
  const pair = await newPair()
  await scene.refuse(pair.remove, true)
  const first = await scene.start(pair)
  const merge = await scene.shown(pair, 'needs-attention')
  await first.terminate('by hand')
  worker.stopAt({ [pair.remove]: ['before openMerge: merge.takenUp'] })
  const handle = await scene.start(pair, { merge })
  await worker.until('there', (said) =>
    said.some(({ removed, stopped }) => removed === pair.remove && stopped !== undefined),
  )
  // accepted: nothing is known of the merge yet
  const asked = await handle.startUpdate(retryPortal, { args: [{ by: 'mia' }], waitForStage: 'ACCEPTED' })
  worker.goOn()
  await expect(asked.result()).rejects.toMatchObject({ cause: { type: 'not-waiting' } })
  await scene.refuse(pair.remove, false)
  expect(await answer(handle, resume.name, { by: 'mia' })).toBe('taken')
  expect((await handle.result()).status).toBe('completed')
})
