/** A dump and a restore as pg_dump does them (the embedded PostgreSQL comes without it): table by table, then sequences. */
import { pipeline } from 'node:stream/promises'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import { Readable } from 'node:stream'
import { connect } from '../../src/database/pool'

export interface Dump {
  tables: { name: string; columns: string; rows: Buffer }[]
  sequences: { name: string; last: number }[]
}

/** All rows of a database as of one moment, whoever writes meanwhile. */
export async function dump(url: string): Promise<Dump> {
  const client = await connect(url)
  try {
    await client.query('begin isolation level repeatable read read only')
    // the rows' own order by name tells nothing: a restore goes without foreign keys
    const { rows: tables } = await client.query<{ name: string; columns: string }>(
      `select quote_ident(c.relname) as name, string_agg(quote_ident(a.attname), ', ' order by a.attnum) as columns
       from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
       where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'schema_migration' group by c.relname`,
    )
    const all: Dump['tables'] = []
    for (const { name, columns } of tables) {
      const pieces: Buffer[] = []
      for await (const piece of client.query(copyTo(`copy ${name} (${columns}) to stdout`)))
        pieces.push(piece as Buffer)
      all.push({ name, columns, rows: Buffer.concat(pieces) })
    }
    const { rows: sequences } = await client.query<{ name: string; last: number }>(
      `select quote_ident(sequencename) as name, last_value as last from pg_sequences
       where schemaname = 'public' and last_value is not null`,
    )
    await client.query('rollback')
    return { tables: all, sequences }
  } finally {
    await client.end()
  }
}

/** Puts a dump into a migrated database. Only the superuser may do without triggers. */
export async function restore(superUrl: string, { tables, sequences }: Dump): Promise<void> {
  const client = await connect(superUrl)
  try {
    await client.query('begin')
    await client.query('set local session_replication_role = replica')
    await client.query(`truncate ${tables.map(({ name }) => name).join(', ')}`)
    for (const { name, columns, rows } of tables)
      await pipeline(Readable.from([rows]), client.query(copyFrom(`copy ${name} (${columns}) from stdin`)))
    for (const { name, last } of sequences) await client.query('select setval($1, $2)', [name, last])
    await client.query('commit')
  } finally {
    await client.end()
  }
}
