import type { Client } from '@temporalio/client'
import type { Client as DatabaseClient } from 'pg'
import { undoManyUnderWay, type UndoManyUnderWay } from '../../campaigns/undoReport'
import { wrong, type Check } from './check'
import { checkLost } from './lost'

/** Finds undos of many that nobody goes on with. */
export function checkUndosOfMany(database: DatabaseClient, client: Client): Promise<Check[]> {
  return checkLost<UndoManyUnderWay>(client, {
    check: 'undos-of-many',
    words: 'undos of many',
    ask: async (ids) => {
      const all = await undoManyUnderWay(database, { begun: true })
      return ids === null ? all : all.filter(({ id }) => ids.includes(id))
    },
    told,
  })
}

function told({ id, campaign }: UndoManyUnderWay): Check {
  const what = campaign === null ? `Undo of many ${id}` : `The undo of campaign ${campaign}`
  const remedy = campaign === null ? 'ontdubbel merge resume --orphaned' : `ontdubbel campaign undo ${campaign}`
  return wrong('undos-of-many', `${what} stands still: its workflow is gone.`, remedy)
}
