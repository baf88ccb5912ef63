import { skipUndoPortal } from '../src/merges/revertPortal'
import { unreachable } from '../src/portal/errors'
import { CALLS, PortalPart } from './support/portalPart'
import { AFTER, atEach, BEFORE, linksOf, putLinks, type Letter, type PortalPair } from './support/portalPairs'
import {
  expectUndone,
  takeBackPair,
  toldOfUndo,
  UNDO_CALLS,
  UNDONE,
  undonePairs,
  undoUntilDone,
} from './support/undonePart'

const WHO = { by: 'desk', reason: 'the portal is gone' }
const TIMES = 12

let part: PortalPart
beforeAll(async () => {
  part = await PortalPart.start()
})
afterAll(() => part?.stop())
beforeEach(() => part.beginAnew())

const revert = (pair: PortalPair, attempt: number, by = part.portalClient) =>
  part.attemptOf(pair.merge, attempt, by, 'revertPortalLinks')

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
      expect(await revert(pair, 1, acting)).toBeUndefined()
      // between the answer that the kept one is there and the return of the other: it was there before the merge
      if (act === 'unlinks the kept record' && UNDO_CALLS[at] === 'addLink') must = ['L1:removed']
      expect({ at, ...(await linksOf(part.links, pair)) }).toEqual({ at, ...BEFORE, [letter]: must })
    }
  })

  test('after any call of the undo whose answer was lost ends right', async () => {
    for (const [at, pair] of (await undonePairs(part, UNDO_CALLS.length)).entries()) {
      expect(await revert(pair, 1, gone(at, true))).toMatchObject({ type: 'portal-unreachable' })
      const must = await doIt(pair)
      expect(await undoUntilDone(part, pair)).toEqual([])
      expect({ at, ...(await linksOf(part.links, pair)) }).toEqual({ at, ...BEFORE, [letter]: must })
    }
  })
})

describe('the portal part of an undo, given up', () => {
  const commands = async ({ merge }: PortalPair) => {
    const { rows } = await part.pool.query<{ portal: string; commands: number }>(
      `select portal, (select count(*) from merge_command where merge = m.id and command = 'skip-portal') as commands
       from merge m where id = $1`,
      [merge],
    )
    return rows[0]
  }

  test('twice, and twice at once: one command, one notice for each library, told once', async () => {
    for (const pair of await undonePairs(part, TIMES)) {
      await part.portal.behave({ mode: 'down', skip: 1 })
      expect(await revert(pair, 1)).toMatchObject({ type: 'portal-unreachable' })
      const both = [skipUndoPortal(part.pool, pair.merge, WHO), skipUndoPortal(part.pool, pair.merge, WHO)]
      expect((await Promise.all(both)).filter(Boolean)).toHaveLength(1)
      expect(await skipUndoPortal(part.pool, pair.merge, WHO)).toBe(false)
      expect(await commands(pair)).toEqual({ portal: 'skipped', commands: 1 })
      const told = { code: 'portal-links-given-up', details: { links: 3, libraries: ['L1', 'L3'] } }
      const end = {
        reverted: { 'a L1': 'restored', 'b L1': 'left', 'c L1': 'left', 'c L3': 'left' },
        status: 'undone',
        portalLinks: 1,
        told: [told],
        attention: null,
        notices: ['L1', 'L3'],
      }
      expect(await toldOfUndo(part, pair)).toEqual(end)
      // an attempt that comes too late finds nothing to do
      await part.portal.behave({ mode: 'ok' })
      expect(await revert(pair, 2)).toBeUndefined()
      expect(await linksOf(part.links, pair)).toEqual({ ...AFTER, a: BEFORE.a })
      expect(await toldOfUndo(part, pair)).toEqual(end)
    }
  })

  test('before any call of an attempt that still runs: it is told, and is not done after all', async () => {
    for (const [at, pair] of (await undonePairs(part, UNDO_CALLS.length)).entries()) {
      let then: Record<string, unknown> = {}
      let before = 0
      const given = atEach(part.portalClient, async ({ number }) => {
        if (number !== at) return
        expect(await skipUndoPortal(part.pool, pair.merge, WHO)).toBe(true)
        then = await toldOfUndo(part, pair)
        before = await calls()
      })
      expect(await revert(pair, 1, given)).toBeUndefined()
      expect(await commands(pair)).toEqual({ portal: 'skipped', commands: 1 })
      const left = Object.entries(UNDONE.reverted).slice([0, 1, 1, 2, 3][at])
      expect({ at, ...then }).toMatchObject({
        at,
        reverted: { ...UNDONE.reverted, ...Object.fromEntries(left.map(([link]) => [link, 'left'])) },
        portalLinks: 4 - left.length,
        told: [{ code: 'portal-links-given-up', details: { links: left.length } }],
        notices: [...new Set(left.map(([link]) => link.split(' ')[1]))],
      })
      // the one change that was on its way is made; none comes after it, and what was told stays
      expect((await calls()) - before).toBeLessThanOrEqual(1)
      expect(await toldOfUndo(part, pair)).toEqual(then)
    }
  })

  test('and done at the same moment, is one of them', async () => {
    for (const [n, pair] of (await undonePairs(part, TIMES)).entries()) {
      const skipping = async () => {
        // the closer to the last call, the closer they meet
        await new Promise((resolve) => setTimeout(resolve, n * 4))
        return skipUndoPortal(part.pool, pair.merge, WHO)
      }
      const [failed, skipped] = await Promise.all([revert(pair, 1), skipping()])
      expect(failed).toBeUndefined()
      if (skipped) expect(await commands(pair)).toEqual({ portal: 'skipped', commands: 1 })
      else {
        expect(await commands(pair)).toEqual({ portal: 'done', commands: 0 })
        await expectUndone(part, pair)
      }
    }
  })

  /** The changes that the portal has made. */
  async function calls(): Promise<number> {
    return Object.values((await part.portal.counters()).done).reduce((sum, of) => sum + of, 0)
  }
})
