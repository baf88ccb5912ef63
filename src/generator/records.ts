/** The lines of an interchange file, as the generator writes them: plain data, dates `YYYY-MM-DD`, money in euro cents. */
export type InterchangeRecord = LibraryRecord | PatronRecord | PortalAccountRecord

export interface LibraryRecord {
  type: 'library'
  id: string
  name: string
}

export interface PatronRecord {
  type: 'patron'
  id: number
  lastName: string
  firstName: string | null
  gender: 'F' | 'M' | 'X' | null
  birthDate: string | null
  address: Address | null
  /** Eleven digits. */
  nationalNumber: string | null
  legitimation: string | null
  registeredOnline: boolean
  registeredOn: string | null
  lastActivityOn: string | null
  protected: boolean
  internetBlock: { reason: 'online-registration' | 'staff' } | null
  contacts: Contact[]
  cards: Card[]
  subscriptions: Subscription[]
  historyPreferences: HistoryPreference[]
  loans: Loan[]
  loanHistory: HistoryEntry[]
  holds: Hold[]
  charges: Charge[]
  payments: Payment[]
  messages: Message[]
  mergedInto: null
}

export interface Address {
  street?: string
  number?: string
  box?: string
  postcode?: string
  city?: string
}

export interface Contact {
  kind: 'email' | 'phone' | 'mobile'
  value: string
  primary?: true
}

export interface Card {
  number: string
  library: string
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

interface HistoryPreference {
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
  card?: string
}

export interface HistoryEntry {
  id: number
  library: string
  item: string
  title: string
  loanedOn: string
  returnedOn: string
  card?: string
}

export interface Hold {
  id: number
  library: string
  title: string
  placedAt: string
  status: 'waiting' | 'ready' | 'suspended' | 'cancelled'
  reason?: string
  card?: string
}

export interface Charge {
  id: number
  library: string
  kind: 'membership' | 'overdue' | 'hold' | 'lost' | 'other'
  amount: number
  chargedOn: string
  inCollection: boolean
}

interface Payment {
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
  author: string
}

export interface PortalAccountRecord {
  type: 'portalAccount'
  id: string
  links: { library: string; actorId: number }[]
}
