import { unreachable } from '../src/portal/errors'
import { CALLS, usePortalPart } from './support/portalPart'
import { AFTER, atEach, BEFORE, linksOf, putLinks, type Letter, type PortalPair } from './support/portalPairs'
import { revert, takeBackPair, toldOfUndo, UNDO_CALLS, UNDONE, undonePairs, undoUntilDone } from './support/undonePart'

const part = usePortalPart()

/** A client at one of whose calls the worker is gone: the call was carried out, or never came to the portal. */
const gone = (at: number, carriedOut: boolean) =>
  atEach(part.portalClient, async ({ number }) => {
    if (number !== at) return 'answer'
    if (!carriedOut) throw unreachable()
    return 'lose'
  })

describe.each([
  ['carried out', true],
  ['not carried out', false],
])('a merge that was interrupted at any call, which was %s, and is undone', (_, carriedOut) => {
  test('has its links where they were', async () => {
    for (const [at, pair] of (await part.pairs(CALLS.length)).entries()) {
      expect(await part.attemptOf(pair.merge, 1, gone(at, carriedOut))).toMatchObject({ type: 'portal-unreachable' })
      await takeBackPair(part, pair)
      expect(await undoUntilDone(part, pair)).toEqual([])
      expect({ at, ...(await linksOf(part.links, pair)) }).toEqual({ at, ...BEFORE })
      // nothing was known of the links before the second search was answered
      const known = at < 2 ? { reverted: null, portalLinks: 0 } : {}
      expect({ at, ...(await toldOfUndo(part, pair)) }).toEqual({ at, ...UNDONE, ...known })
    }
  })

  test('has its links where they were, also where the undo loses the answer to each call in turn', async () => {
    for (const [at, pair] of (await part.pairs(CALLS.length)).entries()) {
      expect(await part.attemptOf(pair.merge, 1, gone(at, carriedOut))).toMatchObject({ type: 'portal-unreachable' })
      await takeBackPair(part, pair)
      await undoUntilDone(part, pair, (attempt) =>
        part.portal.behave({ mode: 'lose-answers', skip: attempt - 1, times: 1 }),
      )
      await part.portal.behave({ mode: 'ok' })
      expect({ at, ...(await linksOf(part.links, pair)) }).toEqual({ at, ...BEFORE })
    }
  })

  test.each([
    // of the links at L1 of account a or b, at whose call the worker was gone
    ['unlinks everything', 'a', () => [], () => []],
    // what the merge made of the first link must not stay
    ['links the removed record anew', 'a', (had: string[]) => [...had, 'L1:removed'], () => ['L1:removed']],
    // theirs where the merge had not made it
    ['links the kept record', 'a', (had: string[]) => [...had, 'L1:kept'], (had: string[]) => kept(had)],
    ['links the removed record anew', 'b', (had: string[]) => [...had, 'L1:removed'], () => BEFORE.b],
    ['unlinks the kept record', 'b', (had: string[]) => without(had, 'kept'), (had: string[]) => without(had, 'kept')],
    ['unlinks the removed record', 'b', (had: string[]) => without(had, 'removed'), () => ['L1:kept']],
  ] as const)('and whose patron %s (%s) before that has it so', async (act, letter, change, must) => {
    const [pair] = (await part.pairs(1)) as [PortalPair]
    const at = letter === 'a' ? CALLS.indexOf('changeLink') : CALLS.indexOf('removeLink')
    await part.attemptOf(pair.merge, 1, gone(at, carriedOut))
    const had = (await linksOf(part.links, pair))[letter] ?? []
    await putLinks(part.portal, pair, { [letter]: [...new Set(change(had))] })
    await takeBackPair(part, pair)
    expect(await undoUntilDone(part, pair)).toEqual([])
    // who took the removed link away, the merge or the patron, is known to the portal by the key
    const expected = act === 'unlinks the removed record' && carriedOut ? BEFORE.b : must(had)
    expect(await linksOf(part.links, pair)).toEqual({ ...BEFORE, [letter]: expected })
  })
})

test.each([
  ['done', (pair: PortalPair) => part.untilDone(pair.merge)],
  ['interrupted', (pair: PortalPair) => part.attemptOf(pair.merge, 2, gone(2, false))],
])(
  'a link that came back before any call of the merge, and was moved once more (%s), is there once',
  async (_, goOn) => {
    for (const [at, pair] of (await part.pairs(CALLS.length)).entries()) {
      const linking = atEach(part.portalClient, async ({ number }) => {
        if (number !== at) return
        const had = (await linksOf(part.links, pair)).a ?? []
        await putLinks(part.portal, pair, { a: [...new Set([...had, 'L1:removed'])] })
        throw unreachable()
      })
      await part.attemptOf(pair.merge, 1, linking)
      await goOn(pair)
      await takeBackPair(part, pair)
      await undoUntilDone(part, pair, (attempt) =>
        part.portal.behave({ mode: 'lose-answers', skip: attempt - 1, times: 1 }),
      )
      await part.portal.behave({ mode: 'ok' })
      expect({ at, ...(await linksOf(part.links, pair)) }).toEqual({ at, ...BEFORE })
    }
  },
)

const without = (had: readonly string[], who: string) => had.filter((link) => link !== `L1:${who}`)
const kept = (had: readonly string[]) => (had.includes('L1:kept') ? ['L1:removed'] : ['L1:kept', 'L1:removed'])

/** What a patron does at the portal: one account's links, before and after. */
const ACTS: [string, Letter, (had: string[]) => string[]][] = [
  ['unlinks', 'a', () => []],
  ['links the removed record anew', 'a', (had) => [...had, 'L1:removed']],
  ['links the removed record instead', 'a', () => ['L1:removed']],
  ['links the kept record', 'a', (had) => [...had, 'L1:kept']],
  ['unlinks the kept record', 'b', (had) => without(had, 'kept')],
  ['links the removed record anew', 'b', (had) => [...had, 'L1:removed']],
  ['unlinks everything', 'c', () => []],
  ['links the kept record, for the first time', 'd', () => ['L1:kept']],
]

/** What an undo has to make of an account's links, of which it has done none or all (c: its first). */
function asUndone(letter: Letter, before: string[], after: string[]): string[] {
  const [first = ''] = AFTER[letter] ?? []
  if (letter === 'd' || !before.includes(first)) return after.toSorted()
  if (letter === 'b') return after.includes(first) ? ['L1:kept', 'L1:removed'] : after.toSorted()
  return [...new Set(after.map((link) => link.replace('L1:kept', 'L1:removed')))].sort()
}

describe.each(ACTS)('a patron who %s (%s)', (act, letter, change) => {
  /** Gives what must become of the account. */
  async function doIt(pair: PortalPair): Promise<string[]> {
    const before = (await linksOf(part.links, pair))[letter] ?? []
    const after = [...new Set(change(before))]
    await putLinks(part.portal, pair, { [letter]: after })
    return asUndone(letter, before, after)
  }

  test('before any call of the undo ends right', async () => {
    for (const [at, pair] of (await undonePairs(part, UNDO_CALLS.length)).entries()) {
      let must: string[] = []
      const acting = atEach(part.portalClient, async ({ number }) => {
        if (number === at) must = await doIt(pair)
      })
      expect(await revert(part, pair, 1, acting)).toBeUndefined()
      // between the answer that the kept one is there and the return of the other: it was there before the merge
      if (act === 'unlinks the kept record' && UNDO_CALLS[at] === 'addLink') must = ['L1:removed']
      expect({ at, ...(await linksOf(part.links, pair)) }).toEqual({ at, ...BEFORE, [letter]: must })
    }
  })

  test('after any call of the undo whose answer was lost ends right', async () => {
    for (const [at, pair] of (await undonePairs(part, UNDO_CALLS.length)).entries()) {
      expect(await revert(part, pair, 1, gone(at, true))).toMatchObject({ type: 'portal-unreachable' })
      const must = await doIt(pair)
      expect(await undoUntilDone(part, pair)).toEqual([])
      expect({ at, ...(await linksOf(part.links, pair)) }).toEqual({ at, ...BEFORE, [letter]: must })
    }
  })
})
