/** Hands out ids: unique per kind across the file, from 1 on, in the order in which rows are made. */
export class Ids {
  private subscriptions = 0
  private loans = 0
  private history = 0
  private holds = 0
  private charges = 0
  private payments = 0
  private messages = 0
  private cards = 0

  subscription = (): number => ++this.subscriptions
  loan = (): number => ++this.loans
  historyEntry = (): number => ++this.history
  hold = (): number => ++this.holds
  charge = (): number => ++this.charges
  payment = (): number => ++this.payments
  message = (): number => ++this.messages

  /** Thirteen digits, the last of them the check digit of a bar code (EAN-13). */
  card(): string {
    const twelve = String(200_000_000_000 + ++this.cards)
    let sum = 0
    for (let place = 0; place < 12; place++) sum += (twelve.charCodeAt(place) - 48) * (place % 2 === 0 ? 1 : 3)
    return twelve + String((10 - (sum % 10)) % 10)
  }
}

/** The item of a loan: no other loan has it, since a copy is with one person at a time. */
export function itemOnLoan(loan: number): string {
  return `03${String(loan).padStart(8, '0')}`
}

/** An item that was lent and came back; many people had it. */
export function itemReturned(title: number, copy: number): string {
  return `02${String(title).padStart(6, '0')}${copy}`
}
