import type { Client } from '@temporalio/client'
import type { Client as DatabaseClient } from 'pg'
import { undoManyUnderWay, type UndoManyUnderWay } from '../../campaigns/undoReport'
import { sqlState } from '../../database/failures'
import { hasWorkflow } from '../../temporal/operate'
import { CHECK_TIMEOUT_MS, saidBy, well, wrong, type Check } from './check'

/** Finds undos of many that nobody goes on with: their workflow was terminated, has failed, or Temporal no longer knows it. */
export async function checkUndosOfMany(database: DatabaseClient, client: Client): Promise<Check[]> {
  try {
    const asked = await undoManyUnderWay(database, { begun: true })
    const suspects = await client.withDeadline(Date.now() + CHECK_TIMEOUT_MS, () => lostOf(client, asked))
    // what ended between the two questions is not lost
    const still = new Set((await undoManyUnderWay(database, { begun: true })).map(({ id }) => id))
    const lost = suspects.filter(({ id }) => still.has(id))
    if (lost.length > 0) return lost.map(told)
    return [
      well(
        'undos-of-many',
        asked.length === 0 ? 'None is under way.' : `${asked.length} under way, each with its workflow.`,
      ),
    ]
  } catch (error) {
    // told by the checks of migrations and rights already
    if (['42P01', '42501'].includes(sqlState(error) ?? '')) return []
    return [wrong('undos-of-many', `Not all could be looked at (${saidBy(error)}).`, 'Run doctor again.')]
  }
}

/** Those whose workflow is gone. */
export async function lostOf(client: Client, undos: readonly UndoManyUnderWay[]): Promise<UndoManyUnderWay[]> {
  const alive = await Promise.all(undos.map((undo) => hasWorkflow(client, undo)))
  return undos.filter((_, n) => !alive[n])
}

function told({ id, campaign }: UndoManyUnderWay): Check {
  const what = campaign === null ? `Undo of many ${id}` : `The undo of campaign ${campaign}`
  const remedy = campaign === null ? 'ontdubbel merge resume --orphaned' : `ontdubbel campaign undo ${campaign}`
  return wrong('undos-of-many', `${what} stands still: its workflow is gone.`, remedy)
}
