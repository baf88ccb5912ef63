/** Rows for examples: what an example does not name is filled in. */
import type { Charge, Contact, Hold, Loan, LoanHistory, Message, Subscription } from './records'

/** Active on any day from 2025 on. */
export function aSubscription(id: number, given: Partial<Subscription> = {}): Subscription {
  return { id, library: 'ZOT', product: 'adult', startsOn: '2025-01-01', endsOn: null, stoppedOn: null, ...given }
}

/** Waiting for T1 at ZOT. */
export function aHold(id: number, given: Partial<Hold> = {}): Hold {
  const placedAt = '2026-11-01T09:00:00.000Z'
  return { id, library: 'ZOT', title: 'T1', placedAt, status: 'waiting', reason: null, card: null, ...given }
}

export function aLoan(id: number, given: Partial<Loan> = {}): Loan {
  const dates = { loanedOn: '2026-11-02', dueOn: '2026-11-30' }
  return { id, library: 'ZOT', item: `I${id}`, title: 'T8', ...dates, renewals: 1, card: null, ...given }
}

export function aReturnedLoan(id: number, given: Partial<LoanHistory> = {}): LoanHistory {
  const dates = { loanedOn: '2026-05-01', returnedOn: '2026-05-20' }
  return { id, library: 'ZOT', item: `I${id}`, title: 'T9', ...dates, card: null, ...given }
}

/** A membership fee of five euros. */
export function aCharge(id: number, given: Partial<Charge> = {}): Charge {
  return { id, library: 'ZOT', kind: 'membership', amount: 500, chargedOn: '2026-02-01', inCollection: false, ...given }
}

export function aContact(id: number, kind: Contact['kind'], value: string, primary = false): Contact {
  return { id, kind, value, primary }
}

export function aMessage(id: number, given: Partial<Message> = {}): Message {
  return {
    id,
    library: 'ZOT',
    kind: 'notice',
    text: 'Adres nakijken',
    createdAt: '2026-03-01T08:00:00.000Z',
    author: 'desk-3',
    ...given,
  }
}
