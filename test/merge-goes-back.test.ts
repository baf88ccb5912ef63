import fc from 'fast-check'
import { TRANSFERS } from '../src/domain/plan'
import { abandonSingle, doStep, retireSingle } from '../src/merges/stepSingle'
import { askedAt, oneAllowedMerge, oneChain } from './support/cases'
import { mergeSingly, openIt, recordsOf, undoThem } from './support/mergeOnDatabase'
import { leadsTo, mergeInMemory, type Asked } from './support/model'
import { PROPERTY_TIMEOUT_MS, runs } from './support/properties'
import type { World } from './support/records'
import { rowsOf, type Rows } from './support/rows'
import { asComparable, detailsBeforeBlock, stepOrder, useDatabase, withoutErased } from './support/useDatabase'

jest.setTimeout(PROPERTY_TIMEOUT_MS)
const setting = useDatabase()

test('a merge taken back leaves both records as they were, but for erased history', async () => {
  await fc.assert(
    fc.asyncProperty(oneAllowedMerge, stepOrder, async (given, order) => {
      const { world, ids, offset: at } = await setting.put(given.world)
      const asked = askedAt(given.asked, at)
      const before = await rowsOf(setting.pool, ids)
      const { merge } = await mergeSingly(setting.pool, asked, order)
      const wanted = withoutErased(before, world, [asked])
      await undoThem(setting.pool, [merge ?? 0])
      expect(await rowsOf(setting.pool, ids)).toEqual(wanted)
      // once more: nothing to do
      await undoThem(setting.pool, [merge ?? 0], { finds: [] })
      expect(await rowsOf(setting.pool, ids)).toEqual(wanted)
    }),
    runs(2),
  )
})

test('three records become one in any order, old ids lead to the last, and the way back is the same way', async () => {
  await fc.assert(
    fc.asyncProperty(oneChain, async (given) => {
      const { world, ids, offset: at } = await setting.put(given.world)
      const worlds = [world]
      const merges: number[] = []
      const rows = [await rowsOf(setting.pool, ids)]
      for (const asked of given.merges.map((one) => askedAt(one, at))) {
        const model = mergeInMemory(worlds.at(-1) ?? world, asked)
        expect(model.refusal).toBeNull()
        const { merge, refusal } = await mergeSingly(setting.pool, asked)
        expect(refusal).toBeNull()
        expect(await recordsOf(setting.pool, ids)).toEqual(asComparable(model.after))
        worlds.push(model.after)
        rows.push(await rowsOf(setting.pool, ids))
        merges.push(merge ?? 0)
      }
      const last = worlds.at(-1) ?? world
      const leads = await setting.pool.query<{ id: number; live: number }>(
        `select id, live_patron(id) as live from patron where id = any($1) order by id`,
        [ids],
      )
      expect(leads.rows).toEqual(ids.map((id) => ({ id, live: leadsTo(last, id) })))
      const [first, second] = given.merges.map((one) => askedAt(one, at))
      if (!first || !second) throw new Error('two merges')
      await undoThem(setting.pool, merges.slice(1))
      expect(await rowsOf(setting.pool, ids)).toEqual(withoutErased(rows[1] as Rows, worlds[1] as World, [second]))
      await undoThem(setting.pool, merges.slice(0, 1))
      const erasedSecond = withoutErased(rows[1] as Rows, worlds[1] as World, [second]).loan_history.map(({ id }) => id)
      const wanted = withoutErased(rows[0] as Rows, world, [first])
      wanted.loan_history = wanted.loan_history.filter(({ id }) => erasedSecond.includes(id))
      expect(await rowsOf(setting.pool, ids)).toEqual(wanted)
    }),
    runs(),
  )
})

/** Some of the steps, in any order that the plan allows. */
const someSteps = fc.shuffledSubarray([...TRANSFERS]).map(detailsBeforeBlock)

test('a merge abandoned after any of its steps leaves both records as they were, and no late step changes them', async () => {
  await fc.assert(
    fc.asyncProperty(oneAllowedMerge, someSteps, async (given, steps) => {
      const { pool } = setting
      const { world, ids, offset: at } = await setting.put(given.world)
      const asked = askedAt(given.asked, at)
      const before = await rowsOf(pool, ids)
      const merge = await opened(asked)
      for (const name of steps) await doStep(pool, merge, name, 1)
      const both = await Promise.all([abandonSingle(pool, merge), abandonSingle(pool, merge)])
      // whoever asks a second time, after a lost answer too, gets what was asked
      expect(both).toEqual([true, true])
      const wanted = steps.includes('transferLoanHistory') ? withoutErased(before, world, [asked]) : before
      expect(await rowsOf(pool, ids)).toEqual(wanted)

      for (const name of TRANSFERS.filter((late) => !steps.includes(late))) {
        await expect(doStep(pool, merge, name, 1)).rejects.toMatchObject({ code: 'merge-not-open' })
      }
      await expect(retireSingle(pool, merge, 1)).rejects.toMatchObject({ code: 'merge-not-open' })
      expect(await abandonSingle(pool, merge)).toBe(true)
      expect(await rowsOf(pool, ids)).toEqual(wanted)

      // and both are free for another merge
      expect((await mergeSingly(pool, asked)).refusal).toBeNull()
      expect(await recordsOf(pool, ids)).toEqual(asComparable(mergeInMemory(world, asked).after))
    }),
    runs(),
  )
})

test('a merge abandoned while its steps run leaves both records as they were', async () => {
  await fc.assert(
    fc.asyncProperty(oneAllowedMerge, someSteps, async (given, first) => {
      const { pool } = setting
      const { world, ids, offset: at } = await setting.put(given.world)
      const asked = askedAt(given.asked, at)
      const before = await rowsOf(pool, ids)
      const merge = await opened(asked)
      for (const name of first) await doStep(pool, merge, name, 1)
      const late = TRANSFERS.filter((name) => !first.includes(name))
      const [abandoned, ...raced] = await Promise.all([
        abandonSingle(pool, merge),
        ...late.map((name) => outcome(doStep(pool, merge, name, 1))),
      ])
      expect(abandoned).toBe(true)
      expect(raced.filter((answer) => answer !== 'done' && answer !== 'merge-not-open')).toEqual([])
      const erased = first.includes('transferLoanHistory') || raced[late.indexOf('transferLoanHistory')] === 'done'
      expect(await rowsOf(pool, ids)).toEqual(erased ? withoutErased(before, world, [asked]) : before)
    }),
    runs(0.5),
  )
})

test('a merge is retired or abandoned, never both, however close the two are', async () => {
  await fc.assert(
    fc.asyncProperty(oneAllowedMerge, async (given) => {
      const { pool } = setting
      const { world, ids, offset: at } = await setting.put(given.world)
      const asked = askedAt(given.asked, at)
      const before = await rowsOf(pool, ids)
      const merge = await opened(asked)
      for (const name of TRANSFERS) await doStep(pool, merge, name, 1)
      const [retired, abandoned] = await Promise.all([
        outcome(retireSingle(pool, merge, 1)),
        abandonSingle(pool, merge),
      ])
      expect(retired).toBe(abandoned ? 'merge-not-open' : 'done')
      if (abandoned) expect(await rowsOf(pool, ids)).toEqual(withoutErased(before, world, [asked]))
      else expect(await recordsOf(pool, ids)).toEqual(asComparable(mergeInMemory(world, asked).after))
      const told = await pool.query(`select event from change where merge = $1`, [merge])
      expect(told.rows).toEqual(abandoned ? [] : [{ event: 'merged' }])
    }),
    runs(0.5),
  )
})

test('a record that still holds something is not retired, and nothing is changed by trying', async () => {
  await fc.assert(
    fc.asyncProperty(oneAllowedMerge, someSteps, async (given, steps) => {
      const { pool } = setting
      const { ids, offset: at } = await setting.put(given.world)
      const asked = askedAt(given.asked, at)
      const merge = await opened(asked)
      for (const name of steps) await doStep(pool, merge, name, 1)
      const rows = await rowsOf(pool, ids)
      fc.pre(Object.values(rows).some((of) => of.some(({ patron }) => patron === asked.remove)))
      expect(await outcome(retireSingle(pool, merge, 1))).toBe('OD002')
      expect(await rowsOf(pool, ids)).toEqual(rows)
    }),
    runs(0.5),
  )
})

async function opened(asked: Asked): Promise<number> {
  const { merge } = await openIt(setting.pool, asked)
  if (merge === null) throw new Error('no merge was made')
  return merge
}

/** `done`, or the code of the error. */
async function outcome(work: Promise<void>): Promise<unknown> {
  return work.then(
    () => 'done',
    (error: { code?: unknown }) => error.code ?? error,
  )
}
