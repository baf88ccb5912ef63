import type { Client, PoolClient } from 'pg'
import { inGroupTransaction, type GroupOptions } from './groupTransaction'
import { undoInTransaction, type UndoneBy, type UndoResult } from './undo'

/**
 * Undoes a group of merges whose records are not being set apart by a workflow of their own, in one transaction of its own,
 * and commits it (inGroupTransaction): of two of them none shares a patron. `client` is a connection of the caller's, idle.
 */
export async function undoGroup(
  client: Client | PoolClient,
  merges: readonly number[],
  who: UndoneBy,
  options: GroupOptions<UndoResult> = {},
): Promise<UndoResult> {
  return inGroupTransaction(
    client,
    () => undoInTransaction(client, merges, who, ['retired']),
    ({ undone }) => ({ merges: undone, event: 'undone' }),
    options,
  )
}
