import { finished } from 'node:stream/promises'
import type { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { hangsOnPatron, KINDS } from '../../src/interchange/fields'
import type { InterchangeRecord, PatronRecord } from '../../src/generator/records'

/** COPY is quick from here on, and it is small in memory. */
const FLUSH_CHARS = 4_000_000

type Value = string | number | boolean | null

/** The tables and columns that COPY fills, in an order in which nothing points at what is not there. */
const COLUMNS = new Map<string, readonly string[]>([
  ['library', ['id', 'name']],
  [
    'patron',
    `id last_name first_name gender birth_date street house_number box postcode city national_number legitimation
     registered_online registered_on last_activity_on protected internet_block`.split(/\s+/),
  ],
  ...KINDS.map((kind): [string, readonly string[]] => [
    kind.table === 'contact' ? 'loaded_contact' : kind.table,
    [
      ...(hangsOnPatron(kind) ? ['patron'] : []),
      ...kind.fields.map(({ column }) => column),
      ...(kind.table === 'charge' ? ['paid'] : []),
    ],
  ]),
])

/**
 * Loads generated records by COPY, without the triggers that redirect and add up (nothing is merged, and the sums of
 * payments are loaded too). `client` is a superuser's, not pipelined, on an empty migrated database. Portal accounts are
 * left out.
 */
export async function loadRecords(client: Client, records: Iterable<InterchangeRecord>): Promise<void> {
  await client.query("set session_replication_role = 'replica'; set datestyle = 'ISO, YMD'")
  await client.query(`create temp table loaded_contact (
    ord bigint generated always as identity, patron bigint, kind text, value text, is_primary boolean)`)
  let waiting = new Map<string, string>()
  let chars = 0
  const add = (table: string, values: readonly Value[]) => {
    const line = `${values.map(copyText).join('\t')}\n`
    waiting.set(table, (waiting.get(table) ?? '') + line)
    chars += line.length
  }
  const flush = async () => {
    for (const [table, columns] of COLUMNS) {
      const text = waiting.get(table)
      if (text === undefined) continue
      const stream = client.query(copyFrom(`copy ${table} (${columns.join(', ')}) from stdin`))
      stream.end(text)
      await finished(stream)
    }
    waiting = new Map()
    chars = 0
  }
  for (const record of records) {
    if (record.type === 'library') add('library', [record.id, record.name])
    else if (record.type === 'patron') addPatron(record, add)
    if (chars >= FLUSH_CHARS) await flush()
  }
  await flush()
  // as the importer does: what stands twice in one list is kept, each time with the next number
  await client.query(`insert into contact (patron, kind, value, is_primary, copy)
    select patron, kind, value, is_primary, row_number() over (partition by patron, contact_key(kind, value) order by ord) - 1
    from loaded_contact order by ord`)
}

function addPatron(record: PatronRecord, add: (table: string, values: readonly Value[]) => void): void {
  const { address } = record
  add('patron', [
    record.id,
    record.lastName,
    record.firstName,
    record.gender,
    record.birthDate,
    address?.street ?? null,
    address?.number ?? null,
    address?.box ?? null,
    address?.postcode ?? null,
    address?.city ?? null,
    record.nationalNumber,
    record.legitimation,
    record.registeredOnline,
    record.registeredOn,
    record.lastActivityOn,
    record.protected,
    record.internetBlock?.reason ?? null,
  ])
  const paid = new Map<number, number>()
  for (const { charge, amount } of record.payments) paid.set(charge, (paid.get(charge) ?? 0) + amount)
  for (const kind of KINDS) {
    const rows = record[kind.list] as readonly object[] as readonly Record<string, Value | undefined>[]
    for (const row of rows) {
      const values = kind.fields.map(({ key, type }) => row[key] ?? (type === 'boolean' ? false : null))
      if (hangsOnPatron(kind)) values.unshift(record.id)
      if (kind.table === 'charge') values.push(paid.get(Number(row['id'])) ?? 0)
      add(kind.table === 'contact' ? 'loaded_contact' : kind.table, values)
    }
  }
}

const ESCAPED: Record<string, string> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/** A value as COPY's text format has it. */
function copyText(value: Value): string {
  if (value === null) return '\\N'
  if (typeof value !== 'string') return String(value)
  return /[\\\t\n\r]/.test(value) ? value.replace(/[\\\t\n\r]/g, (char) => ESCAPED[char] ?? char) : value
}
