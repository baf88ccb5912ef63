import { Client } from 'pg'
import { connectionConfig } from '../../database/pool'
import { readSchemaState, type SchemaState } from '../../database/schemaVersion'
import { run, runOne, statement, type Queryable } from '../../database/statement'
import { whyUnreachable } from '../../database/whyUnreachable'
import { isOntdubbelError } from '../../domain/errors'
import type { Places } from '../context'
import { CHECK_TIMEOUT_MS, saidBy, well, wrong, type Check } from './check'

/** What the statements need: `old` and `new` in `returning` came with it. */
const POSTGRESQL_AT_LEAST = 18
/** Our transactions end before a desk looks for deadlocks, and finds itself the victim (design §3). */
const DESKS_DEADLOCK_TIMEOUT_AT_LEAST_MS = 1_000

/** What the worker's role must be able to do, as the migrations grant it. */
const RIGHTS: Record<string, string> = {
  'select, insert, update, delete':
    'library card subscription history_preference loan loan_history hold charge payment message contact redirect_note edited_contact changed_row portal_intent pair_decision',
  'select, insert, update':
    'patron merge merge_step import_file feed_counter change campaign campaign_pair campaign_batch campaign_tally',
  'select, insert': 'campaign_command',
  select: 'id_floor',
}

const server = statement<{ version: string; major: number; role: string; database: string; tls: string | null }>(
  'doctor.server',
  `select current_setting('server_version') as version, current_setting('server_version_num')::int / 10000 as major,
     current_user as role, current_database() as database,
     (select version from pg_stat_ssl where pid = pg_backend_pid() and ssl) as tls`,
)

// temporary tables are where an import is checked
const lacking = statement<{ tbl: string; privilege: string }>(
  'doctor.lackingRights',
  `select tbl, privilege from unnest($1::text[], $2::text[]) x (tbl, privilege)
   where to_regclass(tbl) is null or not has_table_privilege(to_regclass(tbl), privilege)
   union all select current_database(), 'temporary' where not has_database_privilege(current_database(), 'temporary')`,
)

const deadlocks = statement<{ timeoutMs: number; maySet: boolean }>(
  'doctor.deadlockTimeout',
  `select setting::int as "timeoutMs", has_parameter_privilege('deadlock_timeout', 'set') as "maySet"
   from pg_settings where name = 'deadlock_timeout'`,
)

/** A connection for the checks: it, and each of its statements, gives up early. */
async function connectBriefly(url: string): Promise<Client> {
  const client = new Client({
    ...connectionConfig(url, { applicationName: 'ontdubbel doctor' }),
    connectionTimeoutMillis: CHECK_TIMEOUT_MS,
    statement_timeout: CHECK_TIMEOUT_MS,
    query_timeout: CHECK_TIMEOUT_MS,
  })
  client.on('error', () => {})
  await client.connect()
  return client
}

/** Checks the library database as workers and commands see it. The client is left open, for the merges; null without one. */
export async function checkDatabase(places: Places): Promise<{ checks: Check[]; client: Client | null }> {
  let client: Client
  try {
    client = await connectBriefly(places.databaseUrl())
  } catch (error) {
    return { checks: [unreachable(error)], client: null }
  }
  const checks: Check[] = []
  for (const check of [checkServer, checkMigrations, checkRights, checkDeadlockTimeout]) {
    try {
      checks.push(await check(client, places))
    } catch (error) {
      checks.push(
        wrong(
          'database',
          `The library database could not be asked (${saidBy(error)}).`,
          'Look into the log of PostgreSQL.',
        ),
      )
    }
  }
  return { checks, client }
}

function unreachable(error: unknown): Check {
  // settings that make no sense, and a missing stack, say themselves what to do
  if (isOntdubbelError(error)) return wrong('database', error.message, null)
  const { message, remedy } = whyUnreachable(error) ?? {
    message: `The library database cannot be reached (${saidBy(error)}).`,
    remedy: 'Check DATABASE_URL, and whether PostgreSQL runs and can be reached from here.',
  }
  return wrong('database', message, remedy)
}

async function checkServer(db: Queryable, places: Places): Promise<Check> {
  const found = await runOne(db, server)
  if (!found) throw new Error('no answer')
  const { version, major, role, database, tls } = found
  const said = `PostgreSQL ${version}, database ${database}, as ${role}${tls === null ? '' : `, over ${tls}`}`
  if (major >= POSTGRESQL_AT_LEAST) return well('database', said, adviceOnTls(places))
  return wrong(
    'database',
    `${said}: too old.`,
    `Move the library database to PostgreSQL ${POSTGRESQL_AT_LEAST} or newer.`,
  )
}

/** Encrypted to somebody of whom nothing was asked is encrypted to anybody. */
function adviceOnTls(places: Places): string | null {
  const asked = new URLSearchParams(places.databaseUrl().split('?')[1])
  if (asked.get('sslmode') !== 'require' || asked.get('sslrootcert') !== null) return null
  return 'sslmode=require does not check whom it speaks to: sslmode=verify-full does, with sslrootcert for an authority of your own.'
}

async function checkMigrations(db: Queryable, places: Places): Promise<Check> {
  try {
    return toldOf(await readSchemaState(db))
  } catch (error) {
    if (!isOntdubbelError(error)) throw error
  }
  return asOwner(places)
}

/** The worker's role may not see which migrations were run: the owner may. */
async function asOwner(places: Places): Promise<Check> {
  try {
    const owner = await connectBriefly(places.ownerUrl())
    try {
      return toldOf(await readSchemaState(owner))
    } finally {
      await owner.end()
    }
  } catch (error) {
    return wrong(
      'migrations',
      `Which migrations the database has cannot be seen: ${saidBy(error)}`,
      'Set DATABASE_OWNER_URL to a connection as the owner of the schema, or as the owner: grant select on schema_migration to ontdubbel_worker',
    )
  }
}

function toldOf({ is, newerMajor, missing, unknown }: SchemaState): Check {
  if (newerMajor)
    return wrong(
      'migrations',
      'The schema is of a newer major version than this program.',
      'Install the newer version of the program.',
    )
  if (is === 'older') {
    const many = missing.length === 1 ? '1 migration is' : `${missing.length} migrations are`
    return wrong('migrations', `${many} missing: ${missing.join(', ')}.`, 'ontdubbel migrate')
  }
  if (is === 'newer')
    return well('migrations', `The schema is newer than this program (${unknown.join(', ')}), which works with it.`)
  return well('migrations', 'The schema is at this version.')
}

async function checkRights(db: Queryable): Promise<Check> {
  const pairs = Object.entries(RIGHTS).flatMap(([privileges, tables]) =>
    privileges.split(', ').flatMap((privilege) => tables.split(' ').map((tbl) => ({ tbl, privilege }))),
  )
  const rows = await run(db, lacking, [pairs.map(({ tbl }) => tbl), pairs.map(({ privilege }) => privilege)])
  if (rows.length === 0) return well('database-rights', 'This role may do what workers and commands do.')
  const what = rows.slice(0, 5).map(({ tbl, privilege }) => `${privilege} on ${tbl}`)
  return wrong(
    'database-rights',
    `This role may not ${what.join(', ')}${rows.length > what.length ? ` and ${rows.length - what.length} more` : ''}.`,
    'Connect as ontdubbel_worker, to whom the migrations grant it (DATABASE_URL); "ontdubbel migrate" where tables are missing.',
  )
}

async function checkDeadlockTimeout(db: Queryable): Promise<Check> {
  const found = await runOne(db, deadlocks)
  if (!found) throw new Error('no answer')
  const { timeoutMs, maySet } = found
  if (timeoutMs < DESKS_DEADLOCK_TIMEOUT_AT_LEAST_MS) {
    return wrong(
      'deadlock-timeout',
      `deadlock_timeout of the server is ${timeoutMs} ms: desks would give way to merges.`,
      `As a superuser: alter system set deadlock_timeout = '1s'; select pg_reload_conf()`,
    )
  }
  if (!maySet) {
    return wrong(
      'deadlock-timeout',
      'This role may not set deadlock_timeout for itself: where a merge and a desk meet, the desk may have to give way.',
      'As a superuser: grant set on parameter deadlock_timeout to ontdubbel_worker',
    )
  }
  return well('deadlock-timeout', `${timeoutMs} ms for desks; a merge that meets one gives way.`)
}
