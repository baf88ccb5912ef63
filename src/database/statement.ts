import type { ClientBase, Pool } from 'pg'

/** Whoever can run a statement: a pool (one statement, its own transaction) or a client (inside one). */
export type Queryable = Pick<ClientBase, 'query'> | Pick<Pool, 'query'>

/** One SQL statement by name. Names are unique: the server keeps it prepared under its name on every connection. */
export interface Statement<Row extends object = Record<string, never>> {
  readonly name: string
  readonly text: string
  /** Only for the compiler: what a row looks like. */
  readonly row?: Row
}

const declared = new Map<string, Statement<object>>()

/**
 * Declares a statement. All are declared when their module is loaded, so that one test can prepare each of them against
 * the migrated database.
 */
export function statement<Row extends object = Record<string, never>>(name: string, text: string): Statement<Row> {
  if (declared.has(name)) throw new Error(`two statements are called ${name}`)
  const made: Statement<Row> = { name, text }
  declared.set(name, made)
  return made
}

export function declaredStatements(): Statement<object>[] {
  return [...declared.values()]
}

/** An instant of a statement in ISO 8601, in UTC: a column or another expression. */
export function iso(instant: string, { ms = false } = {}): string {
  return `to_char(${instant} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS${ms ? '.MS' : ''}"Z"')`
}

/** Runs a statement and gives its rows. Errors are those of `pg`. */
export async function run<Row extends object>(
  db: Queryable,
  made: Statement<Row>,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const result = await db.query<Row>({ name: made.name, text: made.text, values: [...values] })
  return result.rows
}

/** Runs a statement that gives one row, or none. */
export async function runOne<Row extends object>(
  db: Queryable,
  made: Statement<Row>,
  values: readonly unknown[] = [],
): Promise<Row | undefined> {
  return (await run(db, made, values))[0]
}
