import { aCharge, aSubscription } from './support/examples'
import { mergedAndBack, type Example } from './support/mergedAndBack'
import { useDatabase } from './support/useDatabase'

const setting = useDatabase()

/** Owed and paid, in euro cents, by library and kind, of all the rows: from charges and payments, not from stored sums. */
function byLibraryAndKind(rows: Example['before']): Record<string, { owed: number; paid: number; charges: number }> {
  const sums: Record<string, { owed: number; paid: number; charges: number }> = {}
  for (const { id, library, kind, amount } of rows.charge) {
    const sum = (sums[`${String(library)} ${String(kind)}`] ??= { owed: 0, paid: 0, charges: 0 })
    const payments = rows.payment.filter(({ charge }) => charge === id)
    sum.charges++
    sum.owed += Number(amount)
    sum.paid += payments.reduce((total, payment) => total + Number(payment.amount), 0)
  }
  return sums
}

const kept = {
  subscriptions: [aSubscription(1)],
  charges: [
    aCharge(1),
    aCharge(2, { kind: 'overdue', amount: 120 }),
    aCharge(3, { library: 'OOS', kind: 'lost', amount: 2_000 }),
  ],
  payments: [
    { id: 1, charge: 2, amount: 50, paidOn: '2026-03-01' },
    { id: 2, charge: 3, amount: 2_000, paidOn: '2026-03-02' },
  ],
}
const removed = {
  subscriptions: [aSubscription(2)],
  charges: [
    aCharge(4),
    aCharge(5, { kind: 'overdue', amount: 90 }),
    aCharge(6, { library: 'OOS', kind: 'membership', amount: 1_000 }),
    aCharge(7, { kind: 'other', amount: 0 }),
    aCharge(8, { kind: 'hold', amount: 60, inCollection: true }),
  ],
  payments: [
    { id: 3, charge: 4, amount: 200, paidOn: '2026-03-01' },
    { id: 4, charge: 4, amount: 100, paidOn: '2026-04-01' },
    { id: 5, charge: 6, amount: 1_000, paidOn: '2026-03-01' },
    { id: 6, charge: 8, amount: 60, paidOn: '2026-03-01' },
  ],
}

test('charges half paid, settled and open move with their payments; owed and paid stay equal by library and kind', async () => {
  const merged = await mergedAndBack(setting, { kept, removed })
  expect(byLibraryAndKind(merged.after)).toEqual(byLibraryAndKind(merged.before))
  expect(merged.kept.charges).toEqual([...kept.charges, ...removed.charges])
  expect(merged.kept.payments).toEqual([...kept.payments, ...removed.payments])
  expect(merged.counts('transferFees')).toEqual({ charges: 5, open: 2, openCents: 290 })
})

test('a membership fee that both owe where a subscription is stopped stays owed twice, and is told', async () => {
  const merged = await mergedAndBack(setting, { kept, removed })
  expect(merged.kept.charges.filter(({ kind, library }) => kind === 'membership' && library === 'ZOT')).toHaveLength(2)
  expect(merged.warnings).toContainEqual({ code: 'membership-charged-twice', concerns: { libraries: ['ZOT'] } })
})

test.each([
  [
    "the removed record's fee is settled",
    { ...removed, payments: [...removed.payments, { id: 7, charge: 4, amount: 200, paidOn: '2026-05-01' }] },
  ],
  [
    "the kept record's fee is settled",
    removed,
    { ...kept, payments: [...kept.payments, { id: 7, charge: 1, amount: 500, paidOn: '2026-05-01' }] },
  ],
  ['no subscription is stopped there', { ...removed, subscriptions: [] }],
  ['the fees are at two libraries', { ...removed, charges: [aCharge(4, { library: 'OOS' })], payments: [] }],
])('no fee is told as charged twice where %s', async (_, other, own = kept) => {
  const merged = await mergedAndBack(setting, { kept: own, removed: other })
  expect(merged.codes).not.toContain('membership-charged-twice')
})

test('an open charge in collection of the removed record needs an override, then it moves like any other', async () => {
  const charges = [aCharge(4, { kind: 'lost', inCollection: true })]
  const merged = await mergedAndBack(setting, { kept, removed: { charges } }, { override: ['charges-in-collection'] })
  expect(merged.kept.charges).toEqual([...kept.charges, ...charges])
})
