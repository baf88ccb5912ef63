import type { Pool } from 'pg'
import Cursor from 'pg-cursor'
import { inTransaction } from './store'

export interface Account {
  readonly id: string
  readonly links: readonly { readonly library: string; readonly actorId: number }[]
}

/** Rows read at a time by a dump: some 100 KB. */
const DUMP_ROWS = 500

/**
 * Puts accounts, in one transaction: those that are there get exactly these links, the others are made. Of an account
 * named twice the last counts. Doing it again changes nothing.
 */
export async function putAccounts(pool: Pool, accounts: readonly Account[]): Promise<void> {
  const byId = new Map(accounts.map((account) => [account.id, account]))
  // In one order, so that two loads at once wait for each other and do not lock each other out.
  const ids = [...byId.keys()].sort()
  const links = ids.flatMap((id) => (byId.get(id)?.links ?? []).map((link) => ({ id, ...link })))
  const columns = [ids, links.map((l) => l.id), links.map((l) => l.library), links.map((l) => l.actorId)]
  await inTransaction(pool, async (tx) => {
    await tx.query('insert into account (id) select id from unnest($1::text[]) as given (id) on conflict do nothing', [
      ids,
    ])
    await tx.query('select id from account where id = any($1::text[]) order by id for update', [ids])
    await tx.query(
      `with given (account, library, actor_id) as (select account, library, actor_id
                 from unnest($2::text[], $3::text[], $4::bigint[]) as g (account, library, actor_id))
       delete from link where account = any($1::text[]) and not exists (
         select from given
          where given.account = link.account and given.library = link.library and given.actor_id = link.actor_id)`,
      columns,
    )
    await tx.query(
      `insert into link (account, library, actor_id)
       select account, library, actor_id
         from unnest($1::text[], $2::text[], $3::bigint[]) as given (account, library, actor_id)
       on conflict do nothing`,
      columns.slice(1),
    )
  })
}

/** All accounts by id (by code point), links by library and actor id, as of one moment, without holding them all. */
export async function* dumpAccounts(pool: Pool): AsyncGenerator<Account> {
  const client = await pool.connect()
  const cursor = client.query(
    new Cursor<Account>(
      `select account.id,
              coalesce((select json_agg(json_build_object('library', link.library, 'actorId', link.actor_id)
                                        order by link.library, link.actor_id)
                          from link where link.account = account.id), '[]') as links
         from account
        order by account.id`,
    ),
  )
  let broken: Error | undefined
  try {
    for (;;) {
      const rows = await cursor.read(DUMP_ROWS)
      if (rows.length === 0) return
      yield* rows
    }
  } catch (error) {
    broken = error as Error
    throw error
  } finally {
    if (broken === undefined) await cursor.close().catch((error: Error) => (broken = error))
    client.release(broken)
  }
}
