import { Children } from '../../src/stack/children'
import { removeDataDir, temporaryDataDir } from '../../src/stack/dataDir'
import { startPostgres, type RunningPostgres } from '../../src/stack/postgres'
import { startTemporalServer } from '../../src/stack/temporalServer'
import { connectClient, type TemporalPlace } from '../../src/temporal/connection'
import { ensureNamespace } from '../../src/temporal/namespace'
import { connect } from '../../src/database/pool'
import type { Client as TemporalClient } from '@temporalio/client'
import { cleaningUp } from './cleaningUp'

/** What all ways of one bench share: the servers of the embedded stack, started as `ontdubbel up` starts them. */
export interface Servers {
  dataDir: string
  children: Children
  postgres: RunningPostgres
  temporal: TemporalPlace
  /** Of the server's process. */
  temporalPid: number
  client: TemporalClient
}

/**
 * Does `work` with a PostgreSQL that counts the time of statements, and a Temporal server. Whatever comes of it, and on
 * Ctrl-C or SIGTERM, they and all that was started among their children are stopped and their folder removed.
 */
export async function withServers<T>(work: (servers: Servers) => Promise<T>): Promise<T> {
  const dataDir = temporaryDataDir('ontdubbel-bench-')
  const children = new Children()
  return cleaningUp(
    async () => {
      const postgres = await countingPostgres(dataDir, children)
      const { address, namespace, pid } = await startTemporalServer({ dataDir, port: 0, uiPort: 0, children })
      await ensureNamespace({ address, namespace })
      const client = await connectClient({ address, namespace })
      try {
        return await work({ dataDir, children, postgres, temporal: { address, namespace }, temporalPid: pid, client })
      } finally {
        await client.connection.close()
      }
    },
    async () => {
      await children.stopAll({ atOnce: true })
      removeDataDir(dataDir)
    },
  )
}

/** The counting library is loaded when the server starts, so it is started twice; it costs some microseconds a statement. */
async function countingPostgres(dataDir: string, children: Children): Promise<RunningPostgres> {
  const options = { dataDir, port: 0, durable: true, children }
  const first = await startPostgres(options)
  await asSuperuser(first, [`alter system set shared_preload_libraries = 'pg_stat_statements'`])
  await first.stop()
  const postgres = await startPostgres(options)
  await asSuperuser(postgres, [
    'alter system set pg_stat_statements.track_planning = on',
    'select pg_reload_conf()',
    'create extension pg_stat_statements',
  ])
  return postgres
}

async function asSuperuser(postgres: RunningPostgres, statements: readonly string[]): Promise<void> {
  const client = await connect(postgres.superuserUrl(), { applicationName: 'bench' })
  try {
    for (const each of statements) await client.query(each)
  } finally {
    await client.end()
  }
}
