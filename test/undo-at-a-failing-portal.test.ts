import { usePortalPart } from './support/portalPart'
import { AFTER, atEach, BEFORE, linksOf, type PortalPair } from './support/portalPairs'
import { PASSING, passingWay, REFUSALS } from './support/portalWays'
import {
  expectDoneOfUndos,
  expectUndone,
  revert,
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
