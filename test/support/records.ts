/**
 * Records in the shape of the interchange file, whole (nothing left out), with the ids of their contacts: what the model
 * thinks in, what rows.ts puts into a database and reads back.
 */

export interface Address {
  street: string | null
  number: string | null
  box: string | null
  postcode: string | null
  city: string | null
}
export interface Contact {
  id: number
  kind: 'email' | 'phone' | 'mobile'
  value: string
  primary: boolean
}
export interface Card {
  number: string
  library: string | null
  status: 'active' | 'blocked' | 'lost'
}
export interface Subscription {
  id: number
  library: string
  product: string
  startsOn: string
  endsOn: string | null
  stoppedOn: string | null
}
export interface HistoryPreference {
  library: string
  enabled: boolean
}
export interface Loan {
  id: number
  library: string
  item: string
  title: string
  loanedOn: string
  dueOn: string
  renewals: number
  card: string | null
}
export interface LoanHistory {
  id: number
  library: string
  item: string
  title: string
  loanedOn: string
  returnedOn: string
  card: string | null
}
export interface Hold {
  id: number
  library: string
  title: string
  /** ISO 8601 in UTC, with milliseconds. */
  placedAt: string
  status: 'waiting' | 'ready' | 'suspended' | 'cancelled'
  reason: string | null
  card: string | null
}
export interface Charge {
  id: number
  library: string
  kind: 'membership' | 'overdue' | 'hold' | 'lost' | 'other'
  /** Euro cents. */
  amount: number
  chargedOn: string
  inCollection: boolean
}
export interface Payment {
  id: number
  charge: number
  amount: number
  paidOn: string
}
export interface Message {
  id: number
  library: string
  kind: 'notice' | 'remark'
  text: string
  createdAt: string
  author: string | null
}
export interface PatronRecord {
  id: number
  lastName: string
  firstName: string | null
  gender: 'F' | 'M' | 'X' | null
  birthDate: string | null
  address: Address | null
  nationalNumber: string | null
  legitimation: string | null
  registeredOnline: boolean
  registeredOn: string | null
  lastActivityOn: string | null
  protected: boolean
  internetBlock: 'online-registration' | 'staff' | null
  contacts: Contact[]
  cards: Card[]
  subscriptions: Subscription[]
  historyPreferences: HistoryPreference[]
  loans: Loan[]
  loanHistory: LoanHistory[]
  holds: Hold[]
  charges: Charge[]
  payments: Payment[]
  messages: Message[]
  mergedInto: number | null
}

/** Some records, and the pairs of which somebody said that they are not the same person. */
export interface World {
  patrons: PatronRecord[]
  rejected: [number, number][]
}

/** The lists of a record. */
export const LISTS = [
  'contacts',
  'cards',
  'subscriptions',
  'historyPreferences',
  'loans',
  'loanHistory',
  'holds',
  'charges',
  'payments',
  'messages',
] as const

/** A patron with nothing but a name. */
export function blankPatron(id: number, given: Partial<PatronRecord> = {}): PatronRecord {
  return {
    id,
    lastName: 'Janssens',
    firstName: null,
    gender: null,
    birthDate: null,
    address: null,
    nationalNumber: null,
    legitimation: null,
    registeredOnline: false,
    registeredOn: null,
    lastActivityOn: null,
    protected: false,
    internetBlock: null,
    contacts: [],
    cards: [],
    subscriptions: [],
    historyPreferences: [],
    loans: [],
    loanHistory: [],
    holds: [],
    charges: [],
    payments: [],
    messages: [],
    mergedInto: null,
    ...given,
  }
}
