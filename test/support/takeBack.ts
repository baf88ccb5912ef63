import type { ClientBase } from 'pg'
import { undoInTransaction } from '../../src/steps/undo'

/** Undoes merges inside a transaction that takes patrons, as the product does; gives those that were undone. */
export async function takeBack(client: ClientBase, merges: readonly number[]): Promise<number[]> {
  const { undone, refused } = await undoInTransaction(client, merges, { by: 'test', reason: null })
  if (refused.length > 0) throw new Error(`refused: ${JSON.stringify(refused)}`)
  return undone
}
