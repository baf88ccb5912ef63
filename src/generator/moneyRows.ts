import { isoDate } from './dates'
import type { Random } from './random'
import type { Charge } from './records'
import type { RowsDraft } from './rowsDraft'

const MEMBERSHIP_CENTS: Readonly<Record<string, number>> = { child: 200, youth: 300, adult: 500, senior: 400 }
const LATER_CHARGES = ['overdue', 'overdue', 'overdue', 'hold', 'lost', 'other'] as const
const COLLECTION_SHARE = 0.04

/** The first is the membership fee, mostly. */
export function addCharge(draft: RowsDraft): void {
  const { random, rows } = draft
  const isMembership = rows.charges.length === 0 && random.chance(draft.request.isDuplicate ? 0.9 : 0.7)
  const kind = isMembership ? 'membership' : random.pick(LATER_CHARGES)
  rows.charges.push({
    id: draft.ids.charge(),
    library: isMembership ? draft.home : draft.anyLibrary(),
    kind,
    amount: centsOf(kind, draft.request.product, random),
    chargedOn: isoDate(draft.dayWithin(isMembership ? 300 : 900)),
    inCollection: false,
  })
}

/** Of a charge that is open: all of it, or half. Says no where none is. */
export function addPayment(draft: RowsDraft): boolean {
  const { random, rows, paid } = draft
  const unpaid = rows.charges.filter((one) => balance(draft, one) > 0)
  if (unpaid.length === 0) return false
  const charge = random.pick(unpaid)
  const open = balance(draft, charge)
  const amount = open > 1 && random.chance(0.3) ? Math.floor(open / 2) : open
  paid.set(charge.id, charge.amount - open + amount)
  const paidOn = isoDate(draft.dayWithin(300))
  rows.payments.push({ id: draft.ids.payment(), charge: charge.id, amount, paidOn })
  return true
}

/** Hands some open charges for lost items to the bailiff. */
export function sendToCollection(draft: RowsDraft): void {
  for (const charge of draft.rows.charges) {
    if (charge.kind === 'lost' && balance(draft, charge) > 0 && draft.random.chance(COLLECTION_SHARE)) {
      charge.inCollection = true
    }
  }
}

function balance(draft: RowsDraft, charge: Charge): number {
  return charge.amount - (draft.paid.get(charge.id) ?? 0)
}

function centsOf(kind: Charge['kind'], product: string, random: Random): number {
  switch (kind) {
    case 'membership':
      return MEMBERSHIP_CENTS[product] ?? 500
    case 'overdue':
      return 10 * random.between(1, 60)
    case 'hold':
      return 50
    case 'lost':
      return random.between(600, 3_500)
    default:
      return 10 * random.between(1, 25)
  }
}
