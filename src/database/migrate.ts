import { runner } from 'node-pg-migrate'
import { connect } from './pool'
import { MIGRATIONS_FOLDER } from './schemaVersion'

/**
 * Brings the library database to this version, as its owner. Two at once wait for each other. Gives the number of
 * migrations run. Fails with the error of PostgreSQL when a migration fails: each runs in one transaction, so that a
 * failed one has done nothing.
 */
export async function migrate(ownerUrl: string, log: (line: string) => void = () => {}): Promise<number> {
  const client = await connect(ownerUrl, { applicationName: 'ontdubbel migrate' })
  try {
    const done = await runner({
      dbClient: client,
      dir: MIGRATIONS_FOLDER,
      migrationsTable: 'schema_migration',
      direction: 'up',
      checkOrder: true,
      advisoryLockMode: 'wait',
      singleTransaction: true,
      verbose: false,
      log,
      logger: { debug() {}, info: log, warn: log, error: log },
    })
    return done.length
  } finally {
    await client.end()
  }
}
