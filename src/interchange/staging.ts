import { finished } from 'node:stream/promises'
import type { PoolClient } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { sqlState } from '../database/failures'
import { OntdubbelError } from '../domain/errors'
import { KINDS } from './fields'
import type { InterchangeRecord, PatronRecord } from './schema'

/**
 * Temporary tables that hold a file with its line numbers, so that references may point ahead and every error names its
 * line. They are gone with the transaction.
 */

/** Rows wait in memory up to this size: large enough for COPY to be quick, small beside the limit for one line. */
const FLUSH_CHARS = 1_000_000

const PATRON_COLUMNS = [
  'id bigint',
  'last_name text',
  'first_name text',
  'gender text',
  'birth_date date',
  'street text',
  'house_number text',
  'box text',
  'postcode text',
  'city text',
  'national_number text',
  'legitimation text',
  'registered_online boolean',
  'registered_on date',
  'last_activity_on date',
  'protected boolean',
  'internet_block text',
  'merged_into bigint',
]

/** By name, with their columns; `line` and, in lists, `ord` (from 0) come first. */
const TABLES = new Map<string, readonly string[]>([
  ['staged_library', ['line bigint', 'id text', 'name text']],
  ['staged_patron', ['line bigint', ...PATRON_COLUMNS]],
  ...KINDS.map(({ table, fields }): [string, string[]] => [
    `staged_${table}`,
    ['line bigint', 'ord int', 'patron bigint', ...fields.map(({ column, type }) => `${column} ${type}`)],
  ]),
  ['staged_account', ['line bigint', 'id text']],
  ['staged_link', ['line bigint', 'ord int', 'library text', 'actor_id bigint']],
])

type Value = string | number | boolean | null

export class Staging {
  private readonly waiting = new Map<string, string>()
  private waitingChars = 0
  private copying: Promise<void> = Promise.resolve()
  private stopped = false

  /**
   * Makes the tables; `client` is in the transaction that shall load them. Rejects with an OntdubbelError
   * `no-temporary-tables` where its role may not.
   */
  static async create(client: PoolClient): Promise<Staging> {
    const tables = [...TABLES].map(
      ([name, columns]) => `create temp table ${name} (${columns.join(', ')}) on commit drop`,
    )
    try {
      await client.query(tables.join('; '))
    } catch (error) {
      if (sqlState(error) !== '42501') throw error
      throw new OntdubbelError(
        'no-temporary-tables',
        'An import needs temporary tables, and this role may not make any. As the owner of the database: grant temporary on database … to ontdubbel_worker',
      )
    }
    return new Staging(client)
  }

  private constructor(private readonly client: PoolClient) {}

  /** Adds a record. Await it: it waits while the database is more than one piece behind. */
  async add(line: number, record: InterchangeRecord): Promise<void> {
    switch (record.type) {
      case 'library':
        this.row('staged_library', [line, record.id, record.name])
        break
      case 'portalAccount':
        this.row('staged_account', [line, record.id])
        for (const [at, { library, actorId }] of record.links.entries()) {
          this.row('staged_link', [line, at, library, actorId])
        }
        break
      case 'patron':
        this.patron(line, record)
    }
    if (this.waitingChars >= FLUSH_CHARS) await this.flush()
  }

  /** Everything is in the tables, and the planner knows how much it is. */
  async finish(): Promise<void> {
    await this.flush()
    await this.copying
    await this.client.query(`analyze ${[...TABLES.keys()].join(', ')}`)
  }

  /** No statement of ours is under way or will be, whatever came of them: the transaction may end. */
  async stop(): Promise<void> {
    this.stopped = true
    await this.copying.catch(() => {})
  }

  private patron(line: number, record: PatronRecord): void {
    const { address } = record
    this.row('staged_patron', [
      line,
      record.id,
      record.lastName ?? '',
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
      record.mergedInto,
    ])
    for (const { list, table, fields } of KINDS) {
      const rows: readonly Record<string, Value>[] = record[list]
      for (const [at, row] of rows.entries()) {
        const values: Value[] = [line, at, record.id]
        for (const { key } of fields) values.push(row[key] ?? null)
        this.row(`staged_${table}`, values)
      }
    }
  }

  private row(table: string, values: readonly Value[]): void {
    let text = ''
    for (const value of values) text += (text === '' ? '' : '\t') + copyText(value)
    text += '\n'
    this.waiting.set(table, (this.waiting.get(table) ?? '') + text)
    this.waitingChars += text.length
  }

  /** Starts the next piece when the one before is done: the database takes one while the next is read. */
  private async flush(): Promise<void> {
    await this.copying
    const piece = [...this.waiting]
    this.waiting.clear()
    this.waitingChars = 0
    this.copying = this.copy(piece)
    // told to whoever awaits it next
    this.copying.catch(() => {})
  }

  private async copy(piece: readonly [string, string][]): Promise<void> {
    for (const [table, text] of piece) {
      if (this.stopped) return
      const stream = this.client.query(copyFrom(`copy ${table} from stdin`))
      stream.end(text)
      await finished(stream)
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
