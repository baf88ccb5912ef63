import type { Pool } from 'pg'
import { createPool } from '../database/pool'

/** A command's statements run one after the other; a follower and a question beside it are all there is at once. */
const COMMAND_CONNECTIONS = 4

/** Runs a command's work with a pool on the library database, and ends it. `pipeline` for work that takes patrons and waits for them. */
export async function withDatabase<T>(
  url: string,
  work: (pool: Pool) => Promise<T>,
  { pipeline = false } = {},
): Promise<T> {
  const pool = createPool(url, { max: COMMAND_CONNECTIONS, pipeline, applicationName: 'ontdubbel command' })
  try {
    // waits for a server that restarts, too: one that is not there at all is told at once
    if (pipeline) await pool.query('select')
    return await work(pool)
  } finally {
    await pool.end()
  }
}
