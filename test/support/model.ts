/**
 * What a merge does, in memory: written from the rules, one record after the other, with nothing in common with the
 * product's set-based SQL. The property tests hold the product against it.
 */
import {
  bothRegistered,
  contactKey,
  isActive,
  isBlank,
  isErasedAt,
  numberOf,
  isOpen,
  validNationalNumberIn,
} from './modelWords'
import { warningsOf, type ModelWarning } from './modelWarnings'
import { blankPatron, type Contact, type Hold, type PatronRecord, type World } from './records'

export type Take = 'name' | 'birth-date' | 'gender' | 'address' | 'blanks'

export interface Asked {
  keep: number
  remove: number
  /** The merge date. */
  on: string
  take: Take[]
  accept: string[]
  override: string[]
}

export interface Outcome {
  /** The first refusal that applies, `needs-acceptance` last. Nothing has changed then. */
  refusal: string | null
  /** The warnings that had to be accepted and were not. */
  needs: string[]
  /** What a preview tells; empty where the merge is refused for another reason than a missing acceptance. */
  warnings: ModelWarning[]
  after: World
}

const MUST_BE_ACCEPTED = ['history-erased', 'unverified-login-gains-access', 'rejected-before']

/** The world after the merge, what staff are told, and whether it is refused. */
export function mergeInMemory(world: World, asked: Asked): Outcome {
  const refusal = refusalOf(world, asked)
  if (refusal !== null) return { refusal, needs: [], warnings: [], after: world }
  const before = { kept: patronOf(world, asked.keep), removed: patronOf(world, asked.remove) }
  const kept = keptAfter(before.kept, before.removed, asked)
  const warnings = warningsOf(world, before, kept, asked.on)
  const needs = warnings
    .map(({ code }) => code)
    .filter((code) => MUST_BE_ACCEPTED.includes(code) && !asked.accept.includes(code))
  if (needs.length > 0) return { refusal: 'needs-acceptance', needs, warnings, after: world }
  const patrons = world.patrons.map((patron) => {
    if (patron.id === asked.keep) return kept
    return patron.id === asked.remove ? blankPatron(patron.id, { lastName: '', mergedInto: asked.keep }) : patron
  })
  return { refusal: null, needs, warnings, after: { ...world, patrons } }
}

/** The record at the end of the chain. */
export function leadsTo(world: World, id: number): number {
  const { mergedInto } = patronOf(world, id)
  return mergedInto === null ? id : leadsTo(world, mergedInto)
}

export function patronOf(world: World, id: number): PatronRecord {
  const found = world.patrons.find((patron) => patron.id === id)
  if (!found) throw new Error(`no patron ${id}`)
  return found
}

function refusalOf(world: World, { keep, remove, override }: Asked): string | null {
  if (keep === remove) return 'same-record'
  const kept = world.patrons.find(({ id }) => id === keep)
  const removed = world.patrons.find(({ id }) => id === remove)
  if (!kept || !removed) return 'unknown-patron'
  if (kept.mergedInto !== null || removed.mergedInto !== null) return 'already-merged'
  if (kept.protected || removed.protected) return 'protected'
  const [ofKept, ofRemoved] = [numberOf(kept), numberOf(removed)]
  const twoPeople = ofKept !== null && ofRemoved !== null && ofKept !== ofRemoved
  if (twoPeople && !override.includes('different-national-numbers')) return 'different-national-numbers'
  const atBailiff = removed.charges.some((charge) => charge.inCollection && isOpen(charge, removed))
  if (atBailiff && !override.includes('charges-in-collection')) return 'charges-in-collection'
  return null
}

function keptAfter(kept: PatronRecord, removed: PatronRecord, { on, take }: Asked): PatronRecord {
  const nationalNumber = nationalNumberAfter(kept, removed)
  return {
    ...kept,
    ...details(kept, removed, take),
    nationalNumber,
    internetBlock: blockAfter(kept, removed),
    registeredOn: ofKnown(kept.registeredOn, removed.registeredOn, (a, b) => (a < b ? a : b)),
    lastActivityOn: ofKnown(kept.lastActivityOn, removed.lastActivityOn, (a, b) => (a > b ? a : b)),
    contacts: contactsAfter(kept.contacts, removed.contacts),
    cards: [...kept.cards, ...removed.cards],
    subscriptions: subscriptionsAfter(kept, removed, on),
    historyPreferences: [
      ...kept.historyPreferences,
      ...removed.historyPreferences.filter(
        ({ library }) =>
          !bothRegistered(kept, removed, library) && !kept.historyPreferences.some((own) => own.library === library),
      ),
    ],
    loans: [...kept.loans, ...removed.loans],
    loanHistory: [
      ...kept.loanHistory,
      ...removed.loanHistory.filter(({ library }) => !isErasedAt(kept, removed, library)),
    ],
    holds: holdsAfter(kept.holds, removed.holds),
    charges: [...kept.charges, ...removed.charges],
    payments: [...kept.payments, ...removed.payments],
    messages: [...kept.messages, ...removed.messages],
  }
}

/** R2: of two open holds on the same title for the same pickup library one stays. */
function holdsAfter(kept: Hold[], removed: Hold[]): Hold[] {
  const isOpenHold = ({ status }: Hold) => status !== 'cancelled'
  const all = [...kept, ...removed]
  const cancelled = new Set<number>()
  for (const one of kept.filter(isOpenHold)) {
    for (const other of removed.filter(isOpenHold)) {
      if (one.title === other.title && one.library === other.library) cancelled.add(staysFirst(one, other)[1].id)
    }
  }
  return all.map((hold) =>
    cancelled.has(hold.id) ? { ...hold, status: 'cancelled', reason: 'duplicate-after-merge' } : hold,
  )
}

function staysFirst(a: Hold, b: Hold): [Hold, Hold] {
  if ((a.status === 'ready') !== (b.status === 'ready')) return a.status === 'ready' ? [a, b] : [b, a]
  const [atA, atB] = [Date.parse(a.placedAt), Date.parse(b.placedAt)]
  if (atA !== atB) return atA < atB ? [a, b] : [b, a]
  return a.id < b.id ? [a, b] : [b, a]
}

/** R6. */
function contactsAfter(kept: Contact[], removed: Contact[]): Contact[] {
  const result = kept.map((contact) => ({ ...contact }))
  const hadPrimary = new Set(kept.filter(({ primary }) => primary).map(({ kind }) => kind))
  for (const contact of removed) {
    const marks = contact.primary && !hadPrimary.has(contact.kind)
    const doubles = kept.filter((own) => contactKey(own.kind, own.value) === contactKey(contact.kind, contact.value))
    if (doubles.length === 0) {
      result.push({ ...contact, primary: marks })
      continue
    }
    const heir = result.find(({ id, kind }) => kind === contact.kind && doubles.some((double) => double.id === id))
    if (marks && heir) heir.primary = true
  }
  return result
}

/** R9; where two different numbers were overridden, the kept record's, its field's or else its legitimation's. */
function nationalNumberAfter(kept: PatronRecord, removed: PatronRecord): string | null {
  const [ofKept, ofRemoved] = [numberOf(kept), numberOf(removed)]
  if (ofKept !== null && ofRemoved !== null && ofKept !== ofRemoved) return ofKept
  return (
    kept.nationalNumber ??
    removed.nationalNumber ??
    validNationalNumberIn(kept.legitimation) ??
    validNationalNumberIn(removed.legitimation)
  )
}

/** R10. */
function subscriptionsAfter(kept: PatronRecord, removed: PatronRecord, on: string): PatronRecord['subscriptions'] {
  const moved = removed.subscriptions
    .filter((subscription) => isActive(subscription, on))
    .map((subscription) => {
      const stopped = kept.subscriptions.some(
        ({ library, ...own }) => library === subscription.library && isActive(own, on),
      )
      return stopped ? { ...subscription, stoppedOn: on } : subscription
    })
  return [...kept.subscriptions, ...moved]
}

/** R11: judged with the numbers that R9 finds. */
function blockAfter(kept: PatronRecord, removed: PatronRecord): PatronRecord['internetBlock'] {
  const registeredOnline = kept.registeredOnline || removed.registeredOnline
  const anyNumber = numberOf(kept) !== null || numberOf(removed) !== null
  if (registeredOnline && !anyNumber) return kept.internetBlock ?? 'online-registration'
  return kept.internetBlock
}

/** R14: an address lacks when nothing is in it. */
function lacksAddress({ address }: PatronRecord): boolean {
  return address === null || Object.values(address).every((part: string | null) => isBlank(part))
}

/**
 * R14: name, birth date, gender and address, taken over by name or where they are blank. Of the name each part by itself: one
 * that the removed record lacks replaces none.
 */
function details(
  kept: PatronRecord,
  removed: PatronRecord,
  take: Take[],
): Pick<PatronRecord, 'lastName' | 'firstName' | 'birthDate' | 'gender' | 'address'> {
  const blanks = take.includes('blanks')
  const takes = (field: Take, keptLacks: boolean, removedLacks: boolean) =>
    !removedLacks && (take.includes(field) || (blanks && keptLacks))
  const last = takes('name', isBlank(kept.lastName), isBlank(removed.lastName))
  const first = takes('name', isBlank(kept.firstName), isBlank(removed.firstName))
  return {
    lastName: last ? removed.lastName : kept.lastName,
    firstName: first ? removed.firstName : kept.firstName,
    birthDate: takes('birth-date', kept.birthDate === null, removed.birthDate === null)
      ? removed.birthDate
      : kept.birthDate,
    gender: takes('gender', kept.gender === null, removed.gender === null) ? removed.gender : kept.gender,
    address: takes('address', lacksAddress(kept), lacksAddress(removed)) ? removed.address : kept.address,
  }
}

function ofKnown(a: string | null, b: string | null, choose: (a: string, b: string) => string): string | null {
  return a === null || b === null ? (a ?? b) : choose(a, b)
}
