import { Children } from '../../src/stack/children'
import { removeDataDir, temporaryDataDir } from '../../src/stack/dataDir'
import { startPostgres, type RunningPostgres } from '../../src/stack/postgres'

const SIGNALS = ['SIGINT', 'SIGTERM'] as const
/** What a shell adds to a signal's number. */
const EXIT_CODE = { SIGINT: 130, SIGTERM: 143 } as const

/**
 * Does `work` with a PostgreSQL of its own, as durable as the product's. Whatever comes of it, and on Ctrl-C or SIGTERM,
 * the server is stopped and its folder removed.
 */
export async function withPostgres<T>(work: (postgres: RunningPostgres) => Promise<T>): Promise<T> {
  const dataDir = temporaryDataDir('ontdubbel-bench-')
  const children = new Children()
  const cleanUp = async () => {
    await children.stopAll({ atOnce: true })
    removeDataDir(dataDir)
  }
  const stopped = (signal: (typeof SIGNALS)[number]) => {
    void cleanUp().finally(() => process.exit(EXIT_CODE[signal]))
  }
  for (const signal of SIGNALS) process.once(signal, stopped)
  try {
    return await work(await startPostgres({ dataDir, port: 0, durable: true, children }))
  } finally {
    for (const signal of SIGNALS) process.off(signal, stopped)
    await cleanUp()
  }
}
