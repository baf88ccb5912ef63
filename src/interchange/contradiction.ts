import { IMPORT_PROBLEMS, IMPORT_WANTS } from '../domain/sentences'
import type { Contradiction } from '../input/badLine'
import type { InterchangeRecord, PatronRecord, PortalAccountRecord } from './schema'

/**
 * The portal takes no longer line. An account has a link for each library of each of its people, so a longer line is
 * somebody's mistake, and better told before anything is loaded than after.
 */
const LONGEST_ACCOUNT_CHARS = 1_000_000
/** PostgreSQL's limit for what its index of open holds has to hold (2,704 bytes), less what else stands there. */
const LONGEST_OPEN_HOLD_BYTES = 2_600
const MOST_BYTES_A_CHAR = 3

/** What always holds of one record by itself (domain.md) and does not hold of this one; the first, or undefined. */
export function contradictionIn(record: InterchangeRecord): Contradiction | undefined {
  switch (record.type) {
    case 'library':
      return undefined
    case 'portalAccount':
      return inAccount(record)
    case 'patron':
      return record.mergedInto === null ? inPatron(record) : inMergedRecord(record)
  }
}

/** R12: a record that was merged away holds nothing. */
function inMergedRecord(record: PatronRecord): Contradiction | undefined {
  if (record.mergedInto === record.id) return { path: 'mergedInto', says: IMPORT_PROBLEMS.intoItself }
  const { type: _type, id: _id, mergedInto: _mergedInto, ...content } = record
  for (const [path, value] of Object.entries(content)) {
    const isEmpty = value === null || value === '' || value === false || (Array.isArray(value) && value.length === 0)
    if (!isEmpty) return { path, says: IMPORT_PROBLEMS.mergedHoldsNothing }
  }
  return undefined
}

function inPatron(record: PatronRecord): Contradiction | undefined {
  if (record.lastName === null)
    return { path: 'lastName', says: IMPORT_PROBLEMS.missing, about: { wanted: IMPORT_WANTS.anyText } }
  return inContacts(record) ?? inPreferences(record) ?? inHolds(record) ?? inPayments(record)
}

/** R6: each kind has at most one primary. A contact that stands there twice is accepted. */
function inContacts({ contacts }: PatronRecord): Contradiction | undefined {
  const seen = new Set<string>()
  for (const [at, { kind, primary }] of contacts.entries()) {
    if (!primary) continue
    if (seen.has(kind)) return { path: `contacts[${at}].primary`, says: IMPORT_PROBLEMS.primaryTwice, about: { kind } }
    seen.add(kind)
  }
  return undefined
}

function inPreferences({ historyPreferences }: PatronRecord): Contradiction | undefined {
  const seen = new Set<string>()
  for (const [at, { library }] of historyPreferences.entries()) {
    if (seen.has(library)) {
      return { path: `historyPreferences[${at}].library`, says: IMPORT_PROBLEMS.preferenceTwice }
    }
    seen.add(library)
  }
  return undefined
}

/** R2: at most one open hold for a title and pickup library. */
function inHolds({ holds }: PatronRecord): Contradiction | undefined {
  const seen = new Set<string>()
  for (const [at, { library, title, status }] of holds.entries()) {
    if (status === 'cancelled') continue
    if (isTooLong(library, title)) {
      return { path: `holds[${at}].title`, says: IMPORT_PROBLEMS.holdTooLong, about: { most: LONGEST_OPEN_HOLD_BYTES } }
    }
    // a library's id has no control characters
    const key = `${library}\n${title}`
    if (seen.has(key)) {
      return { path: `holds[${at}]`, says: IMPORT_PROBLEMS.holdTwice }
    }
    seen.add(key)
  }
  return undefined
}

function isTooLong(library: string, title: string): boolean {
  if ((library.length + title.length) * MOST_BYTES_A_CHAR <= LONGEST_OPEN_HOLD_BYTES) return false
  return Buffer.byteLength(library) + Buffer.byteLength(title) > LONGEST_OPEN_HOLD_BYTES
}

/** R4: a payment is of a charge of the same record, and payments never add up to more than their charge. */
function inPayments({ charges, payments }: PatronRecord): Contradiction | undefined {
  if (payments.length === 0) return undefined
  const open = new Map(charges.map(({ id, amount }) => [id, amount]))
  for (const [at, { charge, amount }] of payments.entries()) {
    const left = open.get(charge)
    if (left === undefined) {
      return { path: `payments[${at}].charge`, says: IMPORT_PROBLEMS.chargeOfOthers, about: { charge } }
    }
    if (amount > left) {
      return { path: `payments[${at}].amount`, says: IMPORT_PROBLEMS.paidTooMuch, about: { charge } }
    }
    open.set(charge, left - amount)
  }
  return undefined
}

function inAccount(record: PortalAccountRecord): Contradiction | undefined {
  const seen = new Set<string>()
  for (const [at, { library, actorId }] of record.links.entries()) {
    const key = `${actorId} ${library}`
    if (seen.has(key)) return { path: `links[${at}]`, says: IMPORT_PROBLEMS.linkTwice }
    seen.add(key)
  }
  if (JSON.stringify(record).length > LONGEST_ACCOUNT_CHARS) {
    return { path: 'links', says: IMPORT_PROBLEMS.accountTooLong, about: { most: LONGEST_ACCOUNT_CHARS } }
  }
  return undefined
}
