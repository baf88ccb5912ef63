import type { Appearance } from './appearance'
import { childRowsOf } from './childRows'
import { isoDate } from './dates'
import type { Ids } from './ids'
import type { Papers } from './papers'
import type { Person } from './people'
import { Random } from './random'
import type { PatronRecord } from './records'
import type { RowsRequest } from './rowsDraft'
import type { Standing } from './standing'
import type { World } from './world'

const STREAM_ROWS = 9

/** A record as it is put together: who, how it describes them, how it is used. */
export interface Registration {
  id: number
  person: Person
  appearance: Appearance
  papers: Papers
  standing: Standing
  /** The number of the record's substreams. */
  record: number
}

/** What the rows of a record obey beyond its registration. */
export type RowsRules = Pick<
  RowsRequest,
  'total' | 'keepsHistory' | 'noHistoryAt' | 'isDuplicate' | 'mayBeInCollection'
>

export function patronRecord(world: World, registration: Registration, ids: Ids, rules: RowsRules): PatronRecord {
  const { id, person, appearance, papers, standing, record } = registration
  const rows = childRowsOf({
    random: new Random(world.seed, STREAM_ROWS, record),
    ids,
    today: world.today,
    total: rules.total,
    contacts: appearance.contacts,
    person: person.number,
    product: productOf(world, person),
    standing,
    libraries: world.codes,
    keepsHistory: rules.keepsHistory,
    noHistoryAt: rules.noHistoryAt,
    isDuplicate: rules.isDuplicate,
    mayBeInCollection: rules.mayBeInCollection,
  })
  // Key by key: spreading the rows took a sixth of the time of the whole generator.
  return {
    type: 'patron',
    id,
    lastName: appearance.lastName,
    firstName: appearance.firstName,
    gender: appearance.gender,
    birthDate: appearance.birth === null ? null : isoDate(appearance.birth),
    address: appearance.address,
    nationalNumber: papers.nationalNumber,
    legitimation: papers.legitimation,
    registeredOnline: papers.registeredOnline,
    registeredOn: isoDate(standing.registered),
    lastActivityOn: standing.lastActivity === null ? null : isoDate(standing.lastActivity),
    protected: false,
    internetBlock: papers.internetBlock,
    contacts: rows.contacts,
    cards: rows.cards,
    subscriptions: rows.subscriptions,
    historyPreferences: rows.historyPreferences,
    loans: rows.loans,
    loanHistory: rows.loanHistory,
    holds: rows.holds,
    charges: rows.charges,
    payments: rows.payments,
    messages: rows.messages,
    mergedInto: null,
  }
}

function productOf(world: World, person: Person): string {
  const years = (world.today - person.birth) / 365.25
  if (years < 12) return 'child'
  if (years < 18) return 'youth'
  return years < 65 ? 'adult' : 'senior'
}
