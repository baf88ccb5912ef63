import { randomBytes } from 'node:crypto'
import { Client, type Pool } from 'pg'
import { createPool } from '../../src/database/pool'
import { expectGone } from './leavesNothing'
import { peopleIn } from './people'
import { notePeople } from './said'

/** The migrated database that every test file clones. */
export const TEMPLATE = 'ontdubbel_template'

export interface TestDatabase {
  /** As the worker and the command line see it: may not change the schema. */
  url: string
  ownerUrl: string
  /** May do everything: for looking into the catalog, and for desks with settings of their own. */
  superUrl: string
  pool: Pool
  drop(): Promise<void>
}

/** The running test server's URL of one database, as one of the roles that globalSetup made. */
export function serverUrl(database: string, role: 'super' | 'owner' | 'worker' | 'portal' = 'super'): string {
  const variable = {
    super: 'TEST_PG_URL',
    owner: 'TEST_PG_OWNER_URL',
    worker: 'TEST_PG_WORKER_URL',
    portal: 'TEST_PG_PORTAL_URL',
  }[role]
  const given = process.env[variable]
  if (!given) throw new Error('no test server: run the tests with npm test')
  const url = new URL(given)
  url.pathname = `/${database}`
  return url.toString()
}

/** A library database of the test's own, cloned from the migrated template. Drop it in afterAll. */
export async function freshDatabase(
  options: {
    empty?: boolean
    /** False where a test names its people on purpose, and looks by itself what comes of it. */
    searched?: boolean
  } = {},
): Promise<TestDatabase> {
  const name = `test_${process.pid}_${randomBytes(6).toString('hex')}`
  await admin(`create database ${name} ${options.empty ? '' : `template ${TEMPLATE}`} owner ontdubbel_owner`)
  const url = serverUrl(name, 'worker')
  const pool = createPool(url, { max: 20, applicationName: 'test' })
  const forget = expectGone(`database ${name}`)
  return {
    url,
    ownerUrl: serverUrl(name, 'owner'),
    superUrl: serverUrl(name),
    pool,
    async drop() {
      if (options.searched !== false && !options.empty) await peopleIn(pool).then(notePeople, () => {})
      await pool.end()
      await admin(`drop database ${name} with (force)`)
      forget()
    },
  }
}

async function admin(sql: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl('postgres') })
  await client.connect()
  try {
    // cloning fails while somebody else clones the same template at this moment: they queue here
    await client.query('select pg_advisory_lock(7001)')
    await client.query(sql)
  } finally {
    await client.end()
  }
}
