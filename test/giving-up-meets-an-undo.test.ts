import { skipUndoPortal } from '../src/merges/revertPortal'
import { usePortalPart } from './support/portalPart'
import { AFTER, atEach, BEFORE, linksOf, type PortalPair } from './support/portalPairs'
import { expectUndone, revert, toldOfUndo, UNDO_CALLS, UNDONE, undonePairs, undoUntilDone } from './support/undonePart'

const WHO = { by: 'desk', reason: 'the portal is gone' }
const TIMES = 12

const part = usePortalPart()

const commands = async ({ merge }: PortalPair) => {
  const { rows } = await part.pool.query<{ portal: string; commands: number }>(
    `select portal, (select count(*) from merge_command where merge = m.id and command = 'skip-portal') as commands
       from merge m where id = $1`,
    [merge],
  )
  return rows[0]
}

test('given up twice, and twice at once: one command, one notice for each library, told once', async () => {
  for (const pair of await undonePairs(part, TIMES)) {
    await part.portal.behave({ mode: 'down', skip: 1 })
    expect(await revert(part, pair, 1)).toMatchObject({ type: 'portal-unreachable' })
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
    expect(await revert(part, pair, 2)).toBeUndefined()
    expect(await linksOf(part.links, pair)).toEqual({ ...AFTER, a: BEFORE.a })
    expect(await toldOfUndo(part, pair)).toEqual(end)
  }
})

test('given up before any call of an attempt that still runs: it is told, and is not done after all', async () => {
  for (const [at, pair] of (await undonePairs(part, UNDO_CALLS.length)).entries()) {
    let then: Record<string, unknown> = {}
    let before = 0
    const given = atEach(part.portalClient, async ({ number }) => {
      if (number !== at) return
      expect(await skipUndoPortal(part.pool, pair.merge, WHO)).toBe(true)
      then = await toldOfUndo(part, pair)
      before = await calls()
    })
    expect(await revert(part, pair, 1, given)).toBeUndefined()
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

test('given up and done at the same moment, is one of them', async () => {
  for (const [n, pair] of (await undonePairs(part, TIMES)).entries()) {
    const skipping = async () => {
      // the closer to the last call, the closer they meet
      await new Promise((resolve) => setTimeout(resolve, n * 4))
      return skipUndoPortal(part.pool, pair.merge, WHO)
    }
    const [failed, skipped] = await Promise.all([revert(part, pair, 1), skipping()])
    expect(failed).toBeUndefined()
    if (skipped) expect(await commands(pair)).toEqual({ portal: 'skipped', commands: 1 })
    else {
      expect(await commands(pair)).toEqual({ portal: 'done', commands: 0 })
      await expectUndone(part, pair)
    }
  }
})

test('given up after a refusal for one account: of that one alone', async () => {
  const [pair] = (await undonePairs(part, 1)) as [PortalPair]
  await part.portal.behave({ mode: 'refuse', account: pair.accounts.a })
  expect(await undoUntilDone(part, pair)).toMatchObject([{ type: 'portal-refused' }])
  await part.portal.behave({ mode: 'ok' })
  expect(await skipUndoPortal(part.pool, pair.merge, WHO)).toBe(true)
  expect(await toldOfUndo(part, pair)).toEqual({
    ...UNDONE,
    reverted: { ...UNDONE.reverted, 'a L1': 'left' },
    portalLinks: 3,
    told: [{ code: 'portal-links-given-up', details: { links: 1, libraries: ['L1'] } }],
    notices: ['L1'],
  })
})

test('given up while an attempt notes that a link is back: that one is not given up', async () => {
  const [pair] = (await undonePairs(part, 1)) as [PortalPair]
  const noting = await part.pool.connect()
  try {
    await noting.query('begin')
    await noting.query(
      `update portal_intent set reverted = 'restored', target = actor_id where merge = $1 and library = 'L3'`,
      [pair.merge],
    )
    const skipping = skipUndoPortal(part.pool, pair.merge, WHO)
    await isBlocked()
    await noting.query('commit')
    expect(await skipping).toBe(true)
  } finally {
    noting.release()
  }
  expect(await toldOfUndo(part, pair)).toMatchObject({
    reverted: { 'a L1': 'left', 'b L1': 'left', 'c L1': 'left', 'c L3': 'restored' },
    portalLinks: 1,
    told: [{ code: 'portal-links-given-up', details: { links: 3, libraries: ['L1'] } }],
    notices: ['L1'],
  })
})

async function isBlocked(): Promise<void> {
  for (;;) {
    const { rows } = await part.pool.query(
      `select pid from pg_stat_activity where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0`,
    )
    if (rows.length > 0) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** The changes that the portal has made. */
async function calls(): Promise<number> {
  return Object.values((await part.portal.counters()).done).reduce((sum, of) => sum + of, 0)
}
