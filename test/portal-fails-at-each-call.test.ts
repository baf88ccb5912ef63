import { syncPortalLinks } from '../src/merges/syncPortal'
import { CALLS, usePortalPart } from './support/portalPart'
import { AFTER, atEach, linksOf, type PortalPair } from './support/portalPairs'
import { PASSING, passingWay, REFUSALS } from './support/portalWays'

/** Merges with two attempts at once each. */
const AT_ONCE = 6

const part = usePortalPart()

test('an undisturbed merge makes these calls, and ends so', async () => {
  const [pair] = (await part.pairs(1)) as [PortalPair]
  const calls: string[] = []
  await syncPortalLinks(
    part.pool,
    atEach(part.portalClient, async (call) => void calls.push(call.operation)),
    pair.merge,
    1,
  )
  expect(calls).toEqual(CALLS)
  await part.expectUndisturbed(pair)
  await part.expectDone(1)
})

describe.each(PASSING)('%s', (mode, means) => {
  const { failing, by, lateOnesCame, asItMeans } = passingWay(part, mode, means)

  test('at any one call: the activity is tried again, and the end is that of an undisturbed merge', async () => {
    const all = await part.pairs(CALLS.length)
    for (const [number, pair] of all.entries()) {
      await failing(number)
      const failures = await part.untilDone(pair.merge, () => {}, by())
      // on a busy machine the impatient one may lose its patience once more
      if (mode === 'slow') failures.splice(1)
      expect(failures).toMatchObject([asItMeans])
    }
    await lateOnesCame()
    for (const pair of all) await part.expectUndisturbed(pair)
    await part.expectDone(all.length)
  })

  test('at one call after the other, each attempt one further: the end is that of an undisturbed merge', async () => {
    const [pair] = (await part.pairs(1)) as [PortalPair]
    const failures = await part.untilDone(pair.merge, (attempt) => failing(attempt - 1), by())
    expect(failures.length).toBeGreaterThan(2)
    for (const failure of failures) expect(failure).toMatchObject(asItMeans)
    await lateOnesCame()
    await part.expectUndisturbed(pair)
    await part.expectDone(1)
  })
})

describe.each(REFUSALS)('%s', (mode, status) => {
  test('at any one call: it is not tried again; asked by a person it goes on, to the end of an undisturbed merge', async () => {
    const all = await part.pairs(CALLS.length)
    for (const [number, pair] of all.entries()) {
      await part.portal.behave({ mode, skip: number, times: 1 })
      expect(await part.untilDone(pair.merge)).toMatchObject([
        { type: 'portal-refused', nonRetryable: true, details: [{ status }] },
      ])
      expect(await part.told(pair)).toMatchObject({ rows: [] })
      expect(await part.untilDone(pair.merge)).toEqual([])
      await part.expectUndisturbed(pair)
    }
    await part.expectDone(all.length)
  })
})

describe.each(REFUSALS.slice(1))('%s', (mode, status) => {
  test.each(['a', 'b', 'c'] as const)(
    'for account %s alone: the others have their links all the same',
    async (letter) => {
      const [pair] = (await part.pairs(1)) as [PortalPair]
      await part.portal.behave({ mode, account: pair.accounts[letter] })
      expect(await part.untilDone(pair.merge)).toMatchObject([{ type: 'portal-refused', details: [{ status }] }])
      const before = { a: ['L1:removed'], b: ['L1:kept', 'L1:removed'], c: ['L1:removed', 'L2:kept', 'L3:removed'] }
      expect(await linksOf(part.links, pair)).toEqual({ ...AFTER, [letter]: before[letter] })
      expect(await part.told(pair)).toMatchObject({ rows: [] })
      await part.portal.behave({ mode: 'ok' })
      expect(await part.untilDone(pair.merge)).toEqual([])
      await part.expectUndisturbed(pair)
      await part.expectDone(1)
    },
  )
})

test('an attempt that timed out but still runs, and is overtaken by the next before any call, changes nothing more', async () => {
  const all = await part.pairs(CALLS.length)
  for (const [at, pair] of all.entries()) {
    const overtaken = atEach(part.portalClient, async ({ number }) => {
      if (number === at) expect(await part.attemptOf(pair.merge, 2)).toBeUndefined()
    })
    expect(await part.attemptOf(pair.merge, 1, overtaken)).toBeUndefined()
    await part.expectUndisturbed(pair)
  }
  await part.expectDone(all.length)
})

test('two attempts side by side do each change once', async () => {
  const all = await part.pairs(AT_ONCE)
  for (const pair of all) {
    const both = await Promise.all([part.attemptOf(pair.merge, 1), part.attemptOf(pair.merge, 2)])
    expect(both).toEqual([undefined, undefined])
    await part.expectUndisturbed(pair)
  }
  await part.expectDone(AT_ONCE)
})

test('every call fails, again and again, in whatever way: no link is lost or doubled', async () => {
  const modes = PASSING.map(([mode]) => mode).filter((mode) => mode !== 'slow')
  const all = await part.pairs(modes.length)
  for (const [n, pair] of all.entries()) {
    let turn = n
    // each attempt fails in the next way, at a call that is two further each time it comes round
    await part.untilDone(pair.merge, (attempt) =>
      part.portal.behave({ mode: modes[turn++ % modes.length], skip: Math.floor(attempt / 2), times: 1 }),
    )
    await part.portal.behave({ mode: 'ok' })
    await part.expectUndisturbed(pair)
  }
  await part.expectDone(all.length)
})
