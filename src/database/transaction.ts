import type { ClientBase, Pool, PoolClient } from 'pg'
import { run, statement } from './statement'

/** How long a transaction that takes patrons may wait for one lock: a desk is never kept waiting by one that waits. */
const LOCK_TIMEOUT_MS = 50
/**
 * How long it may last: below the deadlock_timeout of a desk (1 s), after which the desk would look for circles and find
 * itself the victim.
 */
export const TRANSACTION_TIMEOUT_MS = 800
/** Where the role may set it, we look for circles first and are the victim. */
const OUR_DEADLOCK_TIMEOUT_MS = 5
/** A worker that is frozen between two statements holds its locks no longer than this. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 5_000

export interface MergeTransactionOptions {
  /** Rolls back at the end: a preview. */
  rollBack?: boolean
  /** False for a patron so large that 800 ms are not enough (met 25P04 before, alone). */
  limited?: boolean
}

const settings = statement(
  'transaction.settings',
  `select set_config(name, value, true) from (values ('ontdubbel.step', 'on'), ('lock_timeout', '${LOCK_TIMEOUT_MS}'),
     ('transaction_timeout', $1), ('idle_in_transaction_session_timeout', '${IDLE_IN_TRANSACTION_TIMEOUT_MS}'),
     ('deadlock_timeout', '${OUR_DEADLOCK_TIMEOUT_MS}'),
     -- one group's plan is good for any other, and a step of one merge takes as long to plan as to run. Left to itself the
     -- server plans small groups anew each time, taking that for cheaper: half of the database's time went into planning
     ('plan_cache_mode', 'force_generic_plan')) s (name, value)
   where name <> 'deadlock_timeout' or has_parameter_privilege(name, 'set')`,
)

/** Begins a transaction that takes patrons, with what each of these sets for itself. */
export async function beginMerge(client: ClientBase, options: MergeTransactionOptions = {}): Promise<void> {
  const limit = options.limited === false ? 0 : TRANSACTION_TIMEOUT_MS
  await Promise.all([client.query('begin'), run(client, settings, [String(limit)])])
}

/** The commit did not take: a statement before it failed and PostgreSQL rolled back in silence. */
export class NotCommitted extends Error {
  override readonly name = 'NotCommitted'
}

/** Commits, and is sure of it: after a failed statement `commit` succeeds with the tag ROLLBACK. */
export async function commit(client: ClientBase): Promise<void> {
  const answer = await client.query('commit')
  if (answer.command !== 'COMMIT') throw new NotCommitted('the transaction was rolled back')
}

/**
 * Runs `work` in one transaction that takes patrons (design §3: no desk ever loses). Commits, or rolls back when told to
 * or when anything fails. Errors are those of `pg`; which mean "again" says failures.ts.
 */
export async function inMergeTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  options: MergeTransactionOptions = {},
): Promise<T> {
  return inTransaction(pool, (client) => beginMerge(client, options), work, options.rollBack ?? false)
}

/**
 * Runs `work` in one ordinary transaction at READ COMMITTED; `rollBack`: to see what it would do. What takes long between two
 * statements lifts its limit first.
 */
export async function inPlainTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  { rollBack = false }: { rollBack?: boolean } = {},
): Promise<T> {
  const begin = `begin; set local idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_TIMEOUT_MS}`
  return inTransaction(pool, (client) => client.query(begin), work, rollBack)
}

async function inTransaction<T>(
  pool: Pool,
  begin: (client: PoolClient) => Promise<unknown>,
  work: (client: PoolClient) => Promise<T>,
  rollBack: boolean,
): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await begin(client)
    const result = await work(client)
    if (rollBack) await client.query('rollback')
    else await commit(client)
    return result
  } catch (error) {
    broken = error instanceof Error ? error : new Error(String(error))
    // a connection that can no longer roll back is thrown away; the server rolls back when it notices
    await client.query('rollback').then(
      () => (broken = undefined),
      () => {},
    )
    throw error
  } finally {
    client.release(broken)
  }
}
