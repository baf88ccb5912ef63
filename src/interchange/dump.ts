import type { Pool, PoolClient } from 'pg'
import Cursor from 'pg-cursor'
import { run } from '../database/statement'
import { OntdubbelError } from '../domain/errors'
import { IMPORT_SENTENCES } from '../domain/sentences'
import { beingMerged, chains, librariesOf, libraryLines, patronLines } from './exportLines'
import type { PortalAccountRecord } from './schema'

/** An account as the portal gives it, its links by library and actor id. */
export interface DumpedAccount {
  readonly id: string
  readonly links: readonly Readonly<PortalAccountRecord['links'][number]>[]
}

export interface ExportOptions {
  /** Only these patrons, whom they were merged into, and the libraries that they name. */
  patrons?: readonly number[] | undefined
  /** All accounts of the portal, by id. With `patrons`, those that are linked to these patrons, with these links only. */
  accounts?: AsyncIterable<DumpedAccount> | undefined
  /** Told, before the first patron, how many records are being merged at this moment: such an export is a picture. */
  onPicture?: ((merging: number) => void) | undefined
}

/** Patrons fetched at once: few at first, then as many as make about so many characters. */
const FIRST_FETCH = 20
const MOST_FETCH = 500
const FETCH_CHARS = 1_000_000

/**
 * The interchange file of one moment, line by line, each with its line end: libraries and patrons of one snapshot, then the
 * portal's accounts. Rejects with an OntdubbelError `unknown-patron` (exit code 2) that names the ids that do not exist, or
 * with the errors of `pg` and of `accounts`.
 */
export async function* exportRecords(pool: Pool, options: ExportOptions = {}): AsyncGenerator<string> {
  const client = await pool.connect()
  let accounts = options.accounts
  let broken: Error | undefined
  try {
    await client.query('begin isolation level repeatable read, read only')
    // rows come by their patron's index, also where the planner knows nothing of a table that was just loaded
    await client.query(`set local timezone = 'Europe/Brussels'; set local enable_seqscan = off`)
    const merging = await run(client, beingMerged)
    if (options.patrons === undefined) {
      if (merging.length > 0) options.onPicture?.(merging.length)
      yield* linesOf(await run(client, libraryLines, [null]))
      yield* patrons(client, merging, null)
    } else {
      const ids = await withChains(client, options.patrons)
      const concerned = merging.filter(({ live }) => ids.has(live))
      if (concerned.length > 0) options.onPicture?.(concerned.length)
      const linked = await accountsOf(ids, options.accounts)
      accounts = linked
      const libraries = await run(client, librariesOf, [[...ids, ...concerned.map(({ removed }) => removed)]])
      const named = [...libraries.map(({ library }) => library), ...linked.named]
      yield* linesOf(await run(client, libraryLines, [named]))
      yield* patrons(client, concerned, [...ids])
    }
  } catch (error) {
    broken = error as Error
    throw error
  } finally {
    await client.query('rollback').then(
      () => (broken = undefined),
      (error: Error) => (broken = error),
    )
    client.release(broken)
  }
  for await (const { id, links } of accounts ?? []) {
    yield `${JSON.stringify({ type: 'portalAccount', id, links: links.map(({ library, actorId }) => ({ library, actorId })) })}\n`
  }
}

function* linesOf(rows: readonly { line: string }[]): Generator<string> {
  for (const { line } of rows) yield `${line}\n`
}

async function* patrons(
  client: PoolClient,
  merging: readonly { removed: number; live: number }[],
  ids: readonly number[] | null,
): AsyncGenerator<string> {
  const cursor = client.query(
    new Cursor<{ line: string }>(patronLines.text, [
      merging.map(({ removed }) => removed),
      merging.map(({ live }) => live),
      ids,
    ]),
  )
  try {
    let fetch = FIRST_FETCH
    for (;;) {
      const rows = await cursor.read(fetch)
      if (rows.length === 0) return
      yield* linesOf(rows)
      const chars = rows.reduce((sum, { line }) => sum + line.length, 0)
      fetch = Math.max(1, Math.min(MOST_FETCH, Math.floor((FETCH_CHARS * rows.length) / chars)))
    }
  } finally {
    // a cursor of a broken connection cannot be closed, and need not be
    await cursor.close().catch(() => {})
  }
}

async function withChains(client: PoolClient, asked: readonly number[]): Promise<Set<number>> {
  const ids = new Set((await run(client, chains, [asked])).map(({ id }) => id))
  const unknown = asked.filter((id) => !ids.has(id))
  if (unknown.length > 0) {
    throw new OntdubbelError('unknown-patron', IMPORT_SENTENCES.noPatrons, 2, { patrons: unknown })
  }
  return ids
}

/** The accounts that are linked to these patrons: few, so that their libraries can be written before them. */
async function accountsOf(ids: ReadonlySet<number>, accounts: AsyncIterable<DumpedAccount> | undefined) {
  const found: DumpedAccount[] = []
  const named = new Set<string>()
  for await (const { id, links } of accounts ?? []) {
    const ours = links.filter(({ actorId }) => ids.has(actorId))
    if (ours.length === 0) continue
    found.push({ id, links: ours })
    for (const { library } of ours) named.add(library)
  }
  return {
    named,
    async *[Symbol.asyncIterator]() {
      yield* found
    },
  }
}
