import type { PoolClient } from 'pg'
import { StagedTables, type StagedValue } from '../database/stagedTables'
import { KINDS } from './fields'
import type { InterchangeRecord, PatronRecord } from './schema'

/**
 * Temporary tables that hold a file with its line numbers, so that references may point ahead and every error names its
 * line. They are gone with the transaction.
 */

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

export class Staging {
  /** Makes the tables; `client` is in the transaction that shall load them. Rejects as StagedTables does. */
  static async create(client: PoolClient): Promise<Staging> {
    return new Staging(await StagedTables.create(client, TABLES))
  }

  private constructor(private readonly tables: StagedTables) {}

  /** Adds a record. Await it: it waits while the database is more than one piece behind. */
  async add(line: number, record: InterchangeRecord): Promise<void> {
    switch (record.type) {
      case 'library':
        this.tables.row('staged_library', [line, record.id, record.name])
        break
      case 'portalAccount':
        this.tables.row('staged_account', [line, record.id])
        for (const [at, { library, actorId }] of record.links.entries()) {
          this.tables.row('staged_link', [line, at, library, actorId])
        }
        break
      case 'patron':
        this.patron(line, record)
    }
    await this.tables.ready()
  }

  /** Everything is in the tables, and the planner knows how much it is. */
  async finish(): Promise<void> {
    await this.tables.finish()
  }

  /** No statement of ours is under way or will be, whatever came of them: the transaction may end. */
  async stop(): Promise<void> {
    await this.tables.stop()
  }

  private patron(line: number, record: PatronRecord): void {
    const { address } = record
    this.tables.row('staged_patron', [
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
      const rows: readonly Record<string, StagedValue>[] = record[list]
      for (const [at, row] of rows.entries()) {
        const values: StagedValue[] = [line, at, record.id]
        for (const { key } of fields) values.push(row[key] ?? null)
        this.tables.row(`staged_${table}`, values)
      }
    }
  }
}
