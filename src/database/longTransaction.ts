import type { Pool, PoolClient } from 'pg'
import { inPlainTransaction } from './transaction'

/** For the sorts and hashes of some million rows; the server has it once for such a transaction. */
const WORK_MEMORY = '128MB'
/** A command line that was killed is noticed while a long statement runs, not at its end. */
const CONNECTION_CHECK = '2s'
/** Standard input may be as slow as it likes. */
const NO_TIME_LIMITS = ['statement_timeout', 'transaction_timeout', 'idle_in_transaction_session_timeout']

const SETTINGS = [
  `set local work_mem = '${WORK_MEMORY}'`,
  `set local client_connection_check_interval = '${CONNECTION_CHECK}'`,
  ...NO_TIME_LIMITS.map((limit) => `set local ${limit} = 0`),
].join('; ')

/**
 * Runs `work` in one transaction that may take minutes and sorts much. Where `signal` is aborted before the commit, the
 * statement under way ends, all is rolled back, and it rejects with the signal's reason. It does not interrupt what `work`
 * awaits of others. The pool is an ordinary one, not a pipelined one, with a connection to spare.
 */
export function inLongTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  return inPlainTransaction(pool, async (client) => {
    let cancelled: Promise<void> | undefined
    const cancel = () => void (cancelled = cancelStatement(pool, client))
    signal?.addEventListener('abort', cancel)
    try {
      signal?.throwIfAborted()
      await client.query(SETTINGS)
      return await work(client)
    } finally {
      signal?.removeEventListener('abort', cancel)
      // one that comes late would meet whatever the connection does next, for somebody else
      await cancelled
      signal?.throwIfAborted()
    }
  })
}

/** Ends the statement that the transaction is waiting for; it then rolls back. */
async function cancelStatement(pool: Pool, client: PoolClient): Promise<void> {
  const { processID } = client as PoolClient & { processID?: number }
  await pool.query('select pg_cancel_backend($1)', [processID]).catch(() => {})
}
