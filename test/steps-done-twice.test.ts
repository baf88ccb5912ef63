import fc from 'fast-check'
import { connect } from '../src/database/pool'
import { STEPS } from '../src/domain/codes'
import { TRANSFERS } from '../src/domain/plan'
import { mergeReport } from '../src/merges/report'
import { doStep, retireSingle } from '../src/merges/stepSingle'
import { createMerge } from '../src/merges/store'
import { mergeGroup } from '../src/steps/group'
import { askedAt, oneAllowedMerge } from './support/cases'
import { mergeSingly, openIt, recordsOf, someWorkflow } from './support/mergeOnDatabase'
import { mergeInMemory } from './support/model'
import { PROPERTY_TIMEOUT_MS, runs } from './support/properties'
import { asComparable, useDatabase } from './support/useDatabase'

jest.setTimeout(PROPERTY_TIMEOUT_MS)
const setting = useDatabase()

test('every step done twice, and twice at once, changes once and has one row in the ledger', async () => {
  await fc.assert(
    fc.asyncProperty(oneAllowedMerge, async (given) => {
      const { world, ids, offset: at } = await setting.put(given.world)
      const asked = askedAt(given.asked, at)
      const workflow = someWorkflow()
      const [{ merge }, twin] = await Promise.all([
        openIt(setting.pool, asked, workflow),
        openIt(setting.pool, asked, workflow),
      ])
      if (merge === null) throw new Error('no merge was made')
      expect(twin).toEqual({ merge, refusal: null })
      expect(await openIt(setting.pool, asked, workflow)).toEqual({ merge, refusal: null })
      for (const name of TRANSFERS) {
        await Promise.all([doStep(setting.pool, merge, name, 1), doStep(setting.pool, merge, name, 2)])
        await doStep(setting.pool, merge, name, 3)
      }
      await Promise.all([retireSingle(setting.pool, merge, 1), retireSingle(setting.pool, merge, 2)])
      await retireSingle(setting.pool, merge, 3)
      await Promise.all(TRANSFERS.map((name) => doStep(setting.pool, merge, name, 4)))

      expect(await recordsOf(setting.pool, ids)).toEqual(asComparable(mergeInMemory(world, asked).after))
      const ledger = await setting.pool.query<{ step: string }>(
        `select step from merge_step where merge = $1 and done_at is not null`,
        [merge],
      )
      expect(ledger.rows.map(({ step }) => step).sort()).toEqual(
        STEPS.filter((step) => step !== 'syncPortalLinks').sort(),
      )
      expect((await setting.pool.query(`select event from change where merge = $1`, [merge])).rows).toEqual([
        { event: 'merged' },
      ])
      expect(
        (await setting.pool.query(`select id from merge where kept = $1 and removed = $2`, [asked.keep, asked.remove]))
          .rows,
      ).toEqual([{ id: merge }])

      // once more, done once: the ledger tells the same of both
      const once = await setting.put(given.world)
      const alone = await mergeSingly(setting.pool, askedAt(given.asked, once.offset))
      const counts = async (id: number | null) =>
        (await mergeReport(setting.pool, id ?? 0))?.steps.map(({ step, counts: of }) => ({ step, of }))
      expect(await counts(merge)).toEqual(await counts(alone.merge))
    }),
    runs(0.5),
  )
})

test('a group doubled on two connections is merged once', async () => {
  const second = await connect(setting.database.url, { pipeline: true })
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(oneAllowedMerge, { minLength: 1, maxLength: 3 }), async (cases) => {
        const there = await Promise.all(
          cases.map(async ({ world, asked }) => ({ ...(await setting.put(world)), asked })),
        )
        const merges: number[] = []
        for (const { asked, offset: at } of there)
          merges.push((await createMerge(setting.pool, { ...askedAt(asked, at), by: 'test' }, null)) ?? 0)
        const both = await Promise.all([mergeGroup(setting.client, merges), mergeGroup(second, merges)])
        expect(both.flatMap(({ merged }) => merged).sort((a, b) => a - b)).toEqual(merges)
        for (const { world, asked, ids, offset: at } of there) {
          expect(await recordsOf(setting.pool, ids)).toEqual(
            asComparable(mergeInMemory(world, askedAt(asked, at)).after),
          )
        }
        expect((await mergeGroup(setting.client, merges)).merged).toEqual([])
        const ledger = await setting.pool.query<{ n: number }>(
          `select count(*) as n from merge_step where merge = any($1)`,
          [merges],
        )
        expect(ledger.rows).toEqual([{ n: merges.length * (STEPS.length - 1) }])
      }),
      runs(0.5),
    )
  } finally {
    await second.end()
  }
})
