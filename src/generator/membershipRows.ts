import { isoDate } from './dates'
import type { RowsDraft } from './rowsDraft'
import { YEAR_DAYS } from './standing'

const MOST_CARDS = 3

export function addSubscription(draft: RowsDraft, library: string, active: boolean): void {
  const { random, request, rows } = draft
  const { today, product, standing } = request
  const id = draft.ids.subscription()
  if (active) {
    const starts = Math.max(standing.registered, today - random.below(YEAR_DAYS - 5))
    const endsOn = random.chance(0.05) ? null : isoDate(starts + YEAR_DAYS - 1)
    rows.subscriptions.push({ id, library, product, startsOn: isoDate(starts), endsOn, stoppedOn: null })
    return
  }
  const ended = Math.min(today - 1, draft.anchor + random.below(300))
  const isStopped = random.chance(0.06)
  rows.subscriptions.push({
    id,
    library,
    product,
    startsOn: isoDate(ended - YEAR_DAYS + 1),
    endsOn: isoDate(isStopped ? ended + 90 : ended),
    stoppedOn: isStopped ? isoDate(ended) : null,
  })
}

/** The first works, mostly; the others were lost. Says no where there are enough. */
export function addCard(draft: RowsDraft): boolean {
  const { random, rows } = draft
  if (rows.cards.length >= MOST_CARDS) return false
  const works = random.chance(rows.cards.length === 0 ? 0.95 : 0)
  const status = works ? 'active' : random.chance(0.7) ? 'lost' : 'blocked'
  rows.cards.push({ number: draft.ids.card(), library: draft.home, status })
  return true
}

export function addPreference(draft: RowsDraft, library: string, enabled: boolean): void {
  draft.rows.historyPreferences.push({ library, enabled })
}

/** Sometimes at a library where the patron is not registered. Says no where there is a preference already. */
export function addAnotherPreference(draft: RowsDraft): boolean {
  const { random, request, rows } = draft
  const library = random.pick(random.chance(0.7) ? request.standing.libraries : request.libraries)
  if (rows.historyPreferences.some((known) => known.library === library)) return false
  const isFree = library !== draft.home || request.keepsHistory === null
  addPreference(draft, library, isFree ? random.chance(0.6) : request.keepsHistory === true)
  return true
}
