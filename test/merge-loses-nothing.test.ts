import fc from 'fast-check'
import { STOPPING_WARNINGS } from '../src/domain/codes'
import { previewMerge } from '../src/merges/preview'
import { mergeReport } from '../src/merges/report'
import { askedAt, oneAllowedMerge, oneMerge, shifted } from './support/cases'
import {
  asModelled,
  changesBetween,
  changesTold,
  inFixedOrder,
  mergeSingly,
  mergeTogether,
  recordsOf,
  undoThem,
} from './support/mergeOnDatabase'
import { mergeInMemory, type Asked } from './support/model'
import { isOpen } from './support/modelWords'
import { PROPERTY_TIMEOUT_MS, runs } from './support/properties'
import type { PatronRecord, World } from './support/records'
import { inOrder, rowsOf, type Rows } from './support/rows'
import { asComparable, stepOrder, useDatabase, withoutErased } from './support/useDatabase'

jest.setTimeout(PROPERTY_TIMEOUT_MS)
const setting = useDatabase()

/** Open balance by library and kind, in euro cents. */
function balances(records: PatronRecord[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const record of records) {
    for (const charge of record.charges) {
      const paid = record.payments.filter((payment) => payment.charge === charge.id)
      const key = `${charge.library} ${charge.kind} ${isOpen(charge, record) ? 'open' : 'settled'}`
      sums[key] = (sums[key] ?? 0) + charge.amount - paid.reduce((sum, { amount }) => sum + amount, 0)
    }
  }
  return sums
}

function previewOf({ keep, remove, on, take, override }: Asked) {
  return previewMerge(setting.pool, { keep, remove, on, take, override, by: 'test' } as never, [], 'en')
}

test('a merge gives the records that the rules give, or is refused with the first code that applies', async () => {
  await fc.assert(
    fc.asyncProperty(oneMerge, stepOrder, async (given, order) => {
      const { world, ids, offset: at } = await setting.put(given.world)
      const asked = askedAt(given.asked, at)
      const model = mergeInMemory(world, asked)
      const { refusal } = await mergeSingly(setting.pool, asked, order)
      expect(refusal?.code ?? null).toBe(model.refusal)
      if (model.refusal === 'needs-acceptance')
        expect([...(refusal?.details.warnings as string[])].sort()).toEqual([...model.needs].sort())
      expect(await recordsOf(setting.pool, ids)).toEqual(asComparable(model.after))
    }),
    runs(2),
  )
})

test('a preview tells what the rules tell, changes nothing, and is what the merge then tells and does', async () => {
  await fc.assert(
    fc.asyncProperty(oneMerge, async (given) => {
      const { world, ids, offset: at } = await setting.put(given.world)
      const asked = askedAt(given.asked, at)
      const model = mergeInMemory(world, { ...asked, accept: [...STOPPING_WARNINGS] })
      const before = await rowsOf(setting.pool, ids)
      const preview = await previewOf(asked)
      expect(await rowsOf(setting.pool, ids)).toEqual(before)
      expect(preview.refusal?.code ?? null).toBe(model.refusal)
      if (model.refusal === null) expectWarnings(preview.warnings, model.warnings)

      const { merge, refusal } = await mergeSingly(setting.pool, { ...asked, accept: [...STOPPING_WARNINGS] })
      expect(refusal?.code ?? null).toBe(model.refusal)
      if (refusal !== null || merge === null) return
      const report = await mergeReport(setting.pool, merge, { changes: true })
      expect(report?.warnings).toEqual(preview.warnings)
      expect(report?.steps.map(withoutAttempts)).toEqual(preview.steps.map(withoutAttempts))
    }),
    runs(),
  )
})

/** `different-person` is compared where the model is sure of it: how alike names are is the product's to say. */
function expectWarnings(told: { code: string; details: Record<string, unknown> }[], model: { code: string }[]): void {
  const open = model.some(({ code }) => code === 'different-person-perhaps')
  const compared = (list: { code: string }[]) =>
    list
      .filter(({ code }) => code !== 'different-person-perhaps' && !(open && code === 'different-person'))
      .sort((a, b) => (a.code < b.code ? -1 : 1))
  expect(compared(told.map(asModelled))).toEqual(compared(model))
}

function withoutAttempts({ attempts: _, ...step }: { attempts: number }) {
  return step
}

test('nothing is lost, nothing is doubled, and whatever is altered or deleted is told', async () => {
  await fc.assert(
    fc.asyncProperty(oneAllowedMerge, async (given) => {
      const { world, ids, offset: at } = await setting.put(given.world)
      const asked = askedAt(given.asked, at)
      const [before, recordsBefore] = [await rowsOf(setting.pool, ids), await recordsOf(setting.pool, ids)]
      const { merge } = await mergeSingly(setting.pool, asked)
      const [after, recordsAfter] = [await rowsOf(setting.pool, ids), await recordsOf(setting.pool, ids)]

      const { changes, added } = changesBetween(withoutErased(before, world, [asked]), after)
      expect(added).toEqual([])
      const removedRow = changes.filter(({ table, key }) => table === 'patron' && key === String(asked.remove))
      expect(removedRow.map(({ now }) => Object.keys(now ?? {}).sort())).toEqual([['merged_into', 'retired_at']])
      const report = await mergeReport(setting.pool, merge ?? 0, { changes: true })
      const told = changesTold(report?.steps.flatMap((step) => step.changes ?? []) ?? [])
      expect(inFixedOrder(told)).toEqual(inFixedOrder(changes.filter((change) => !removedRow.includes(change))))

      expect(balances(recordsAfter)).toEqual(balances(recordsBefore))
      expectOwnRowsUntouched(before, after, asked.keep)
      expectMovedAndStamped(before, after, asked)
      const rowsOfRemoved = Object.entries(after).filter(
        ([table, rows]) => table !== 'patron' && rows.some(({ patron }) => patron === asked.remove),
      )
      expect(rowsOfRemoved).toEqual([])
    }),
    runs(),
  )
})

/** Of the kept record's own rows only a hold may be cancelled and a contact get a mark; all else is as it was. */
function expectOwnRowsUntouched(before: Rows, after: Rows, keep: number): void {
  for (const table of [
    'card',
    'subscription',
    'history_preference',
    'loan',
    'loan_history',
    'charge',
    'message',
  ] as const) {
    const own = before[table].filter(({ patron }) => patron === keep)
    expect(after[table]).toEqual(expect.arrayContaining(own))
  }
  expect(after.payment).toEqual(before.payment)
}

/** Whatever of the removed record is still there hangs on the kept one and says whose it was. */
function expectMovedAndStamped(before: Rows, after: Rows, { keep, remove }: Asked): void {
  for (const [table, rows] of Object.entries(before)) {
    for (const row of rows.filter(({ patron }) => patron === remove)) {
      const now = after[table as keyof Rows].filter((later) =>
        table === 'card' ? later.number === row.number : later.id === row.id,
      )
      const moved =
        table === 'history_preference'
          ? now.filter((later) => later.written_for === remove && later.library === row.library)
          : now
      for (const { patron, written_for } of moved) expect([table, patron, written_for]).toEqual([table, keep, remove])
    }
  }
}

test('a group gives the same as one by one, and goes back the same', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(oneMerge, { minLength: 1, maxLength: 4 }), async (cases) => {
      const grouped: { asked: Asked; offset: number; ids: number[]; world: World }[] = []
      for (const { world, asked } of cases) {
        const there = await setting.put(world)
        grouped.push({ ...there, asked: askedAt(asked, there.offset) })
      }
      const before = await Promise.all(grouped.map(({ ids }) => rowsOf(setting.pool, ids)))
      const done = await mergeTogether(
        setting.pool,
        setting.client,
        grouped.map(({ asked }) => asked),
      )
      for (const [n, { world, asked }] of cases.entries()) {
        const one = await setting.put(world)
        const { merge, refusal } = await mergeSingly(setting.pool, askedAt(asked, one.offset))
        const inGroup = grouped[n]
        if (!inGroup) throw new Error('a case was put nowhere')
        expect(done[n]?.refusal?.code).toBe(refusal?.code)
        const unplaced = async (ids: number[], at: number) =>
          (await recordsOf(setting.pool, ids)).map((record) => inOrder(shifted(record, -at)))
        expect(await unplaced(inGroup.ids, inGroup.offset)).toEqual(await unplaced(one.ids, one.offset))
        const [together, singly] = [
          await mergeReport(setting.pool, done[n]?.merge ?? 0),
          merge === null ? undefined : await mergeReport(setting.pool, merge),
        ]
        if (refusal === null)
          expect(together?.warnings.map(({ code }) => code)).toEqual(singly?.warnings.map(({ code }) => code))
      }
      const merged = done.flatMap(({ merge, refusal }) => (refusal === null && merge !== null ? [merge] : []))
      await undoThem(setting.pool, merged)
      for (const [n, { ids, world, asked }] of grouped.entries()) {
        const rows = before[n]
        if (!rows) throw new Error('no rows were read')
        expect(await rowsOf(setting.pool, ids)).toEqual(
          done[n]?.refusal === null ? withoutErased(rows, world, [asked]) : rows,
        )
      }
    }),
    runs(0.5),
  )
})
