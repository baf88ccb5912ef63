import type { Client } from 'pg'
import { connect } from '../../src/database/pool'
import type { Queryable } from '../../src/database/statement'
import { sqlState } from '../../src/database/failures'

/** Every table that hangs on a patron by itself (payments hang on a charge). */
export const TABLES = [
  'loan',
  'loan_history',
  'hold',
  'charge',
  'message',
  'subscription',
  'card',
  'contact',
  'history_preference',
] as const
export type Table = (typeof TABLES)[number]

export const ISOLATIONS = ['read committed', 'repeatable read'] as const
export type Isolation = (typeof ISOLATIONS)[number]

/** Column and value, as in a row of JSON. */
export type Values = Record<string, string | number | boolean | null>

/** What tells a row from the others of its table; a preference's is its library (on the patron that it stands on). */
export type Key = number | string

export const KEY_COLUMN: Record<Table, string> = {
  loan: 'id',
  loan_history: 'id',
  hold: 'id',
  charge: 'id',
  message: 'id',
  subscription: 'id',
  card: 'number',
  contact: 'id',
  history_preference: 'library',
}

/** A writer at REPEATABLE READ must try again after 40001; one that has to this often is shut out. */
const TRIES_AT_MOST = 100

let lastId = 1_000_000_000
/** An id that no other row of this test file has. */
export function nextId(): number {
  return ++lastId
}

/** What stands in a row where the writer says nothing of it. */
const FILLED_IN: Record<Table, () => Values> = {
  loan: () => ({
    id: nextId(),
    library: 'L1',
    item: 'i',
    title: `t${lastId}`,
    loaned_on: '2026-11-01',
    due_on: '2026-12-01',
    renewals: 0,
  }),
  loan_history: () => ({
    id: nextId(),
    library: 'L1',
    item: 'i',
    title: 't',
    loaned_on: '2026-10-01',
    returned_on: '2026-11-01',
  }),
  hold: () => ({
    id: nextId(),
    library: 'L1',
    title: `t${lastId}`,
    placed_at: '2026-11-20T10:00:00Z',
    status: 'waiting',
  }),
  charge: () => ({
    id: nextId(),
    library: 'L1',
    kind: 'overdue',
    amount: 500,
    paid: 0,
    charged_on: '2026-11-01',
    in_collection: false,
  }),
  message: () => ({ id: nextId(), library: 'L1', kind: 'remark', text: 'm', created_at: '2026-11-20T10:00:00Z' }),
  subscription: () => ({ id: nextId(), library: 'L1', product: 'p', starts_on: '2026-01-01', ends_on: '2027-12-31' }),
  card: () => ({ number: `c${nextId()}`, status: 'active' }),
  contact: () => ({ id: nextId(), kind: 'email', value: `e${lastId}@example.org`, copy: 0, is_primary: false }),
  history_preference: () => ({ library: 'L1', enabled: true }),
}

/**
 * A desk of the library system: one connection with the server's own settings (deadlock_timeout 1 s, no lock_timeout), that
 * knows nothing of merges and addresses rows by row id. Errors are those of `pg`.
 */
export class Desk {
  private constructor(
    readonly client: Client,
    readonly isolation: Isolation,
    readonly pid: number,
  ) {}

  static async open(url: string, isolation: Isolation = 'read committed'): Promise<Desk> {
    const client = await connect(url, { applicationName: 'desk' })
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    return new Desk(client, isolation, rows[0]?.pid ?? 0)
  }

  async close(): Promise<void> {
    await this.client.end()
  }

  /** Begins a transaction that has a snapshot from now on, and a lock on nothing. */
  async begin(): Promise<void> {
    await this.client.query(`begin isolation level ${this.isolation}`)
    await this.client.query('select from library limit 1')
  }

  async commit(): Promise<void> {
    const { command } = await this.client.query('commit')
    if (command !== 'COMMIT') throw new Error('the desk was rolled back')
  }

  async rollback(): Promise<void> {
    await this.client.query('rollback')
  }

  /**
   * One transaction, tried again after 40001 at REPEATABLE READ, as such writers must; in one that is begun already, the
   * first try is that one's rest. Any other error is the desk's own: it rejects.
   */
  async transaction<T>(work: (desk: Desk) => Promise<T>, { begun = false } = {}): Promise<T> {
    for (let tries = 1; ; tries++) {
      if (!begun || tries > 1) await this.begin()
      try {
        const result = await work(this)
        await this.commit()
        return result
      } catch (error) {
        await this.rollback()
        const mayTryAgain = this.isolation === 'repeatable read' && sqlState(error) === '40001'
        if (!mayTryAgain || tries === TRIES_AT_MOST) throw error
      }
    }
  }

  /** Writes a row for a patron; gives its key. */
  async insert(table: Table, row: Values & { patron: number }): Promise<Key> {
    const whole: Values = { ...FILLED_IN[table](), ...row }
    const columns = Object.keys(whole).join(', ')
    await this.client.query(
      `insert into ${table} (${columns}) select ${columns} from jsonb_populate_record(null::${table}, $1)`,
      [JSON.stringify(whole)],
    )
    return whole[KEY_COLUMN[table]] as Key
  }

  /** Changes a row by its key. */
  async change(table: Exclude<Table, 'history_preference'>, key: Key, values: Values): Promise<void> {
    const columns = Object.keys(values)
    await this.client.query(
      `update ${table} set ${columns.map((column, n) => `${column} = $${n + 2}`).join(', ')} where ${KEY_COLUMN[table]} = $1`,
      [key, ...columns.map((column) => values[column])],
    )
  }

  /** Moves a row to another patron, by its key. */
  async move(table: Table, key: Key, from: number, to: number): Promise<void> {
    await this.client.query(
      table === 'history_preference'
        ? `update history_preference set patron = $3 where library = $1 and patron = $2`
        : `update ${table} set patron = $3 where ${KEY_COLUMN[table]} = $1 and $2::bigint is not null`,
      [key, from, to],
    )
  }

  async remove(table: Exclude<Table, 'history_preference'>, key: Key): Promise<void> {
    await this.client.query(`delete from ${table} where ${KEY_COLUMN[table]} = $1`, [key])
  }

  async returnLoan(loan: Key): Promise<void> {
    await this.client.query('select return_loan($1, $2)', [loan, '2026-11-24'])
  }

  async pay(charge: Key, amount: number): Promise<Key> {
    const id = nextId()
    await this.client.query('insert into payment (id, charge, amount, paid_on) values ($1, $2, $3, $4)', [
      id,
      charge,
      amount,
      '2026-11-24',
    ])
    return id
  }

  /** The mark goes from one contact to another, by their row ids. */
  async makePrimary(contact: Key, inPlaceOf: Key): Promise<void> {
    await this.client.query('update contact set is_primary = false where id = $1', [inPlaceOf])
    await this.client.query('update contact set is_primary = true where id = $1', [contact])
  }

  /** The patron was here. */
  async touch(patron: number, day: string): Promise<void> {
    await this.client.query('update patron set last_activity_on = $2 where id = $1', [patron, day])
  }

  /** Changes one of a patron's own details. */
  async changeDetail(patron: number, column: 'city' | 'birth_date' | 'first_name', value: string): Promise<void> {
    await this.client.query(`update patron set ${column} = $2 where id = $1`, [patron, value])
  }
}

/** The libraries that FILLED_IN and the tests name. */
export async function makeLibraries(db: Queryable): Promise<void> {
  await db.query(
    `insert into library (id, name) select l, l from unnest(array['L1', 'L2', 'L3', 'L4', 'L5', 'L6', 'L7', 'L8']) l`,
  )
}

/** Registers patrons who have nothing yet; gives their ids in order. */
export async function registerPatrons(db: Queryable, count: number): Promise<number[]> {
  const ids = Array.from({ length: count }, nextId)
  await db.query(
    `insert into patron (id, last_name, first_name, birth_date) select id, 'Peeters', 'An', '1990-01-01' from unnest($1::bigint[]) id`,
    [ids],
  )
  return ids
}

/** The rows that there are of these, as they are, without their generated column, by key. Preferences by `patron/library`. */
export async function rowsOf(db: Queryable, table: Table, keys: readonly Key[]): Promise<Map<Key, Values>> {
  const { rows } = await db.query<{ key: Key; row: Values }>(
    table === 'history_preference'
      ? `select k as key, to_jsonb(t) as row from unnest($1::text[]) k
         join history_preference t on t.patron = split_part(k, '/', 1)::bigint and t.library = split_part(k, '/', 2)`
      : `select ${KEY_COLUMN[table]} as key, to_jsonb(t) - 'key' as row from ${table} t where ${KEY_COLUMN[table]} = any($1)`,
    [keys],
  )
  return new Map(rows.map(({ key, row }) => [key, row]))
}

/** A row as it is; undefined where there is none. */
export async function rowOf(db: Queryable, table: Table, key: Key): Promise<Values | undefined> {
  return (await rowsOf(db, table, [key])).get(key)
}

/** How many rows hang on a patron, by table, those with none left out. */
export async function rowsOn(db: Queryable, patron: number): Promise<Record<string, number>> {
  const { rows } = await db.query<{ tbl: string; n: number }>(
    TABLES.map(
      (table) => `select '${table}' as tbl, count(*) as n from ${table} where patron = $1 having count(*) > 0`,
    ).join(' union all '),
    [patron],
  )
  return Object.fromEntries(rows.map(({ tbl, n }) => [tbl, Number(n)]))
}

/** Between two looks at what the server is doing. */
const LOOK_EVERY_MS = 2
const PATIENCE_MS = 20_000

/** Waits until `holds` says yes; fails after 20 s, naming what was waited for. */
export async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !(await holds());) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

/** Waits until this backend waits for a lock. */
export async function untilWaiting(db: Queryable, pid: number): Promise<void> {
  await until(`backend ${pid} waits for a lock`, async () => {
    const { rows } = await db.query(`select from pg_stat_activity where pid = $1 and wait_event_type = 'Lock'`, [pid])
    return rows.length > 0
  })
}

/** Waits until any backend waits for this one. */
export async function untilAwaited(db: Queryable, pid: number): Promise<void> {
  await until(`somebody waits for backend ${pid}`, async () => {
    const { rows } = await db.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and $1 = any(pg_blocking_pids(pid))`,
      [pid],
    )
    return rows.length > 0
  })
}
