import type { InterchangeRecord, PatronRecord, PortalAccountRecord } from './schema'

/** Where in a record, and why it cannot be taken. */
export interface Contradiction {
  path: string
  reason: string
}

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
  if (record.mergedInto === record.id) return { path: 'mergedInto', reason: 'a record cannot be merged into itself' }
  const { type: _type, id: _id, mergedInto: _mergedInto, ...content } = record
  for (const [path, value] of Object.entries(content)) {
    const isEmpty = value === null || value === '' || value === false || (Array.isArray(value) && value.length === 0)
    if (!isEmpty) return { path, reason: 'a record with mergedInto holds nothing else' }
  }
  return undefined
}

function inPatron(record: PatronRecord): Contradiction | undefined {
  if (record.lastName === null) return { path: 'lastName', reason: 'missing: expected a text' }
  return inContacts(record) ?? inPreferences(record) ?? inHolds(record) ?? inPayments(record)
}

/** R6: each kind has at most one primary. A contact that stands there twice is accepted. */
function inContacts({ contacts }: PatronRecord): Contradiction | undefined {
  const seen = new Set<string>()
  for (const [at, { kind, primary }] of contacts.entries()) {
    if (!primary) continue
    if (seen.has(kind)) return { path: `contacts[${at}].primary`, reason: `there is a primary ${kind} already` }
    seen.add(kind)
  }
  return undefined
}

function inPreferences({ historyPreferences }: PatronRecord): Contradiction | undefined {
  const seen = new Set<string>()
  for (const [at, { library }] of historyPreferences.entries()) {
    if (seen.has(library)) {
      return { path: `historyPreferences[${at}].library`, reason: 'there is a preference for this library already' }
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
      return { path: `holds[${at}].title`, reason: `longer than ${LONGEST_OPEN_HOLD_BYTES} bytes with its library` }
    }
    // a library's id has no control characters
    const key = `${library}\n${title}`
    if (seen.has(key)) {
      return { path: `holds[${at}]`, reason: 'there is an open hold for this title and pickup library already' }
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
      return { path: `payments[${at}].charge`, reason: `charge ${charge} is not among the charges of this record` }
    }
    if (amount > left) {
      return { path: `payments[${at}].amount`, reason: `the payments of charge ${charge} are more than its amount` }
    }
    open.set(charge, left - amount)
  }
  return undefined
}

function inAccount(record: PortalAccountRecord): Contradiction | undefined {
  const seen = new Set<string>()
  for (const [at, { library, actorId }] of record.links.entries()) {
    const key = `${actorId} ${library}`
    if (seen.has(key)) return { path: `links[${at}]`, reason: 'the account has this link already' }
    seen.add(key)
  }
  if (JSON.stringify(record).length > LONGEST_ACCOUNT_CHARS) {
    return { path: 'links', reason: `an account is at most ${LONGEST_ACCOUNT_CHARS} characters long` }
  }
  return undefined
}
