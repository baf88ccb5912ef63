import type { Day } from './dates'
import type { Ids } from './ids'
import { at, mix, type Random } from './random'
import type { Contact, PatronRecord } from './records'
import type { Standing } from './standing'

/** All that hangs on a patron. */
export type ChildRows = Pick<
  PatronRecord,
  | 'contacts'
  | 'cards'
  | 'subscriptions'
  | 'historyPreferences'
  | 'loans'
  | 'loanHistory'
  | 'holds'
  | 'charges'
  | 'payments'
  | 'messages'
>

export interface RowsRequest {
  random: Random
  ids: Ids
  today: Day
  /** How many rows to make, all lists together; where it leaves no room, contacts come first, then membership. */
  total: number
  contacts: Contact[]
  /** The number of the person: all records of a person want the same titles, so that holds meet in a merge. */
  person: number
  product: string
  standing: Standing
  /** All libraries of the consortium. */
  libraries: readonly string[]
  /** Whether the loan history is kept at the library of registration; null where chance decides. */
  keepsHistory: boolean | null
  /** A library where this record has no loan history. */
  noHistoryAt: string | null
  /** One of a person's several records: then it is likelier to have what the others have too, so that keys meet. */
  isDuplicate: boolean
  /** Whether an open charge may be with a bailiff. */
  mayBeInCollection: boolean
}

const TITLES = 20_000

/** The rows of a record while they are being made. */
export class RowsDraft {
  readonly rows: ChildRows
  readonly random: Random
  readonly ids: Ids
  /** The library of registration. */
  readonly home: string
  /** The latest day on which anything happened. */
  readonly anchor: Day
  /** What has been paid of a charge, in cents. */
  readonly paid = new Map<number, number>()
  /** Title and library of the holds that are open: there is one of each at most. */
  readonly openHolds = new Set<string>()
  private readonly span: number
  private wishes: number

  constructor(readonly request: RowsRequest) {
    this.random = request.random
    this.ids = request.ids
    this.home = at(request.standing.libraries, 0)
    this.anchor = request.standing.lastActivity ?? request.standing.registered
    this.span = this.anchor - request.standing.registered
    this.wishes = this.random.below(2)
    this.rows = {
      contacts: request.contacts.slice(0, request.total),
      cards: [],
      subscriptions: [],
      historyPreferences: [],
      loans: [],
      loanHistory: [],
      holds: [],
      charges: [],
      payments: [],
      messages: [],
    }
  }

  /** Not before the registration, at most `within` days before the last activity. */
  dayWithin(within: number): Day {
    return this.anchor - this.random.below(1 + Math.min(within, this.span))
  }

  /** Of those where the record is registered. */
  anyLibrary(): string {
    return this.random.pick(this.request.standing.libraries)
  }

  /** The card that a loan or a hold was made with, where it was noted. */
  madeWith(): { card?: string } {
    const card = this.rows.cards[0]
    return card && this.random.chance(0.6) ? { card: card.number } : {}
  }

  /** The number of any title. */
  anyTitle(): number {
    return 1 + this.random.below(TITLES)
  }

  /** A title on the list of wishes that all records of this person share. */
  wished(place: number): string {
    return `T${1 + (mix(Math.imul(this.request.person + 1, 97) + place) % TITLES)}`
  }

  nextWish(): string {
    return this.wished(this.wishes++)
  }
}
