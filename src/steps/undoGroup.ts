import type { Client, PoolClient } from 'pg'
import { run, statement } from '../database/statement'
import { inGroupTransaction, type GroupOptions } from './groupTransaction'
import { undoInTransaction, type UndoneBy, type UndoResult } from './undo'

/** What became of a group's merges; those in no list are taken by somebody at the moment: come again. */
export interface UndoGroupResult extends UndoResult {
  /** Not retired (any more): somebody else undoes them, or has. */
  others: { id: number; status: string }[]
}

const untouched = statement<{ id: number; status: string }>(
  'undo.untouched',
  `select id, merge_status(status, attention, portal) as status from merge where id = any($1) and status <> 'retired'`,
)

/**
 * Undoes a group of merges whose records are not being set apart by a workflow of their own, in one transaction of its own,
 * and commits it (inGroupTransaction): of two of them none shares a patron. `client` is a connection of the caller's, idle.
 */
export async function undoGroup(
  client: Client | PoolClient,
  merges: readonly number[],
  who: UndoneBy,
  options: GroupOptions<UndoGroupResult> = {},
): Promise<UndoGroupResult> {
  return inGroupTransaction(
    client,
    async () => {
      const result = await undoInTransaction(client, merges, who, ['retired'])
      const known = new Set([...result.undone, ...result.refused.map(({ id }) => id)])
      const rest = merges.filter((merge) => !known.has(merge))
      return { ...result, others: rest.length === 0 ? [] : await run(client, untouched, [rest]) }
    },
    ({ undone }) => ({ merges: undone, event: 'undone' }),
    options,
  )
}
