import { Pool, type PoolClient } from 'pg'

export type Tx = PoolClient

export interface Link {
  readonly account: string
  readonly library: string
  readonly actorId: number
}

/**
 * The portal's own tables. Made at every start, so only ever added to. Account ids sort by code point ("C"), which is
 * the order of a dump; the index on `actor_id` is what a search goes by.
 */
const TABLES = `
  create table if not exists account (
    id text collate "C" primary key
  );
  create table if not exists link (
    account text collate "C" not null references account (id),
    library text collate "C" not null,
    actor_id bigint not null,
    primary key (account, library, actor_id)
  );
  create index if not exists link_actor_id on link (actor_id);
  create table if not exists idempotency_key (
    key text collate "C" primary key,
    request text not null,
    answer jsonb,
    at timestamptz not null default now()
  );
  create index if not exists idempotency_key_at on idempotency_key (at);
`

/** Any number will do, as long as two portals that start at once on one database take the same. */
const TABLES_LOCK = 7_106_834

/** Connects to the portal's own database and makes its tables where they are missing. */
export async function openStore(databaseUrl: string): Promise<Pool> {
  const pool = new Pool({ connectionString: databaseUrl, max: 10, application_name: 'reference-portal' })
  // A database that restarts ends all connections. The call that used one fails and the pool makes new ones; without
  // listeners, on idle connections and on those in use, the process would end.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  try {
    await inTransaction(pool, async (tx) => {
      await tx.query('select pg_advisory_xact_lock($1)', [TABLES_LOCK])
      await tx.query(TABLES)
    })
  } catch (error) {
    await pool.end()
    throw error
  }
  return pool
}

/** Commits what `work` did, or nothing of it. */
export async function inTransaction<T>(pool: Pool, work: (tx: Tx) => Promise<T>): Promise<T> {
  const tx = await pool.connect()
  try {
    await tx.query('begin')
    const result = await work(tx)
    await tx.query('commit')
    tx.release()
    return result
  } catch (error) {
    const broken = await tx.query('rollback').then(
      () => undefined,
      (failed: Error) => failed,
    )
    tx.release(broken)
    throw error
  }
}

/** All links to these actor ids, by account, library and actor id. */
export async function linksTo(pool: Pool, actorIds: readonly number[]): Promise<Link[]> {
  const { rows } = await pool.query<{ account: string; library: string; actor_id: string }>(
    `select account, library, actor_id from link
      where actor_id = any($1::bigint[])
      order by account, library, actor_id`,
    [actorIds],
  )
  return rows.map((row) => ({ account: row.account, library: row.library, actorId: Number(row.actor_id) }))
}

/** Whether the account is there. If so it is locked: what is then read of its links stays true until the end. */
export async function takeAccount(tx: Tx, account: string): Promise<boolean> {
  const { rowCount } = await tx.query('select id from account where id = $1 for update', [account])
  return rowCount === 1
}

/** Whether the link is there. */
export async function hasLink(tx: Tx, link: Link): Promise<boolean> {
  const { rowCount } = await tx.query(
    'select account from link where account = $1 and library = $2 and actor_id = $3',
    [link.account, link.library, link.actorId],
  )
  return rowCount === 1
}

/** Whether a link was made; false where it was there. */
export async function insertLink(tx: Tx, link: Link): Promise<boolean> {
  const { rowCount } = await tx.query(
    'insert into link (account, library, actor_id) values ($1, $2, $3) on conflict do nothing',
    [link.account, link.library, link.actorId],
  )
  return rowCount === 1
}

/** Whether a link was removed; false where there was none. */
export async function deleteLink(tx: Tx, link: Link): Promise<boolean> {
  const { rowCount } = await tx.query('delete from link where account = $1 and library = $2 and actor_id = $3', [
    link.account,
    link.library,
    link.actorId,
  ])
  return rowCount === 1
}

/** Throws where the database does not answer. */
export async function checkDatabase(pool: Pool): Promise<void> {
  await pool.query('select 1')
}
