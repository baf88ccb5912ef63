import { CALLS, usePortalPart } from './support/portalPart'
import { undoReport } from '../src/merges/undoReport'
import { errorOfStatus } from '../src/portal/errors'
import { AFTER, atEach, BEFORE, lateAt, linksOf, mergeOn, type PortalPair } from './support/portalPairs'
import { PASSING, passingWay, REFUSALS } from './support/portalWays'
import {
  expectDoneOfUndos,
  expectUndone,
  revert,
  takeBackPair,
  toldOfUndo,
  UNDO_CALLS,
  undonePairs,
  undoUntilDone,
} from './support/undonePart'

/** Undos with two attempts at once each. */
const AT_ONCE = 6

const part = usePortalPart()

test('an undisturbed undo makes these calls, and ends so', async () => {
  const [pair] = (await undonePairs(part, 1)) as [PortalPair]
  const calls: string[] = []
  const noting = atEach(part.portalClient, async (call) => void calls.push(call.operation))
  expect(await revert(part, pair, 1, noting)).toBeUndefined()
  expect(calls).toEqual(UNDO_CALLS)
  await expectUndone(part, pair)
  await expectDoneOfUndos(part, 1)
  // once more: there is nothing left to do, and nothing is told twice
  expect(await revert(part, pair, 2, noting)).toBeUndefined()
  expect(calls).toEqual(UNDO_CALLS)
  await expectUndone(part, pair)
})

describe.each(PASSING)('%s', (mode, means) => {
  const { failing, by, lateOnesCame, asItMeans } = passingWay(part, mode, means)

  test('at any one call: the activity is tried again, and the end is that of an undisturbed undo', async () => {
    const all = await undonePairs(part, UNDO_CALLS.length)
    for (const [number, pair] of all.entries()) {
      await failing(number)
      const failures = await undoUntilDone(part, pair, () => {}, by())
      // on a busy machine the impatient one may lose its patience once more
      if (mode === 'slow') failures.splice(1)
      expect(failures).toMatchObject([asItMeans])
    }
    await lateOnesCame()
    for (const pair of all) await expectUndone(part, pair)
    await expectDoneOfUndos(part, all.length)
  })

  test('at one call after the other, each attempt one further: the end is that of an undisturbed undo', async () => {
    const [pair] = (await undonePairs(part, 1)) as [PortalPair]
    const failures = await undoUntilDone(part, pair, (attempt) => failing(attempt - 1), by())
    expect(failures.length).toBeGreaterThan(1)
    for (const failure of failures) expect(failure).toMatchObject(asItMeans)
    await part.portal.behave({ mode: 'ok' })
    await lateOnesCame()
    await expectUndone(part, pair)
    await expectDoneOfUndos(part, 1)
  })
})

describe.each(REFUSALS)('%s', (mode, status) => {
  test('at any one call: it is not tried again; asked by a person it goes on, to the end of an undisturbed undo', async () => {
    const all = await undonePairs(part, UNDO_CALLS.length)
    for (const [number, pair] of all.entries()) {
      await part.portal.behave({ mode, skip: number, times: 1 })
      expect(await undoUntilDone(part, pair)).toMatchObject([
        { type: 'portal-refused', nonRetryable: true, details: [{ status }] },
      ])
      expect(await toldOfUndo(part, pair)).toMatchObject({ portalLinks: undefined, told: [] })
      expect(await undoUntilDone(part, pair)).toEqual([])
      await expectUndone(part, pair)
    }
    await expectDoneOfUndos(part, all.length)
  })
})

describe.each(REFUSALS.slice(1))('%s', (mode, status) => {
  test.each(['a', 'b', 'c'] as const)('for account %s alone: the others have their links back', async (letter) => {
    const [pair] = (await undonePairs(part, 1)) as [PortalPair]
    await part.portal.behave({ mode, account: pair.accounts[letter] })
    expect(await undoUntilDone(part, pair)).toMatchObject([{ type: 'portal-refused', details: [{ status }] }])
    expect(await linksOf(part.links, pair)).toEqual({ ...BEFORE, [letter]: AFTER[letter] })
    expect(await toldOfUndo(part, pair)).toMatchObject({ portalLinks: undefined, told: [] })
    await part.portal.behave({ mode: 'ok' })
    expect(await undoUntilDone(part, pair)).toEqual([])
    await expectUndone(part, pair)
    await expectDoneOfUndos(part, 1)
  })
})

test('a token that is refused is not tried with each link', async () => {
  const [pair] = (await undonePairs(part, 1)) as [PortalPair]
  await part.portal.behave({ mode: 'unauthorized' })
  const calls: string[] = []
  const noting = atEach(part.portalClient, async (call) => void calls.push(call.operation))
  expect(await revert(part, pair, 1, noting)).toMatchObject({ type: 'portal-refused', details: [{ status: 401 }] })
  expect(calls).toHaveLength(1)
})

test('an attempt that timed out but still runs, and is overtaken by the next before any call, changes nothing more', async () => {
  const all = await undonePairs(part, UNDO_CALLS.length)
  for (const [at, pair] of all.entries()) {
    const overtaken = atEach(part.portalClient, async ({ number }) => {
      if (number === at) expect(await revert(part, pair, 2)).toBeUndefined()
    })
    expect(await revert(part, pair, 1, overtaken)).toBeUndefined()
    await expectUndone(part, pair)
  }
  await expectDoneOfUndos(part, all.length)
})

test('two attempts side by side do each change once, and tell it once', async () => {
  const all = await undonePairs(part, AT_ONCE)
  for (const pair of all) {
    expect(await Promise.all([revert(part, pair, 1), revert(part, pair, 2)])).toEqual([undefined, undefined])
    await expectUndone(part, pair)
  }
  await expectDoneOfUndos(part, AT_ONCE)
})

test.each([
  ['', false],
  [', and the portal was busy when it was asked again,', true],
])(
  'a call of the merge, whose answer nobody waited for%s comes after the undo: every link stays where it belongs',
  async (_, busy) => {
    const all = await part.pairs(CALLS.length)
    for (const [at, pair] of all.entries()) {
      const late: (() => Promise<unknown>)[] = []
      const brokenOff = lateAt(part.portalClient, at, late)
      expect(await part.attemptOf(pair.merge, 1, brokenOff)).toMatchObject({ type: 'portal-unreachable' })
      if (busy) {
        const tooMany = atEach(part.portalClient, async ({ operation }) => {
          if (operation !== 'searchLinks') throw errorOfStatus(429)
        })
        await part.attemptOf(pair.merge, 2, tooMany)
      }
      await takeBackPair(part, pair)
      expect(await revert(part, pair, 1)).toBeUndefined()
      for (const call of late) await call().catch(() => {})
      expect({ at, ...(await linksOf(part.links, pair)) }).toEqual({ at, ...BEFORE })
    }
  },
)

describe('of two merges, one upon the other, both undone', () => {
  const NOTED = { status: 'undone', attention: null }

  /** Merged, merged on into a third, both done at the portal; and both undone in the database, the later one first. */
  async function chain(): Promise<{ pair: PortalPair; onward: { third: number; merge: number } }> {
    const [pair] = (await part.pairs(1)) as [PortalPair]
    expect(await part.untilDone(pair.merge)).toEqual([])
    const onward = await mergeOn(part.pool, pair)
    expect(await part.untilDone(onward.merge)).toEqual([])
    for (const { merge } of [onward, pair]) await takeBackPair(part, { ...pair, merge })
    return { pair, onward }
  }

  async function expectBothBack({ pair, onward }: Awaited<ReturnType<typeof chain>>): Promise<void> {
    expect(await linksOf(part.links, pair, { third: onward.third })).toEqual(BEFORE)
    for (const { merge } of [pair, onward]) {
      expect(await undoReport(part.pool, merge)).toMatchObject({ ...NOTED, told: [] })
    }
  }

  test.each([
    ['the later one', (pair: number, onward: number) => [onward, pair]],
    ['the earlier one', (pair: number, onward: number) => [pair, onward]],
  ])('%s comes to the portal first: all links are back', async (_, order) => {
    const two = await chain()
    for (const merge of order(two.pair.merge, two.onward.merge)) {
      expect(await revert(part, { ...two.pair, merge }, 1)).toBeUndefined()
    }
    await expectBothBack(two)
  })

  test('they come to the portal at once: all links are back', async () => {
    for (let n = 0; n < AT_ONCE; n++) {
      const two = await chain()
      const both = [two.pair.merge, two.onward.merge].map((merge) => revert(part, { ...two.pair, merge }, 1))
      expect(await Promise.all(both)).toEqual([undefined, undefined])
      await expectBothBack(two)
    }
  })

  test("the record between is merged anew before either comes to the portal: each link is its own person's", async () => {
    const { pair, onward } = await chain()
    const anew = await mergeOn(part.pool, pair)
    for (const { merge } of [onward, pair]) expect(await revert(part, { ...pair, merge }, 1)).toBeUndefined()
    expect(await part.untilDone(anew.merge)).toEqual([])
    const links = await linksOf(part.links, pair, { third: onward.third, fourth: anew.third })
    expect(links).toEqual({
      a: ['L1:removed'],
      b: ['L1:fourth', 'L1:removed'],
      c: ['L1:removed', 'L2:fourth', 'L3:removed'],
      d: [],
    })
  })
})

test('every call fails, again and again, in whatever way: no link is lost or doubled', async () => {
  const modes = PASSING.map(([mode]) => mode).filter((mode) => mode !== 'slow')
  const all = await undonePairs(part, modes.length)
  for (const [n, pair] of all.entries()) {
    let turn = n
    // each attempt fails in the next way, at a call that is one further every other time
    await undoUntilDone(part, pair, (attempt) =>
      part.portal.behave({ mode: modes[turn++ % modes.length], skip: Math.floor(attempt / 2), times: 1 }),
    )
    await part.portal.behave({ mode: 'ok' })
    await expectUndone(part, pair)
  }
  await expectDoneOfUndos(part, all.length)
})
