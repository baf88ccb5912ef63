/** Puts records into the database by plain inserts, as the library system's own software writes, and reads them back. */
import type { Queryable } from '../../src/database/statement'
import { LISTS, blankPatron, type PatronRecord, type World } from './records'

type Row = Record<string, unknown>

/** Every table that a patron's facts stand in, with what makes a row one. Payments hang on their charge. */
export const KEYS = {
  patron: ['id'],
  contact: ['id'],
  card: ['number'],
  subscription: ['id'],
  history_preference: ['patron', 'library'],
  loan: ['id'],
  loan_history: ['id'],
  hold: ['id'],
  charge: ['id'],
  payment: ['id'],
  message: ['id'],
} as const
export type TableName = keyof typeof KEYS
/** All rows of some patrons, as they stand in the tables. */
export type Rows = Record<TableName, Row[]>

/** Inserts a world's records, all in one transaction of the caller's, or each on its own. */
export async function putWorld(db: Queryable, { patrons, rejected }: World): Promise<void> {
  await putRows(
    db,
    'patron',
    'id, last_name, first_name, gender, birth_date, street, house_number, box, postcode, city, national_number, legitimation, registered_online, registered_on, last_activity_on, protected, internet_block, merged_into, retired_at',
    patrons.map(patronRow),
  )
  const of = <T>(rows: (patron: PatronRecord) => T[]) =>
    patrons.flatMap((patron) => rows(patron).map((row) => ({ ...row, patron: patron.id })))
  await putRows(
    db,
    'card',
    'number, patron, library, status',
    of(({ cards }) => cards),
  )
  await putRows(
    db,
    'subscription',
    'id, patron, library, product, starts_on, ends_on, stopped_on',
    of(({ subscriptions }) => subscriptions.map(inColumns)),
  )
  await putRows(
    db,
    'history_preference',
    'patron, library, enabled',
    of(({ historyPreferences }) => historyPreferences),
  )
  await putRows(
    db,
    'loan',
    'id, patron, library, item, title, loaned_on, due_on, renewals, card',
    of(({ loans }) => loans.map(inColumns)),
  )
  await putRows(
    db,
    'loan_history',
    'id, patron, library, item, title, loaned_on, returned_on, card',
    of(({ loanHistory }) => loanHistory.map(inColumns)),
  )
  await putRows(
    db,
    'hold',
    'id, patron, library, title, placed_at, status, reason, card',
    of(({ holds }) => holds.map(inColumns)),
  )
  await putRows(
    db,
    'charge',
    'id, patron, library, kind, amount, charged_on, in_collection',
    of(({ charges }) => charges.map(inColumns)),
  )
  await putRows(
    db,
    'payment',
    'id, charge, amount, paid_on',
    patrons.flatMap(({ payments }) => payments.map(inColumns)),
  )
  await putRows(
    db,
    'message',
    'id, patron, library, kind, text, created_at, author',
    of(({ messages }) => messages.map(inColumns)),
  )
  await putContacts(
    db,
    of(({ contacts }) => contacts),
  )
  if (rejected.length > 0) {
    await db.query(
      `insert into pair_decision (lower_patron, higher_patron, by)
       select least(a, b), greatest(a, b), 'test' from unnest($1::bigint[], $2::bigint[]) as pair (a, b) on conflict do nothing`,
      [rejected.map(([a]) => a), rejected.map(([, b]) => b)],
    )
  }
}

async function putRows(db: Queryable, table: TableName, columns: string, rows: readonly object[]): Promise<void> {
  if (rows.length === 0) return
  const named = columns.split(', ').map((column) => `r.${column}`)
  await db.query(
    `insert into ${table} (${columns}) select ${named.join(', ')} from jsonb_populate_recordset(null::${table}, $1) as r`,
    [JSON.stringify(rows)],
  )
}

/** The same contact noted more than once on a record is numbered, as an import does. */
async function putContacts(db: Queryable, rows: readonly object[]): Promise<void> {
  if (rows.length === 0) return
  await db.query(
    `insert into contact (id, patron, kind, value, is_primary, copy)
     select (r ->> 'id')::bigint, (r ->> 'patron')::bigint, r ->> 'kind', r ->> 'value', (r ->> 'primary')::boolean,
       row_number() over (partition by r ->> 'patron', contact_key(r ->> 'kind', r ->> 'value') order by (r ->> 'id')::bigint) - 1
     from jsonb_array_elements($1::jsonb) as r`,
    [JSON.stringify(rows)],
  )
}

function patronRow({ address, ...patron }: PatronRecord): Row {
  const { street, number, box, postcode, city } = address ?? {}
  return {
    ...inColumns(patron),
    street,
    house_number: number,
    box,
    postcode,
    city,
    retired_at: patron.mergedInto === null ? null : '2026-01-01T00:00:00Z',
  }
}

function inColumns(record: object): Row {
  const column = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [column(key), value as unknown]))
}

/** All that stands in the tables of these patrons: every column, stamps, totals and keys too. */
export async function rowsOf(db: Queryable, patrons: readonly number[]): Promise<Rows> {
  const tables = (Object.keys(KEYS) as TableName[]).map((table) => {
    const hangs = { patron: 'id = any($1)', payment: 'charge in (select id from charge where patron = any($1))' }[
      table as string
    ]
    return `'${table}', (select coalesce(jsonb_agg(to_jsonb(t) order by ${KEYS[table].join(', ')}), '[]') from ${table} t where ${hangs ?? 'patron = any($1)'})`
  })
  const result = await db.query<{ rows: Rows }>(`select jsonb_build_object(${tables.join(', ')}) as rows`, [
    [...patrons],
  ])
  const [found] = result.rows
  if (!found) throw new Error('a select without from gives a row')
  return found.rows
}

/** The records that rows say, in the order of the patrons' ids. Of one that was merged away nothing is said but where it went. */
export function recordsIn(rows: Rows): PatronRecord[] {
  const of = (table: TableName, patron: unknown) => rows[table].filter((row) => row.patron === patron)
  return rows.patron.map((p) => {
    const charges = of('charge', p.id)
    const paidFor = new Set(charges.map(({ id }) => id))
    const { street, house_number: number, box, postcode, city } = p
    const hasAddress = [street, number, box, postcode, city].some((part) => part !== null)
    const record = {
      ...named(p, [
        'id',
        'last_name',
        'first_name',
        'gender',
        'birth_date',
        'national_number',
        'legitimation',
        'registered_online',
        'registered_on',
        'last_activity_on',
        'protected',
        'internet_block',
        'merged_into',
      ]),
      address: hasAddress ? { street, number, box, postcode, city } : null,
      contacts: of('contact', p.id).map((row) => ({ ...named(row, ['id', 'kind', 'value']), primary: row.is_primary })),
      cards: of('card', p.id).map((row) => named(row, ['number', 'library', 'status'])),
      subscriptions: of('subscription', p.id).map((row) =>
        named(row, ['id', 'library', 'product', 'starts_on', 'ends_on', 'stopped_on']),
      ),
      historyPreferences: of('history_preference', p.id).map((row) => named(row, ['library', 'enabled'])),
      loans: of('loan', p.id).map((row) =>
        named(row, ['id', 'library', 'item', 'title', 'loaned_on', 'due_on', 'renewals', 'card']),
      ),
      loanHistory: of('loan_history', p.id).map((row) =>
        named(row, ['id', 'library', 'item', 'title', 'loaned_on', 'returned_on', 'card']),
      ),
      holds: of('hold', p.id).map((row) => ({
        ...named(row, ['id', 'library', 'title', 'status', 'reason', 'card']),
        placedAt: instant(row.placed_at),
      })),
      charges: charges.map((row) => named(row, ['id', 'library', 'kind', 'amount', 'charged_on', 'in_collection'])),
      payments: rows.payment
        .filter(({ charge }) => paidFor.has(charge))
        .map((row) => named(row, ['id', 'charge', 'amount', 'paid_on'])),
      messages: of('message', p.id).map((row) => ({
        ...named(row, ['id', 'library', 'kind', 'text', 'author']),
        createdAt: instant(row.created_at),
      })),
    }
    const whole = record as unknown as PatronRecord
    if (whole.mergedInto === null) return inOrder(whole)
    const lists = Object.fromEntries(LISTS.map((list) => [list, whole[list]])) as Partial<PatronRecord>
    return inOrder(blankPatron(whole.id, { lastName: '', mergedInto: whole.mergedInto, ...lists }))
  })
}

/** A record with its lists in a fixed order, for comparing. */
export function inOrder(record: PatronRecord): PatronRecord {
  const key = (row: object) =>
    String('id' in row ? row.id : 'number' in row ? row.number : (row as { library: string }).library)
  const sortedLists = LISTS.map((list) => [list, [...record[list]].sort((a, b) => (key(a) < key(b) ? -1 : 1))])
  return { ...record, ...(Object.fromEntries(sortedLists) as Partial<PatronRecord>) }
}

function named(row: Row, columns: string[]): Row {
  const key = (column: string) => column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return Object.fromEntries(columns.map((column) => [key(column), row[column]]))
}

function instant(text: unknown): string {
  return new Date(text as string).toISOString()
}
