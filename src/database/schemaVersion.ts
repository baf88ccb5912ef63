import { readdirSync } from 'node:fs'
import path from 'node:path'
import { packageRoot } from '../packageRoot'
import { OntdubbelError } from '../domain/errors'
import { runOne, statement, type Queryable } from './statement'

/**
 * The major version of the schema that this program knows. Within one, migrations only add, so that a program that is older
 * than the database works with it. The first migration of a newer one says so in the database (`schemaMajor`).
 */
const SCHEMA_MAJOR = 1

/** Where the migrations are. */
export const MIGRATIONS_FOLDER = path.join(packageRoot, 'src', 'database', 'migrations')

/** How the database's schema stands to this program. */
export interface SchemaState {
  /** `older`: migrations are missing there. `newer`: it has all of ours, and others that we do not know. */
  is: 'current' | 'older' | 'newer'
  /** Newer by a major version: this program must leave it alone. */
  newerMajor: boolean
  /** Migrations of this program that the database has not. */
  missing: string[]
  /** Migrations of the database that this program has not. */
  unknown: string[]
}

// `comment on table merge is 'schema major 2'`, in the first migration of that major: any role may read it
const major = statement<{ major: number }>(
  'schema.major',
  `select coalesce(substring(obj_description(to_regclass('merge'), 'pg_class') from 'schema major ([0-9]+)')::int, 1) as major`,
)

/** The major version of the database's schema; 1 where there is none yet. Any role may ask. */
export async function schemaMajor(db: Queryable): Promise<number> {
  return (await runOne(db, major))?.major ?? 1
}

const visible = statement<{ exists: boolean; readable: boolean }>(
  'schema.visible',
  `select t is not null as exists, coalesce(has_table_privilege(t, 'select'), false) as readable
   from to_regclass('schema_migration') t`,
)

/**
 * Compares the database's migrations with this program's. Rejects with `schema-not-visible` where the role may not read
 * which migrations were run.
 */
export async function readSchemaState(db: Queryable): Promise<SchemaState> {
  const ours = knownMigrations()
  const newerMajor = (await schemaMajor(db)) > SCHEMA_MAJOR
  const table = await runOne(db, visible)
  if (table?.exists && !table.readable) {
    throw new OntdubbelError(
      'schema-not-visible',
      'This role may not read which migrations the database has (table schema_migration).',
    )
  }
  const theirs = table?.exists ? await migrationsRun(db) : []
  const missing = ours.filter((name) => !theirs.includes(name))
  const unknown = theirs.filter((name) => !ours.includes(name))
  const newer = newerMajor || (unknown.length > 0 && missing.length === 0)
  return { is: newer ? 'newer' : missing.length > 0 ? 'older' : 'current', newerMajor, missing, unknown }
}

/** Rejects with `schema-newer` where the database is of a newer major version: for whoever is about to work with it. */
export async function refuseNewerMajor(db: Queryable): Promise<void> {
  const theirs = await schemaMajor(db)
  if (theirs <= SCHEMA_MAJOR) return
  throw new OntdubbelError(
    'schema-newer',
    `The library database has the schema of a newer Ontdubbel (major version ${theirs}; this program knows ${SCHEMA_MAJOR}). Install that version.`,
  )
}

/** The migrations of this program by name, in the order in which they run. */
export function knownMigrations(): string[] {
  return readdirSync(MIGRATIONS_FOLDER)
    .filter((file) => /^\d+_.*\.sql$/.test(file))
    .map((file) => path.parse(file).name)
    .sort()
}

/** Not a declared statement: the table is there only once migrations have been run. */
async function migrationsRun(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>({ text: 'select name from schema_migration order by name' })
  return rows.map(({ name }) => name)
}
