import { brusselsInstant, isoDate, type Day } from './dates'
import { itemOnLoan, itemReturned, type Ids } from './ids'
import type { Card, Charge, Hold, HistoryEntry, Loan, Message, PatronRecord, Subscription } from './records'

/** Rows by how many days ago they arose. */
export class StoryRows {
  constructor(
    private readonly today: Day,
    private readonly ids: Ids,
  ) {}

  patron(id: number, registeredAgo: number, usedAgo: number, fields: Partial<PatronRecord>): PatronRecord {
    return {
      type: 'patron',
      id,
      lastName: '',
      firstName: null,
      gender: null,
      birthDate: null,
      address: null,
      nationalNumber: null,
      legitimation: null,
      registeredOnline: false,
      registeredOn: this.ago(registeredAgo),
      lastActivityOn: this.ago(usedAgo),
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
      ...fields,
    }
  }

  card(library: string): Card {
    return { number: this.ids.card(), library, status: 'active' }
  }

  /** A year's membership: one that started longer ago than that has expired. */
  member(library: string, startedAgo: number, product = 'adult'): Subscription {
    const startsOn = this.ago(startedAgo)
    const endsOn = this.ago(startedAgo - 364)
    return { id: this.ids.subscription(), library, product, startsOn, endsOn, stoppedOn: null }
  }

  loan(library: string, title: string, daysAgo: number): Loan {
    const id = this.ids.loan()
    const dueOn = this.ago(daysAgo - 28)
    return { id, library, item: itemOnLoan(id), title, loanedOn: this.ago(daysAgo), dueOn, renewals: 0 }
  }

  returned(library: string, title: number, daysAgo: number): HistoryEntry {
    const loanedOn = this.ago(daysAgo + 17)
    const returnedOn = this.ago(daysAgo)
    return {
      id: this.ids.historyEntry(),
      library,
      item: itemReturned(title, 1),
      title: `T${title}`,
      loanedOn,
      returnedOn,
    }
  }

  hold(library: string, title: string, daysAgo: number, status: 'waiting' | 'ready'): Hold {
    return { id: this.ids.hold(), library, title, placedAt: brusselsInstant(this.today - daysAgo, 14, 30), status }
  }

  charge(library: string, kind: Charge['kind'], amount: number, daysAgo: number): Charge {
    return { id: this.ids.charge(), library, kind, amount, chargedOn: this.ago(daysAgo), inCollection: false }
  }

  notice(library: string, text: string, daysAgo: number): Message {
    const createdAt = brusselsInstant(this.today - daysAgo, 10, 15)
    return { id: this.ids.message(), library, kind: 'notice', text, createdAt, author: 'balie-3' }
  }

  private ago(days: number): string {
    return isoDate(this.today - days)
  }
}
