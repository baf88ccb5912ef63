import { createHash } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { Pool, PoolClient } from 'pg'
import { inLongTransaction } from '../database/longTransaction'
import { OntdubbelError } from '../domain/errors'
import { IMPORT_PROBLEMS, IMPORT_SENTENCES, type Sentence } from '../domain/sentences'
import {
  rememberFile,
  sendSpooled,
  Spool,
  unsentFile,
  type Importer,
  type SendAccounts,
  type UnsentFile,
} from './accounts'
import { badLine } from '../input/badLine'
import { refusedByTheDatabase } from './badInput'
import { firstProblem } from './checks'
import { hangsOnPatron, KINDS, type Kind } from './fields'
import { readRecords } from './read'
import { Staging } from './staging'

/** How many of each were loaded; `merged` are the records that lead to another one, and not among `patrons`. */
export type ImportCounts = Record<'libraries' | 'patrons' | 'merged' | Kind['list'] | 'portalAccounts', number>

export interface ImportProgress {
  stage: 'reading' | 'checking' | 'loading' | 'sending'
  lines: number
  bytes: number
}

export interface ImportOptions {
  /** Without it a file that holds accounts is refused. */
  sendAccounts?: SendAccounts
  /** Asked at the file's first account: a sentence where accounts cannot be loaded at this portal. */
  whyNoAccounts?: () => Promise<Sentence | undefined>
  /** Called for every piece of input, and when a stage begins. */
  onProgress?: (progress: ImportProgress) => void
  /** Recorded with the file. */
  who?: Importer
  /** Stops; before the commit nothing is loaded. */
  signal?: AbortSignal
}

/** A record that a merge or another import holds is let go within seconds. */
const LOCK_TIMEOUT = '30s'

const LOADED_TABLES = ['library', 'patron', ...KINDS.map(({ table }) => table)]

/**
 * Loads an interchange file into the store: all or nothing, in one transaction, and when that has committed its accounts
 * into the portal. A file that was loaded while the portal did not take all of its accounts is recognised by its
 * checksum: then the rest of them is sent, nothing else is done, and all other counts are 0.
 *
 * The pool is an ordinary one, not a pipelined one, with a connection to spare.
 *
 * Rejects with an OntdubbelError: `bad-input` (exit code 2) names line, path and reason; `database-busy` (1);
 * `stopped` (1) where `signal` was aborted; `accounts-not-sent` (4): the database is loaded. Else with the error of `pg`.
 */
export async function importFile(
  pool: Pool,
  input: AsyncIterable<Uint8Array | string>,
  options: ImportOptions = {},
): Promise<ImportCounts> {
  const spool = await Spool.create()
  try {
    const { counts, file } = await loadStore(pool, input, spool, options)
    if (!file || !options.sendAccounts) return counts
    const portalAccounts = await sendSpooled(pool, spool, file, options.sendAccounts, options.signal)
    return { ...counts, portalAccounts }
  } finally {
    await spool.remove()
  }
}

interface Loaded {
  counts: ImportCounts
  /** Whose accounts are to be sent. */
  file: UnsentFile | undefined
}

async function loadStore(
  pool: Pool,
  input: AsyncIterable<Uint8Array | string>,
  spool: Spool,
  options: ImportOptions,
): Promise<Loaded> {
  const { signal } = options
  const stopReading = () => void (input as Partial<Readable>).destroy?.()
  signal?.addEventListener('abort', stopReading)
  try {
    const loaded = await inLongTransaction(pool, (client) => stageAndLoad(client, input, spool, options), signal)
    if (loaded.counts.patrons > 0) await analyzeWhereAllowed(pool)
    return loaded
  } catch (error) {
    if (signal?.aborted) throw new OntdubbelError('stopped', IMPORT_SENTENCES.stopped, 1)
    throw refusedByTheDatabase(error)
  } finally {
    signal?.removeEventListener('abort', stopReading)
  }
}

async function stageAndLoad(
  client: PoolClient,
  input: AsyncIterable<Uint8Array | string>,
  spool: Spool,
  options: ImportOptions,
): Promise<Loaded> {
  await client.query(
    `set local ontdubbel.import = 'on'; set local lock_timeout = '${LOCK_TIMEOUT}'; set local datestyle = 'ISO, YMD'`,
  )
  const progress: ImportProgress = { stage: 'reading', lines: 0, bytes: 0 }
  const enter = (stage: ImportProgress['stage']) => options.onProgress?.({ ...progress, stage })
  const staging = await Staging.create(client)
  try {
    const checksum = await stage(staging, input, spool, options, progress)
    const unsent = await unsentFile(client, checksum)
    if (unsent) {
      enter('sending')
      return { counts: counted(() => 0), file: unsent }
    }
    enter('checking')
    await staging.finish()
    const problem = await firstProblem(client)
    if (problem) throw badLine(problem)
    enter('loading')
    const counts = await insertStaged(client)
    const remembered = await rememberFile(client, checksum, spool.count, options.who)
    const file = spool.count > 0 ? remembered : undefined
    if (file) enter('sending')
    return { counts, file }
  } finally {
    await staging.stop()
  }
}

/** Reads the file into the staging tables and its accounts into the spool; gives its SHA-256. */
async function stage(
  staging: Staging,
  input: AsyncIterable<Uint8Array | string>,
  spool: Spool,
  options: ImportOptions,
  progress: ImportProgress,
): Promise<string> {
  const hash = createHash('sha256')
  const tapped = (async function* () {
    for await (const chunk of input) {
      options.signal?.throwIfAborted()
      hash.update(chunk)
      progress.bytes += chunk.length
      options.onProgress?.({ ...progress })
      yield chunk
    }
  })()
  for await (const { line, record } of readRecords(tapped)) {
    progress.lines = line
    if (record.type === 'portalAccount') {
      if (spool.count === 0) await requirePortal(line, options)
      await spool.add(record)
    }
    await staging.add(line, record)
  }
  await spool.close()
  return hash.digest('hex')
}

async function requirePortal(line: number, { sendAccounts, whyNoAccounts }: ImportOptions): Promise<void> {
  const why = await whyNoAccounts?.()
  if (sendAccounts && why === undefined) return
  throw badLine({ line, path: 'type', says: why ?? IMPORT_PROBLEMS.noReferencePortal })
}

/**
 * From the staged file into the tables. Merged records come last: what they lead to stays locked until the commit, and a
 * desk would wait for it.
 */
async function insertStaged(client: PoolClient): Promise<ImportCounts> {
  const inserted = new Map<string, number>()
  const insert = async (called: string, sql: string) => inserted.set(called, (await client.query(sql)).rowCount ?? 0)
  await insert('libraries', 'insert into library (id, name) select id, name from staged_library')
  const patronColumns = `id, last_name, first_name, gender, birth_date, street, house_number, box, postcode, city,
    national_number, legitimation, registered_online, registered_on, last_activity_on, protected, internet_block`
  await insert(
    'patrons',
    `insert into patron (${patronColumns}) select ${patronColumns} from staged_patron where merged_into is null`,
  )
  for (const kind of KINDS) await insert(kind.list, insertOf(kind))
  await insert(
    'merged',
    `insert into patron (id, last_name, merged_into, retired_at)
     select id, last_name, merged_into, clock_timestamp() from staged_patron where merged_into is not null`,
  )
  return counted((called) => inserted.get(called) ?? 0)
}

function insertOf(kind: Kind): string {
  const columns = [...(hangsOnPatron(kind) ? ['patron'] : []), ...kind.fields.map(({ column }) => column)].join(', ')
  if (kind.table !== 'contact')
    return `insert into ${kind.table} (${columns}) select ${columns} from staged_${kind.table}`
  // R6: what stands twice in one list is kept, each time with the next number; ids follow the file
  return `insert into contact (${columns}, copy)
    select ${columns}, row_number() over (partition by patron, contact_key(kind, value) order by ord) - 1
    from staged_contact order by line, ord`
}

function counted(of: (called: string) => number): ImportCounts {
  const called = ['libraries', 'patrons', 'merged', ...KINDS.map(({ list }) => list), 'portalAccounts']
  return Object.fromEntries(called.map((each) => [each, of(each)])) as ImportCounts
}

/** The planner knows the new rows at once. Where the role may not, PostgreSQL says so in a notice and goes on. */
async function analyzeWhereAllowed(pool: Pool): Promise<void> {
  await pool.query(`analyze ${LOADED_TABLES.join(', ')}`).catch(() => {})
}
