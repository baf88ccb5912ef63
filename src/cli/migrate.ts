import { Command } from 'commander'
import type { Pool } from 'pg'
import { migrate } from '../database/migrate'
import { refuseNewerMajor, readSchemaState } from '../database/schemaVersion'
import { runOne, statement } from '../database/statement'
import { OntdubbelError } from '../domain/errors'
import { Places, withPlaces, type SharedOptions } from './context'
import { withDatabase } from './database'
import { print } from './output'

/** What decides whether this role can migrate this database. */
export interface MigrationFacts {
  role: string
  database: string
  /** Whether the role of workers and commands exists, to which the migrations grant rights. */
  workerRole: boolean
  mayCreate: boolean
  /** Who owns the schema's tables; null where there are none yet. */
  owner: string | null
  isOwner: boolean
}

const facts = statement<MigrationFacts>(
  'migrate.facts',
  `select current_user as role, current_database() as database,
     exists (select from pg_roles where rolname = 'ontdubbel_worker') as "workerRole",
     has_database_privilege(current_database(), 'create') and has_schema_privilege('public', 'create') as "mayCreate",
     t.owner, coalesce(pg_has_role(t.owner, 'usage'), true) as "isOwner"
   from (select (select pg_get_userbyid(relowner) from pg_class where oid = to_regclass('patron')) as owner) t`,
)

/** `ontdubbel migrate`: brings the database to this version, as its owner. */
export function migrateCommand(): Command {
  return withPlaces(new Command('migrate'))
    .description(
      'bring the database to this version, as its owner (DATABASE_OWNER_URL, else DATABASE_URL); "up" does it itself',
    )
    .action(migrateDatabase)
}

async function migrateDatabase(options: SharedOptions): Promise<void> {
  const url = new Places(options.dataDir).ownerUrl()
  const unknown = await withDatabase(url, async (pool) => {
    await refuseNewerMajor(pool)
    await requireRights(pool)
    return (await readSchemaState(pool)).unknown
  })
  const done = await migrate(url, (line) => {
    // of what the tool says: which migration it runs, never the SQL of one that failed
    const name = /^### MIGRATION (\S+) \(UP\) ###$/.exec(line)?.[1]
    if (name) print(name)
  })
  if (done > 0) print(`${done} ${done === 1 ? 'migration' : 'migrations'} done.`)
  else if (unknown.length === 0) print('The database is at this version already.')
  if (unknown.length > 0) {
    print(
      `The database has migrations of a newer version of the program (${unknown.join(', ')}). This program works with it.`,
    )
  }
}

async function requireRights(pool: Pool): Promise<void> {
  const found = await runOne(pool, facts)
  const why = found && whyNotMigrated(found)
  if (why) throw new OntdubbelError('cannot-migrate', why)
}

/** Why migrations would fail, and what to do; null where nothing speaks against them. */
export function whyNotMigrated({
  role,
  database,
  workerRole,
  mayCreate,
  owner,
  isOwner,
}: MigrationFacts): string | null {
  if (!isOwner) {
    return `The tables of the database ${database} belong to ${owner}, not to ${role}. Set DATABASE_OWNER_URL to a connection as ${owner}.`
  }
  if (!mayCreate) {
    return `The role ${role} may not create tables in the database ${database}. Set DATABASE_OWNER_URL to a connection as the database's owner, or as a superuser: alter database ${database} owner to ${role}`
  }
  if (!workerRole) {
    return "The role ontdubbel_worker, as which workers and commands connect, does not exist. As a superuser: create role ontdubbel_worker login password '…'"
  }
  return null
}
