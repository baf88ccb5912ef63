import fc from 'fast-check'
import { mergeBatch } from '../src/campaigns/batch'
import { planBatch } from '../src/campaigns/plan'
import { settle } from '../src/campaigns/steer'
import { judgeFailure } from '../src/database/failures'
import { inOrder, type Refusal, type Warning } from '../src/domain/codes'
import { createMerge } from '../src/merges/store'
import { mergeGroup } from '../src/steps/group'
import { ON, body, records, rarely } from './support/arbitraries'
import { placed } from './support/cases'
import { newCampaign, refuseLoans, reportsOf, standOf } from './support/campaigns'
import type { Take } from './support/model'
import { PROPERTY_TIMEOUT_MS, runs } from './support/properties'
import { blankPatron, type World } from './support/records'
import { putWorld, rowsOf } from './support/rows'
import { useDatabase } from './support/useDatabase'

jest.setTimeout(PROPERTY_TIMEOUT_MS)
const setting = useDatabase()
beforeAll(() => refuseLoans(setting.database.superUrl, []))

/** Two worlds of a run lie so far apart that no amount or count can be taken for an id. */
const APART = 1_000_000
const PATRONS = 6
/** No record has these ids: one that was merged away long ago, and one that never was. */
const [MERGED_AWAY, NOBODY] = [PATRONS + 1, PATRONS + 2]

interface Listed {
  keep: number
  remove: number
  take: Take[]
  accept: string[]
  override: string[]
}
interface Case {
  world: World
  list: Listed[]
  accept: string[]
  override: string[]
  /** The database refuses to change these patrons' loans: their pairs are set aside. */
  refusing: number[]
  lanes: number
  size: { most: number; fewest: number }
}

const patron = fc.integer({ min: 1, max: PATRONS })
const anybody = fc.oneof({ weight: 12, arbitrary: patron }, fc.constantFrom(MERGED_AWAY, NOBODY))
type Ids = [number, number][]
const some = (least: number) => fc.shuffledSubarray([1, 2, 3, 4, 5, 6], { minLength: least })
const shape: fc.Arbitrary<Ids> = fc.oneof(
  fc.array(fc.tuple(anybody, anybody), { maxLength: 6 }),
  // each is merged into the next, from either end of the chain
  some(3).map((ids) => ids.slice(1).map((id, n): [number, number] => [id, ids[n]!])),
  some(3).map((ids) =>
    ids
      .slice(1)
      .map((id, n): [number, number] => [id, ids[n]!])
      .reverse(),
  ),
  // and the last into the first again
  some(3).map((ids) => ids.map((id, n): [number, number] => [ids[(n + 1) % ids.length]!, id])),
  // one is kept, or merged, by all the others
  some(3).map(([one, ...others]) => others.map((id): [number, number] => [one!, id])),
  some(3).map(([one, ...others]) => others.map((id): [number, number] => [id, one!])),
  fc.tuple(patron, patron).map(([a, b]): Ids => [
    [a, b],
    [b, a],
  ]),
)
const ids: fc.Arbitrary<Ids> = fc.array(shape, { minLength: 1, maxLength: 3 }).map((shapes) => {
  const seen = new Set<string>()
  return shapes.flat().filter((pair) => !seen.has(String(pair)) && seen.add(String(pair)))
})
const STOPPING = ['history-erased', 'unverified-login-gains-access', 'rejected-before']
const OVERRIDES = ['different-national-numbers', 'charges-in-collection']
const mostlyAll = (all: string[]) => fc.oneof({ weight: 3, arbitrary: fc.constant(all) }, fc.subarray(all))
const options = fc.record({
  take: fc.subarray<Take>(['name', 'birth-date', 'gender', 'address', 'blanks']),
  accept: mostlyAll(STOPPING),
  override: mostlyAll(OVERRIDES),
})

const campaign: fc.Arbitrary<Case> = fc
  .record({
    bodies: fc.array(body, { minLength: PATRONS, maxLength: PATRONS }),
    protectedToo: rarely(3),
    pairs: ids
      .filter(({ length }) => length > 0)
      .chain((pairs) =>
        fc
          .array(options, { minLength: pairs.length, maxLength: pairs.length })
          .map((all) => pairs.map(([keep, remove], n) => ({ keep, remove, ...all[n]! }))),
      ),
    rejected: fc.array(fc.tuple(patron, patron), { maxLength: 2 }),
    accept: fc.subarray(['history-erased']),
    override: fc.subarray(['charges-in-collection']),
    refusing: fc.subarray([1, 2, 3, 4, 5, 6], { maxLength: 2 }),
    lanes: fc.integer({ min: 1, max: 3 }),
    most: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ bodies, protectedToo, pairs, rejected, most, ...rest }) => {
    const patrons = records(bodies).map((one) => ({
      ...one,
      protected: protectedToo && one.id === PATRONS,
      cards: one.cards.map((card, n) => ({ ...card, number: `K${one.id}${n}` })),
    }))
    patrons.push(blankPatron(MERGED_AWAY, { mergedInto: 1 }))
    return {
      world: { patrons, rejected: rejected.filter(([a, b]) => a !== b) },
      list: pairs,
      size: { most, fewest: 1 },
      ...rest,
    }
  })
let worlds = 0
/** Puts a world where no other is; gives what is added to its ids. */
async function put(world: World): Promise<number> {
  const offset = ++worlds * APART
  await putWorld(setting.pool, placed(world, offset))
  return offset
}

/** As a campaign's workflow does it: the next batch is planned while others are at work. */
async function runToItsEnd(id: number, { lanes, size }: Case): Promise<void> {
  const atWork = new Map<number, Promise<unknown>>()
  for (;;) {
    // of what ends while it is planned, the plan knows nothing
    const idle = atWork.size === 0
    const { batch, waits } = await planBatch(setting.pool, id, { make: true, known: [...atWork.keys()], size })
    if (batch !== null) {
      atWork.set(
        batch,
        mergeBatch(setting.pool, batch).finally(() => atWork.delete(batch)),
      )
    } else if (idle) {
      expect(waits).toBe(false)
      return settle(setting.pool, id, 'running')
    }
    if (atWork.size > 0 && (batch === null || atWork.size >= lanes)) await Promise.race(atWork.values())
  }
}

/** What becomes of a pair, told as a campaign tells it. */
interface Told {
  outcome: string
  reason: string | null
  warnings: string[]
  merge: number | null
}

async function oneByOne({ list, accept, override }: Case, offset: number): Promise<Told[]> {
  const told: Told[] = []
  for (const pair of list) {
    const asked = {
      ...pair,
      keep: pair.keep + offset,
      remove: pair.remove + offset,
      on: ON,
      accept: [...accept, ...pair.accept],
      override: [...override, ...pair.override],
      by: 'test',
    }
    const merge = (await createMerge(setting.pool, asked, null)) as number
    told.push(await one(merge))
  }
  return told
}

async function one(merge: number): Promise<Told> {
  try {
    const { merged, refused } = await mergeGroup(setting.client, [merge])
    expect(merged.length + refused.length).toBe(1)
    const warnings = await warningsOf(merge)
    if (refused[0]) return { ...refusedAs(refused[0].refusal), warnings, merge }
    // its links at the portal come later
    return { outcome: 'running', reason: null, warnings, merge }
  } catch (error) {
    expect(judgeFailure(error)).toBe('fault')
    return { outcome: 'set-aside', reason: 'step-failed', warnings: [], merge: null }
  }
}

function refusedAs({ code, details }: Refusal): Pick<Told, 'outcome' | 'reason'> {
  if (code !== 'needs-acceptance') return { outcome: 'refused', reason: code }
  return { outcome: code, reason: (details.warnings as string[]).join(' ') }
}

async function warningsOf(merge: number): Promise<string[]> {
  const { rows } = await setting.pool.query<{ warnings: Warning[] }>('select warnings from merge where id = $1', [
    merge,
  ])
  return inOrder(rows[0]?.warnings ?? []).map(({ code }) => code)
}

/** All that merges left: every row of the records, and of each merge what it was told and what its steps did. */
async function leftBy(merges: (number | null)[], offset: number): Promise<unknown> {
  const all = Array.from({ length: MERGED_AWAY }, (_, n) => offset + n + 1)
  const { rows } = await setting.pool.query<{ told: unknown }>(
    `select jsonb_build_object('status', m.status, 'refusal', m.refusal, 'warnings', m.warnings, 'on', m.on_date, 'take', m.take,
       'steps', (select jsonb_agg(jsonb_build_object('step', s.step, 'counts', s.counts, 'was', s.was, 'noted', s.noted) order by s.step)
         from merge_step s where s.merge = m.id),
       'feed', (select jsonb_agg(jsonb_build_array(c.event, c.kept, c.removed)) from change c where c.merge = m.id)) as told
     from unnest($1::bigint[]) with ordinality x (id, n) left join merge m on m.id = x.id order by x.n`,
    [merges],
  )
  return asFirst({ rows: await rowsOf(setting.pool, all), merges: rows.map(({ told }) => told) }, offset)
}

/** As if the world had been put where its ids begin at 1; of moments only whether they are there. */
function asFirst(value: unknown, offset: number): unknown {
  if (Array.isArray(value)) return value.map((inner: unknown) => asFirst(inner, offset))
  if (typeof value === 'number') return value > offset && value < offset + APART ? value - offset : value
  if (typeof value === 'string') return value.replaceAll(`@${offset}`, '')
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key === 'retired_at') return [key, inner !== null]
      // the end of the chain as it stood at that moment: pairs that share nobody run side by side
      if (key === 'mergedInto') return [key, '…']
      return [key, asFirst(inner, offset)]
    }),
  )
}

test('any list gives what merging its pairs one by one gives: outcomes, reasons, rows', async () => {
  await fc.assert(
    fc.asyncProperty(campaign, async (given) => {
      const [many, single] = [await put(given.world), await put(given.world)]
      const refusing = given.refusing.flatMap((id) => [many + id, single + id])
      await setting.pool.query('insert into refusing select unnest($1::bigint[])', [refusing])
      const list = given.list.map((pair) => ({ ...pair, keep: pair.keep + many, remove: pair.remove + many }))
      const id = await newCampaign(setting.database.pool, list as never, {
        on: ON,
        accept: given.accept,
        override: given.override as never,
        lanes: given.lanes,
      })
      await runToItsEnd(id, given)
      const expected = await oneByOne(given, single)

      const reports = await reportsOf(setting.pool, id)
      expect(reports.map(({ keep, remove }) => ({ keep, remove }))).toEqual(
        list.map(({ keep, remove }) => ({ keep, remove })),
      )
      expect(reports.map(({ outcome, reason, warnings }) => ({ outcome, reason, warnings }))).toEqual(
        expected.map(({ outcome, reason, warnings }) => ({ outcome, reason, warnings })),
      )
      expect(
        await leftBy(
          reports.map(({ merge }) => merge),
          many,
        ),
      ).toEqual(
        await leftBy(
          expected.map(({ merge }) => merge),
          single,
        ),
      )
      const { outcomes, status } = await standOf(setting.pool, id)
      expect(status).toBe('completed')
      const counted: Record<string, number> = {}
      for (const { outcome } of expected) counted[outcome] = (counted[outcome] ?? 0) + 1
      expect(Object.fromEntries(Object.entries(outcomes).filter(([, count]) => count > 0))).toEqual(counted)
      const { rows } = await setting.pool.query<{ ended: number; bad: number }>(
        'select sum(ended)::int as ended, sum(bad)::int as bad from campaign_tally where campaign = $1',
        [id],
      )
      expect(rows).toEqual([{ ended: list.length, bad: counted['set-aside'] ?? 0 }])
    }),
    // a smaller one would take longer to find than anybody waits: seed and path say which it was
    { ...runs(), endOnFailure: true },
  )
})
