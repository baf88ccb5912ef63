import { Children } from '../../src/stack/children'
import { removeDataDir, temporaryDataDir } from '../../src/stack/dataDir'
import { startPostgres, type RunningPostgres } from '../../src/stack/postgres'
import { cleaningUp } from './cleaningUp'

/**
 * Does `work` with a PostgreSQL of its own, as durable as the product's. Whatever comes of it, and on Ctrl-C or SIGTERM,
 * the server is stopped and its folder removed.
 */
export async function withPostgres<T>(work: (postgres: RunningPostgres) => Promise<T>): Promise<T> {
  const dataDir = temporaryDataDir('ontdubbel-bench-')
  const children = new Children()
  return cleaningUp(
    async () => work(await startPostgres({ dataDir, port: 0, durable: true, children })),
    async () => {
      await children.stopAll({ atOnce: true })
      removeDataDir(dataDir)
    },
  )
}
