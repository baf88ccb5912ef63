import { brusselsInstant, isoDate } from './dates'
import { itemOnLoan, itemReturned } from './ids'
import type { Hold } from './records'
import type { RowsDraft } from './rowsDraft'

const LOAN_DAYS = 28
const CANCEL_REASONS = ['by-patron', 'not-collected', 'title-withdrawn'] as const

/** Those who lapsed have nothing out, mostly: then it says no. */
export function addLoan(draft: RowsDraft): boolean {
  const { random } = draft
  if (!draft.request.standing.active && !random.chance(0.1)) return false
  const loaned = draft.dayWithin(LOAN_DAYS - 3)
  const renewals = random.chance(0.25) ? random.between(1, 2) : 0
  const id = draft.ids.loan()
  draft.rows.loans.push({
    id,
    library: draft.anyLibrary(),
    item: itemOnLoan(id),
    title: random.chance(0.03) ? draft.wished(random.below(3)) : `T${draft.anyTitle()}`,
    loanedOn: isoDate(loaned),
    dueOn: isoDate(loaned + LOAN_DAYS * (1 + renewals)),
    renewals,
    ...draft.madeWith(),
  })
  return true
}

/** There is history only where the preference is on: elsewhere it says no. */
export function addHistoryEntry(draft: RowsDraft): boolean {
  const { random, rows, request } = draft
  const kept = rows.historyPreferences.filter(({ library, enabled }) => enabled && library !== request.noHistoryAt)
  if (kept.length === 0) return false
  const returned = draft.dayWithin(1_500)
  const title = draft.anyTitle()
  rows.loanHistory.push({
    id: draft.ids.historyEntry(),
    library: random.pick(kept).library,
    item: itemReturned(title, random.below(4)),
    title: `T${title}`,
    loanedOn: isoDate(returned - random.between(2, 35)),
    returnedOn: isoDate(returned),
    ...draft.madeWith(),
  })
  return true
}

/** Those who lapsed have cancelled ones only. */
export function addHold(draft: RowsDraft): void {
  const status = draft.request.standing.active ? holdStatus(draft.random.below(100)) : 'cancelled'
  pushHold(draft, draft.anyLibrary(), draft.nextWish(), status)
}

/** An open hold on the first wish of this person, at the library of registration. */
export function addFirstWish(draft: RowsDraft): void {
  pushHold(draft, draft.home, draft.wished(0), draft.random.chance(0.12) ? 'ready' : 'waiting')
}

function pushHold(draft: RowsDraft, library: string, wish: string, status: Hold['status']): void {
  const { random, openHolds } = draft
  let title = wish
  while (status !== 'cancelled' && openHolds.has(title + library)) title = draft.nextWish()
  const hold: Hold = {
    id: draft.ids.hold(),
    library,
    title,
    placedAt: brusselsInstant(draft.dayWithin(90), random.between(9, 18), random.below(60)),
    status,
    ...draft.madeWith(),
  }
  if (status === 'cancelled') hold.reason = random.pick(CANCEL_REASONS)
  else openHolds.add(title + library)
  draft.rows.holds.push(hold)
}

function holdStatus(draw: number): Hold['status'] {
  if (draw < 56) return 'waiting'
  if (draw < 69) return 'ready'
  return draw < 74 ? 'suspended' : 'cancelled'
}
