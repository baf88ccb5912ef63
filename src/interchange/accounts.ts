import { createReadStream, createWriteStream, type WriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { finished } from 'node:stream/promises'
import type { Pool } from 'pg'
import { run, runOne, statement, type Queryable } from '../database/statement'
import { isOntdubbelError, errorIn, OntdubbelError } from '../domain/errors'
import { IMPORT_SENTENCES, type Sentence } from '../domain/sentences'
import { textLinesOf } from '../input/lines'
import { LONGEST_LINE_BYTES } from './read'
import type { PortalAccountRecord } from './schema'

/** Takes account lines to the portal, without line ends; rejects where it cannot. Doing it again changes nothing. */
export type SendAccounts = (lines: AsyncIterable<string>) => Promise<unknown>

/** Accounts sent between two notes of how far it is: some seconds of the portal's work. */
const NOTED_EVERY_ACCOUNTS = 1_000

/** Account lines wait here until the database has committed: a file that may be gone after, which holds ids only. */
export class Spool {
  /** How many lines it holds. */
  count = 0

  static async create(): Promise<Spool> {
    const folder = await mkdtemp(path.join(tmpdir(), `ontdubbel-accounts-${process.pid}-`))
    return new Spool(folder, createWriteStream(path.join(folder, 'lines'), { mode: 0o600 }))
  }

  private constructor(
    private readonly folder: string,
    private readonly stream: WriteStream,
  ) {
    // a disk that is full is told by whatever is awaited next
    stream.on('error', () => {})
  }

  async add(account: PortalAccountRecord): Promise<void> {
    this.count += 1
    if (!this.stream.write(`${JSON.stringify(account)}\n`)) await once(this.stream, 'drain')
  }

  /** No more lines come: they can be read. */
  async close(): Promise<void> {
    this.stream.end()
    await finished(this.stream)
  }

  async *lines(): AsyncGenerator<string> {
    // not readline: it ends lines at \u2028 too, which an account's id may hold
    for await (const { text } of textLinesOf(createReadStream(path.join(this.folder, 'lines')), LONGEST_LINE_BYTES)) {
      yield text
    }
  }

  async remove(): Promise<void> {
    this.stream.destroy()
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** A file whose accounts are not all at the portal. `accounts` are those that are still to be sent: the file's last ones. */
export interface UnsentFile {
  checksum: string
  accounts: number
}

const unsent = statement<UnsentFile>(
  'import.unsent',
  `select checksum, accounts from import_file where checksum = $1 and accounts_sent_at is null`,
)

const remember = statement<UnsentFile>(
  'import.remember',
  `insert into import_file (checksum, accounts, accounts_sent_at, by, reason)
   values ($1, $2::int, case when $2::int = 0 then now() end, $3, $4)
   on conflict (checksum) do update set imported_at = now(), accounts = excluded.accounts,
     accounts_sent_at = excluded.accounts_sent_at, by = excluded.by, reason = excluded.reason
   returning checksum, accounts`,
)

const noteLeft = statement(
  'import.noteLeft',
  `update import_file set accounts = $2, accounts_sent_at = case when $2::int = 0 then clock_timestamp() end where checksum = $1`,
)

const mergedHere = statement<{ id: number; target: number }>(
  'import.mergedHere',
  `select p.id, live_patron(p.id) as target from patron p
   where p.id = any($1::bigint[]) and p.merged_into is not null
     and exists (select from merge m where m.removed = p.id and m.status in ('open', 'retired', 'undoing'))`,
)

/** The file with this SHA-256, where accounts of it are still to be sent. */
export function unsentFile(db: Queryable, checksum: string): Promise<UnsentFile | undefined> {
  return runOne(db, unsent, [checksum])
}

/** Who imports a file, and why. */
export interface Importer {
  by: string
  reason?: string | undefined
}

/** Remembers, in the transaction that loads the file, who loaded it, and how many accounts are to be sent. */
export async function rememberFile(
  db: Queryable,
  checksum: string,
  accounts: number,
  who: Importer | undefined,
): Promise<UnsentFile> {
  const made = await runOne(db, remember, [checksum, accounts, who?.by ?? null, who?.reason ?? null])
  if (!made) throw new Error('import_file takes no rows')
  return made
}

/**
 * Sends the file's accounts that are still to be sent, in order, and notes how far it is, so that what has been sent is not
 * sent again: a link that has changed since would change back. Gives how many it sent. Rejects with `accounts-not-sent`
 * (exit code 4) when the portal does not take them or `signal` is aborted; the database stays loaded.
 */
export async function sendSpooled(
  pool: Pool,
  spool: Spool,
  file: UnsentFile,
  send: SendAccounts,
  signal?: AbortSignal,
): Promise<number> {
  let left = file.accounts
  let before = spool.count - file.accounts
  let batch: string[] = []
  const sendBatch = async () => {
    signal?.throwIfAborted()
    const lines = await followMerges(pool, batch)
    await send(
      (async function* () {
        yield* lines
      })(),
    )
    left -= batch.length
    batch = []
    await run(pool, noteLeft, [file.checksum, left])
  }
  try {
    for await (const line of spool.lines()) {
      if (before > 0) {
        before -= 1
        continue
      }
      batch.push(line)
      if (batch.length === NOTED_EVERY_ACCOUNTS) await sendBatch()
    }
    if (batch.length > 0) await sendBatch()
  } catch (error) {
    const details = {
      accounts: spool.count,
      left,
      why: signal?.aborted ? IMPORT_SENTENCES.stoppedSending : whyNot(error),
    }
    throw new OntdubbelError('accounts-not-sent', IMPORT_SENTENCES.accountsNotSent, 4, details)
  }
  return file.accounts
}

/** Without its full stop: it stands in a bracket. */
function whyNot(error: unknown): Sentence {
  if (!isOntdubbelError(error)) return IMPORT_SENTENCES.portalNotReached
  const without = (text: string) => text.replace(/\.$/, '')
  return { en: without(errorIn(error, 'en')), nl: without(errorIn(error, 'nl')) }
}

/**
 * R13: a record that was merged here, before the import or since, is named by the one that it leads to; a link that is then
 * double goes. Where it is the file that says that a record was merged, its links are as the file has them.
 */
async function followMerges(pool: Pool, lines: readonly string[]): Promise<string[]> {
  const accounts = lines.map((line) => JSON.parse(line) as PortalAccountRecord)
  const ids = new Set(accounts.flatMap(({ links }) => links.map(({ actorId }) => actorId)))
  const moved = await run(pool, mergedHere, [[...ids]])
  if (moved.length === 0) return [...lines]
  const targets = new Map(moved.map(({ id, target }) => [id, target]))
  return accounts.map((account) => {
    const links = new Map(
      account.links.map(({ library, actorId }) => {
        const link = { library, actorId: targets.get(actorId) ?? actorId }
        return [`${link.actorId} ${library}`, link]
      }),
    )
    return JSON.stringify({ ...account, links: [...links.values()] })
  })
}
