/** What staff are told before they merge, in memory: written from the rules, as model.ts is. */
import { isActive, isBlank, isErasedAt, isOpen, onlyInvalidNationalNumberIn, validNationalNumberIn } from './modelWords'
import type { PatronRecord, Subscription, World } from './records'

/** A code with the records, fields or libraries concerned, each list sorted. */
export interface ModelWarning {
  code: string
  /** Undefined where the rules do not say what is concerned. */
  concerns?: Record<string, number | (string | number)[]>
}

interface Pair {
  kept: PatronRecord
  removed: PatronRecord
}

/** All warnings, in the order of the rules. `after` is the kept record after the merge. */
export function warningsOf(world: World, pair: Pair, after: PatronRecord, on: string): ModelWarning[] {
  return [
    ...aboutSubscriptionsAndHistory(pair, on),
    ...aboutHolds(pair, after),
    ...aboutBlocks(pair, after),
    ...aboutDetails(pair),
    ...aboutThePerson(world, pair),
  ]
}

const sorted = <T extends string | number>(values: T[]): T[] =>
  [...new Set(values)].sort((a, b) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : String(a) < String(b) ? -1 : 1,
  )
const idsOf = (rows: { id: number }[]) => sorted(rows.map(({ id }) => id))
const librariesOf = (rows: { library: string }[]) => sorted(rows.map(({ library }) => library))

function tell(code: string, when: boolean, concerns?: ModelWarning['concerns']): ModelWarning[] {
  return when ? [concerns ? { code, concerns } : { code }] : []
}

function aboutSubscriptionsAndHistory({ kept, removed }: Pair, on: string): ModelWarning[] {
  const active = (record: PatronRecord) => record.subscriptions.filter((subscription) => isActive(subscription, on))
  const expired = removed.subscriptions.filter((subscription) => !isActive(subscription, on))
  const erased = removed.loanHistory.filter(({ library }) => isErasedAt(kept, removed, library))
  const has = (subscriptions: Subscription[], library: string) => subscriptions.some((one) => one.library === library)
  const lost = librariesOf(expired).filter(
    (library) => !has(kept.subscriptions, library) && !has(active(removed), library),
  )
  const stopped = active(removed).filter(({ library }) => has(active(kept), library))
  const owes = (record: PatronRecord, library: string) =>
    record.charges.some(
      (charge) => charge.library === library && charge.kind === 'membership' && isOpen(charge, record),
    )
  const twice = librariesOf(stopped).filter((library) => owes(kept, library) && owes(removed, library))
  return [
    ...tell('history-erased', erased.length > 0, { loans: erased.length, libraries: librariesOf(erased) }),
    ...tell('valid-subscription-on-removed', active(removed).length > 0 && active(kept).length === 0, {
      libraries: librariesOf(active(removed)),
    }),
    ...tell('expired-subscriptions-deleted', expired.length > 0, {
      subscriptions: idsOf(expired),
      libraries: librariesOf(expired),
    }),
    ...tell('not-findable', lost.length > 0, { libraries: lost }),
    ...tell('subscription-stopped', stopped.length > 0, {
      subscriptions: idsOf(stopped),
      libraries: librariesOf(stopped),
    }),
    ...tell('membership-charged-twice', twice.length > 0, { libraries: twice }),
  ]
}

function aboutHolds({ kept, removed }: Pair, after: PatronRecord): ModelWarning[] {
  const statusAfter = new Map(after.holds.map((hold) => [hold.id, hold.status]))
  const collapsed = [...kept.holds, ...removed.holds].filter(
    ({ id, status }) => status !== 'cancelled' && statusAfter.get(id) === 'cancelled',
  )
  const onLoan = new Set(after.loans.map(({ title }) => title))
  const onOwnLoan = after.holds.filter(({ status, title }) => status !== 'cancelled' && onLoan.has(title))
  // one that R2 cancels is ready no longer: it is told as collapsed
  const ready = removed.holds.filter(({ id, status }) => status === 'ready' && statusAfter.get(id) === 'ready')
  return [
    ...tell('hold-collapsed', collapsed.length > 0, { holds: idsOf(collapsed), libraries: librariesOf(collapsed) }),
    ...tell('hold-on-own-loan', onOwnLoan.length > 0, { holds: idsOf(onOwnLoan) }),
    ...tell('ready-hold-moves', ready.length > 0, { holds: idsOf(ready) }),
  ]
}

function aboutBlocks({ kept, removed }: Pair, after: PatronRecord): ModelWarning[] {
  const bringsNumber = removed.nationalNumber !== null || validNationalNumberIn(removed.legitimation) !== null
  const unverified = removed.registeredOnline && removed.internetBlock === 'online-registration' && !bringsNumber
  return [
    ...tell('internet-block-applied', kept.internetBlock === null && after.internetBlock !== null, { patron: kept.id }),
    ...tell('internet-block-kept', kept.internetBlock === 'online-registration' && after.nationalNumber !== null, {
      patron: kept.id,
    }),
    ...tell('staff-block-not-carried', removed.internetBlock === 'staff' && after.internetBlock === null, {
      patron: removed.id,
    }),
    ...tell('unverified-login-gains-access', unverified && after.internetBlock === null, { patron: removed.id }),
  ]
}

function aboutDetails({ kept, removed }: Pair): ModelWarning[] {
  const nameDiffers =
    (!isBlank(removed.lastName) && removed.lastName !== kept.lastName) ||
    (!isBlank(removed.firstName) && removed.firstName !== kept.firstName)
  const fields = [
    ...(nameDiffers ? ['name'] : []),
    ...(removed.birthDate !== null && removed.birthDate !== kept.birthDate ? ['birth-date'] : []),
    ...(removed.gender !== null && removed.gender !== kept.gender ? ['gender'] : []),
    ...(addressDiffers(kept, removed) ? ['address'] : []),
  ]
  // R9 looks into the legitimations where no record has a number in its field: the kept record's, then the other's
  const looked = kept.nationalNumber === null && removed.nationalNumber === null
  const inKept = looked && onlyInvalidNationalNumberIn(kept.legitimation)
  const inRemoved =
    looked && validNationalNumberIn(kept.legitimation) === null && onlyInvalidNationalNumberIn(removed.legitimation)
  return [
    ...tell('details-differ', fields.length > 0, { fields: sorted(fields) }),
    ...tell('national-number-invalid', inKept || inRemoved, {
      patrons: sorted([...(inKept ? [kept.id] : []), ...(inRemoved ? [removed.id] : [])]),
    }),
  ]
}

function addressDiffers(kept: PatronRecord, removed: PatronRecord): boolean {
  const parts = (record: PatronRecord) => {
    const { street, number, box, postcode, city } = record.address ?? {}
    return [street, number, box, postcode, city].map((part) => part ?? null)
  }
  const empty = parts(removed).every((part) => isBlank(part))
  return !empty && parts(removed).some((part, n) => part !== parts(kept)[n])
}

/**
 * How alike two names are the rules leave open, and so does the model: it knows equal names, and pairs whose first and last
 * names both share nothing. In between it says that it does not know.
 */
function aboutThePerson({ rejected }: World, { kept, removed }: Pair): ModelWarning[] {
  const differ = <T>(a: T | null, b: T | null): boolean => a !== null && b !== null && a !== b
  const agree = <T>(a: T | null, b: T | null): boolean => a !== null && a === b
  const firstNamesDiffer =
    !isBlank(kept.firstName) && !isBlank(removed.firstName) && kept.firstName !== removed.firstName
  const lastNamesDiffer = kept.lastName !== removed.lastName
  const lastNamesKnown = !isBlank(kept.lastName) && !isBlank(removed.lastName)
  const twins =
    firstNamesDiffer &&
    !lastNamesDiffer &&
    agree(kept.birthDate, removed.birthDate) &&
    agree(kept.gender, removed.gender) &&
    kept.address !== null &&
    !addressDiffers(kept, removed)
  const certain =
    differ(kept.birthDate, removed.birthDate) ||
    differ(kept.gender, removed.gender) ||
    (firstNamesDiffer && lastNamesDiffer && lastNamesKnown) ||
    twins
  const was = rejected.some((pair) => pair.includes(kept.id) && pair.includes(removed.id))
  return [
    ...tell('different-person', certain),
    ...tell('different-person-perhaps', !certain && (firstNamesDiffer || lastNamesDiffer)),
    ...tell('rejected-before', was, { patrons: sorted([kept.id, removed.id]) }),
  ]
}
