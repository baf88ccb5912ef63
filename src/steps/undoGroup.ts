import type { Client, PoolClient } from 'pg'
import { beginMerge, commit, NotCommitted, type MergeTransactionOptions } from '../database/transaction'
import { tellTheFeed } from './retireRecord'
import { allOf } from './step'
import { undoInTransaction, type UndoneBy, type UndoResult } from './undo'

export interface UndoGroupOptions extends MergeTransactionOptions {
  /** Asked first in the same transaction: where it says no, nothing is done. */
  ifSo?: () => Promise<boolean>
  /** What the caller writes in the same transaction, once it is known what becomes of the merges. */
  also?: (result: UndoResult) => Promise<unknown>
}

/**
 * Undoes a group of merges whose records are not being set apart by a workflow of their own, in one transaction of its own,
 * and commits it: of two of them none shares a patron. Rejects with the first error of `pg`, nothing done; which mean "again,
 * in halves" says database/failures.ts. `client` is a connection of the caller's, idle.
 */
export async function undoGroup(
  client: Client | PoolClient,
  merges: readonly number[],
  who: UndoneBy,
  { ifSo = async () => true, also = async () => {}, ...options }: UndoGroupOptions = {},
): Promise<UndoResult> {
  try {
    // not awaited: the connection sends it ahead of what follows, and its error is that of whatever follows
    const begun = beginMerge(client, options)
    const may = ifSo()
    const worked = undoInTransaction(client, merges, who, ['retired'])
    await allOf([begun, may, worked])
    if (!(await may)) throw new NotCommitted('it may no longer be done')
    const result = await worked
    // whatever it has to ask and to write is sent before the feed's line, which others wait for, and the commit
    await also(result)
    const told = result.undone.length > 0 ? [tellTheFeed(client, result.undone, 'undone')] : []
    await allOf([...told, commit(client)])
    return result
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}
