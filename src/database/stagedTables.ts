import { finished } from 'node:stream/promises'
import type { PoolClient } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { OntdubbelError } from '../domain/errors'
import { sqlState } from './failures'

/** Rows wait in memory up to this size: large enough for COPY to be quick, small beside what a process may have. */
const FLUSH_CHARS = 1_000_000

export type StagedValue = string | number | boolean | null

/** Temporary tables that a file is copied into, piece by piece. They are gone with the transaction. */
export class StagedTables {
  private readonly waiting = new Map<string, string>()
  private waitingChars = 0
  private copying: Promise<void> = Promise.resolve()
  private stopped = false

  /**
   * Makes the tables, by name with their columns (`line bigint`); `client` is in the transaction that shall load them.
   * Rejects with an OntdubbelError `no-temporary-tables` where its role may not.
   */
  static async create(client: PoolClient, tables: ReadonlyMap<string, readonly string[]>): Promise<StagedTables> {
    const made = [...tables].map(
      ([name, columns]) => `create temp table ${name} (${columns.join(', ')}) on commit drop`,
    )
    try {
      await client.query(made.join('; '))
    } catch (error) {
      if (sqlState(error) !== '42501') throw error
      throw new OntdubbelError(
        'no-temporary-tables',
        'Loading needs temporary tables, and this role may not make any. As the owner of the database: grant temporary on database … to ontdubbel_worker',
      )
    }
    return new StagedTables(client, [...tables.keys()])
  }

  private constructor(
    private readonly client: PoolClient,
    private readonly names: readonly string[],
  ) {}

  /** Adds a row, in the order of the columns. It goes with the next piece: await `ready` now and then. */
  row(table: string, values: readonly StagedValue[]): void {
    let text = ''
    for (const value of values) text += (text === '' ? '' : '\t') + copyText(value)
    text += '\n'
    this.waiting.set(table, (this.waiting.get(table) ?? '') + text)
    this.waitingChars += text.length
  }

  /** Waits while the database is more than one piece behind. */
  async ready(): Promise<void> {
    if (this.waitingChars >= FLUSH_CHARS) await this.flush()
  }

  /** Everything is in the tables, and the planner knows how much it is. */
  async finish(): Promise<void> {
    await this.flush()
    await this.copying
    await this.client.query(`analyze ${this.names.join(', ')}`)
  }

  /** No statement of ours is under way or will be, whatever came of them: the transaction may end. */
  async stop(): Promise<void> {
    this.stopped = true
    await this.copying.catch(() => {})
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
function copyText(value: StagedValue): string {
  if (value === null) return '\\N'
  if (typeof value !== 'string') return String(value)
  return /[\\\t\n\r]/.test(value) ? value.replace(/[\\\t\n\r]/g, (char) => ESCAPED[char] ?? char) : value
}
