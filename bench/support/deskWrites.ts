import type { Client } from 'pg'
import { run, statement } from '../../src/database/statement'

/** Far above every generated id. */
const FIRST_ID = 1_000_000_000
/** A payment is one cent, so that a charge takes many of them and never too much. */
const CENTS = 1

const loansOf = statement<{ patron: number; id: number }>('desk.loansOf', 'select patron, id from loan')
const chargesOf = statement<{ patron: number; id: number; open: number }>(
  'desk.chargesOf',
  'select patron, id, amount - paid as open from charge where paid < amount and not in_collection',
)
const lend = statement(
  'desk.lend',
  `insert into loan (id, patron, library, item, title, loaned_on, due_on)
   select $1::bigint, $2::bigint, min(id), 'desk-' || $1, 'lent at the desk', $3::date, $3::date + 28 from library`,
)
const giveBack = statement('desk.giveBack', 'select return_loan($1, $2)')
const pay = statement('desk.pay', 'insert into payment (id, charge, amount, paid_on) values ($1, $2, $3, $4)')

/** What desks do all day. */
export const WRITE_KINDS = ['loan', 'return', 'payment'] as const
export type WriteKind = (typeof WRITE_KINDS)[number]

export interface Write {
  kind: WriteKind
  write: (client: Client) => Promise<unknown>
}

/** What a desk writes, for patrons as they were when the day began: it does not know who is merged meanwhile. */
export class DeskWrites {
  private nextId = FIRST_ID

  private constructor(
    private readonly today: string,
    private readonly loans: Map<number, number[]>,
    private readonly charges: Map<number, { id: number; open: number }>,
    private readonly patrons: readonly number[],
  ) {}

  static async load(client: Client, today: string): Promise<DeskWrites> {
    const loans = new Map<number, number[]>()
    for (const { patron, id } of await run(client, loansOf)) loans.set(patron, [...(loans.get(patron) ?? []), id])
    const charges = new Map<number, { id: number; open: number }>()
    for (const { patron, id, open } of await run(client, chargesOf)) charges.set(patron, { id, open })
    return new DeskWrites(today, loans, charges, [...new Set([...loans.keys(), ...charges.keys()])])
  }

  /** Prepares every statement and compiles its triggers on this connection; nothing of it lasts. */
  async warmUp(client: Client): Promise<void> {
    const loan = this.nextId++
    const patron = this.patrons[0]!
    await client.query('begin')
    await run(client, lend, [loan, patron, this.today])
    await run(client, giveBack, [loan, this.today])
    const [charge] = this.charges.values()
    if (charge) await run(client, pay, [this.nextId++, charge.id, CENTS, this.today])
    await client.query('rollback')
  }

  /** The next write, for one of these patrons; for anybody where the list is empty. */
  next(among: readonly number[]): Write {
    const patrons = among.length > 0 ? among : this.patrons
    const patron = patrons[Math.floor(Math.random() * patrons.length)]!
    const kind = Math.floor(Math.random() * 3)
    const loan = kind === 0 ? this.loans.get(patron)?.pop() : undefined
    if (loan !== undefined) return { kind: 'return', write: (client) => run(client, giveBack, [loan, this.today]) }
    const charge = kind === 1 ? this.charges.get(patron) : undefined
    const id = this.nextId++
    if (charge && charge.open >= CENTS) {
      charge.open -= CENTS
      return { kind: 'payment', write: (client) => run(client, pay, [id, charge.id, CENTS, this.today]) }
    }
    const write = (client: Client) => {
      // what was lent is brought back one day
      this.loans.set(patron, [...(this.loans.get(patron) ?? []), id])
      return run(client, lend, [id, patron, this.today])
    }
    return { kind: 'loan', write }
  }
}
