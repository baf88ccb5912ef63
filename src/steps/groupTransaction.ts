import type { Client, PoolClient } from 'pg'
import { beginMerge, commit, type MergeTransactionOptions } from '../database/transaction'
import { tellTheFeed } from './retireRecord'
import { allOf } from './step'

export interface GroupOptions<Result> extends MergeTransactionOptions {
  /** Asked first in the same transaction: where it says no, nothing is done, and it rejects (unlessOver). */
  ifSo?: () => Promise<boolean>
  /**
   * What the caller writes in the same transaction, once it is known what becomes of the merges. It is sent at once: what
   * waited for an answer before would come after the commit.
   */
  also?: (result: Result) => Promise<unknown>
}

class Over extends Error {
  override readonly name = 'Over'
}

/** Undefined where a group's `ifSo` said no. */
export async function unlessOver<T>(group: () => Promise<T>): Promise<T | undefined> {
  try {
    return await group()
  } catch (error) {
    if (error instanceof Over) return undefined
    throw error
  }
}

/**
 * Does the work of a group in one transaction of its own, tells the feed last of all, and commits. Rejects with the first
 * error of `pg`, nothing done; which mean "again, in halves" says database/failures.ts. `client` is a connection of the
 * caller's, idle. What the work has `sent` need not have been answered when it gives its result.
 */
export async function inGroupTransaction<Result>(
  client: Client | PoolClient,
  work: (sent: Promise<unknown>[]) => Promise<Result>,
  toTell: (result: Result) => { merges: readonly number[]; event: 'merged' | 'undone' },
  { ifSo = async () => true, also = async () => {}, ...options }: GroupOptions<Result>,
): Promise<Result> {
  const sent: Promise<unknown>[] = []
  try {
    // not awaited: the connection sends it ahead of what follows, and its error is that of whatever follows
    const begun = beginMerge(client, options)
    const may = ifSo()
    const worked = work(sent)
    await allOf([begun, may, worked])
    if (!(await may)) throw new Over('it may no longer be done')
    const result = await worked
    const { merges, event } = toTell(result)
    const rest = [also(result)]
    if (merges.length > 0) rest.push(tellTheFeed(client, merges, event))
    await allOf([...sent, ...rest, commit(client)])
    return result
  } catch (error) {
    await Promise.allSettled([...sent, client.query('rollback')])
    throw error
  }
}
