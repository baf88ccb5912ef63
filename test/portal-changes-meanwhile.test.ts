import { unreachable } from '../src/portal/errors'
import { CALLS, usePortalPart } from './support/portalPart'
import {
  AFTER,
  atEach,
  linksOf,
  mergeOn,
  putLinks,
  type Letter,
  type Links,
  type PortalPair,
} from './support/portalPairs'

const part = usePortalPart()

/** Does it with a pair for each call of a merge, all at once. */
async function atEachCall(work: (at: number, pair: PortalPair) => Promise<void>): Promise<void> {
  const pairs = await part.pairs(CALLS.length)
  await Promise.all(pairs.map((pair, at) => work(at, pair)))
}

/** A client that loses the answer to one call. */
const losing = (at: number) => atEach(part.portalClient, async ({ number }) => (number === at ? 'lose' : 'answer'))

/** A client whose portal is down at one call. */
const down = (at: number) =>
  atEach(part.portalClient, async ({ number }) => {
    if (number === at) throw unreachable()
  })

/** What a patron does at the portal: one account's links, before and after. */
const ACTS: [string, Letter, (had: string[]) => string[]][] = [
  ['unlinks', 'a', () => []],
  ['links the removed record again', 'a', (had) => [...had, 'L1:removed']],
  ['links the kept record', 'a', (had) => [...had, 'L1:kept']],
  ['unlinks the kept record', 'b', (had) => had.filter((link) => link !== 'L1:kept')],
  ['unlinks the removed record', 'b', (had) => had.filter((link) => link !== 'L1:removed')],
  ['unlinks everything', 'c', () => []],
  ['links the removed record, for the first time', 'd', () => ['L1:removed']],
]

/** What was the removed record's is the kept one's, once. */
const asMerged = (had: string[] = []) => [...new Set(had.map((link) => link.replace('removed', 'kept')))].sort()

describe.each(ACTS)('a patron who %s (%s)', (act, letter, change) => {
  /** Gives what must become of the account. */
  async function doIt(pair: PortalPair): Promise<string[]> {
    const after = [...new Set(change((await linksOf(part.links, pair))[letter] ?? []))]
    await putLinks(part.portal, pair, { [letter]: after })
    return asMerged(after)
  }

  test('before any call ends right', async () => {
    await atEachCall(async (at, pair) => {
      let must: string[] = []
      const acting = atEach(part.portalClient, async ({ number }) => {
        if (number === at) must = await doIt(pair)
      })
      expect(await part.attemptOf(pair.merge, 1, acting)).toBeUndefined()
      // Between the answer that both links are there and the removal of the old one: the contract has no call that
      // would remove it only while the other is there.
      if (act === 'unlinks the kept record' && CALLS[at] === 'removeLink') must = []
      expect({ at, ...(await linksOf(part.links, pair)) }).toEqual({ at, ...AFTER, [letter]: must })
    })
  })

  test('after any call whose answer was lost ends right', async () => {
    await atEachCall(async (at, pair) => {
      expect(await part.attemptOf(pair.merge, 1, losing(at))).toMatchObject({ type: 'portal-unreachable' })
      const must = await doIt(pair)
      expect(await part.attemptOf(pair.merge, 2)).toBeUndefined()
      expect({ at, ...(await linksOf(part.links, pair)) }).toEqual({ at, ...AFTER, [letter]: must })
    })
  })
})

describe('a kept record that is merged on meanwhile', () => {
  const AT_THE_END: Links = { a: ['L1:third'], b: ['L1:third'], c: ['L1:third', 'L2:third', 'L3:third'], d: [] }

  test.each([
    ['whose portal part comes at once', true],
    ['whose portal part comes later', false],
  ])('before any call, by a merge %s: all links point to the end of the chain', async (_, atOnce) => {
    await atEachCall(async (at, pair) => {
      let onward = { third: 0, merge: 0 }
      const merging = atEach(part.portalClient, async ({ number }) => {
        if (number !== at) return
        onward = await mergeOn(part.pool, pair)
        if (atOnce) expect(await part.attemptOf(onward.merge, 1)).toBeUndefined()
      })
      expect(await part.attemptOf(pair.merge, 1, merging)).toBeUndefined()
      expect(await part.untilDone(onward.merge)).toEqual([])
      expect({ at, ...(await linksOf(part.links, pair, { third: onward.third })) }).toEqual({ at, ...AT_THE_END })
      expect(await part.told(pair)).toMatchObject({ rows: [{ counts: expect.anything() }], status: 'completed' })
    })
  })

  test.each([
    ['down', 'is the first at the portal'],
    ['down', 'is the second at the portal'],
    ['lose-answers', 'is the first at the portal'],
    ['lose-answers', 'is the second at the portal'],
  ])('while it waits for a portal that met it with %s at any call, where it %s', async (mode, order) => {
    await atEachCall(async (at, pair) => {
      const failing = mode === 'down' ? down(at) : losing(at)
      expect(await part.attemptOf(pair.merge, 1, failing)).toMatchObject({ type: 'portal-unreachable' })
      const onward = await mergeOn(part.pool, pair)
      const merges = order.includes('first') ? [pair.merge, onward.merge] : [onward.merge, pair.merge]
      for (const merge of merges) expect(await part.untilDone(merge)).toEqual([])
      expect({ at, ...(await linksOf(part.links, pair, { third: onward.third })) }).toEqual({ at, ...AT_THE_END })
    })
  })
})
