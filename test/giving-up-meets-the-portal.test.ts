import { skipPortal } from '../src/merges/skipPortal'
import { CALLS, usePortalPart } from './support/portalPart'
import { AFTER, atEach, BEFORE, linksOf, type Links, type PortalPair } from './support/portalPairs'

const WHO = { by: 'desk', reason: 'the portal is gone' }
const TIMES = 12

const part = usePortalPart()

/** What is there of the end of a merge's portal part. */
async function endOf({ merge, kept }: PortalPair) {
  const { rows } = await part.pool.query<{
    portal: string
    steps: number
    commands: number
    givenUp: number | null
    notices: string[]
  }>(
    `select portal, (select count(*) from merge_step where merge = m.id and step = 'syncPortalLinks') as steps,
       (select count(*) from merge_command where merge = m.id) as commands,
       (select (counts -> 'givenUp')::int from merge_step where merge = m.id and step = 'syncPortalLinks') as "givenUp",
       array(select library from message where patron = $2 order by library) as notices
     from merge m where id = $1`,
    [merge, kept],
  )
  return rows[0]
}

const leftOf = (links: Links) => Object.values(links).flatMap((of) => of.filter((link) => link.endsWith(':removed')))
const count = (links: Links) => leftOf(links).length

/** At which libraries the removed record is still linked. */
function stillLinked(links: Links): string[] {
  return [...new Set(leftOf(links).map((link) => link.split(':')[0] ?? ''))].sort()
}

test('given up twice, and twice at once, a merge has one row, one command and one notice for each library', async () => {
  const pairs = await part.pairs(TIMES)
  for (const pair of pairs) {
    await part.portal.behave({ mode: 'down', skip: 2 })
    expect(await part.attemptOf(pair.merge, 1)).toMatchObject({ type: 'portal-unreachable' })
    const both = await Promise.all([skipPortal(part.pool, pair.merge, WHO), skipPortal(part.pool, pair.merge, WHO)])
    expect(both.filter(Boolean)).toHaveLength(1)
    expect(await skipPortal(part.pool, pair.merge, WHO)).toBe(false)
    expect(await endOf(pair)).toEqual({ portal: 'skipped', steps: 1, commands: 1, givenUp: 4, notices: ['L1', 'L3'] })
    // an attempt that comes too late finds nothing to do
    await part.portal.behave({ mode: 'ok' })
    expect(await part.attemptOf(pair.merge, 2)).toBeUndefined()
    expect(await linksOf(part.links, pair)).toEqual(BEFORE)
  }
})

test('given up before any call of an attempt that still runs: what is given up is told, and is not done after all', async () => {
  for (const [at, pair] of (await part.pairs(CALLS.length)).entries()) {
    let then: Links = {}
    const given = atEach(part.portalClient, async ({ number }) => {
      if (number !== at) return
      expect(await skipPortal(part.pool, pair.merge, WHO)).toBe(true)
      then = await linksOf(part.links, pair)
    })
    expect(await part.attemptOf(pair.merge, 1, given)).toBeUndefined()
    const end = await endOf(pair)
    expect(end).toMatchObject({ portal: 'skipped', steps: 1, commands: 1 })
    // before the second search nothing is known of the links, and the record was registered nowhere
    if (at >= 2) expect(end?.notices).toEqual(at === CALLS.length - 1 ? [] : stillLinked(then))
    // the one call that was on its way is made; none comes after it
    const now = await linksOf(part.links, pair)
    expect({ at, more: count(then) - count(now) <= 1 }).toEqual({ at, more: true })
    expect(await part.attemptOf(pair.merge, 2)).toBeUndefined()
    expect(await linksOf(part.links, pair)).toEqual(now)
  }
})

test('done and given up at the same moment, a merge is one of them', async () => {
  const ends = new Set<string>()
  for (const [n, pair] of (await part.pairs(TIMES)).entries()) {
    // the closer to the last call, the closer they meet
    const skipping = async () => {
      await new Promise((resolve) => setTimeout(resolve, n * 4))
      return skipPortal(part.pool, pair.merge, WHO)
    }
    const [failed, skipped] = await Promise.all([part.attemptOf(pair.merge, 1), skipping()])
    expect(failed).toBeUndefined()
    const end = await endOf(pair)
    ends.add(end?.portal ?? '')
    expect(end?.steps).toBe(1)
    if (skipped) expect(end).toMatchObject({ portal: 'skipped', commands: 1 })
    else {
      expect(end).toMatchObject({ portal: 'done', commands: 0, notices: [] })
      expect(await linksOf(part.links, pair)).toEqual(AFTER)
    }
  }
  expect([...ends].every((end) => ['done', 'skipped'].includes(end))).toBe(true)
})
