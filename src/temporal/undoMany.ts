import { randomUUID } from 'node:crypto'
import { WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client'
import { queueName, undoManyWorkflowIdOf } from '../workflows/names'

/** An undo of many that is in the database; `workflowId` is what that has of it. */
export interface StoredUndoMany {
  id: number
  campaign: number | null
  workflowId: string | null
}

function optionsOf({ id, campaign }: StoredUndoMany, workflowId: string) {
  return {
    workflowId,
    taskQueue: queueName('campaign', process.env.TASK_QUEUE_PREFIX),
    args: [{ undo: id }] as [{ undo: number }],
    staticSummary: campaign === null ? `Undo of many ${id}` : `Undo of campaign ${campaign}`,
  }
}

/**
 * Starts a new undo of many; gives the id of its workflow. Under the usual one another database's may run (or that of a
 * database that was restored since): that one is left alone.
 */
export async function startUndoMany(client: Client, undo: StoredUndoMany): Promise<string> {
  const usual = undoManyWorkflowIdOf(undo)
  for (const workflowId of [usual, `${usual}/${randomUUID()}`]) {
    try {
      await client.workflow.start('undoMany', { ...optionsOf(undo, workflowId), workflowIdConflictPolicy: 'FAIL' })
      return workflowId
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
    }
  }
  throw new Error('two undos of many have one random id')
}

/** Goes on with an undo of many that was begun: joins its workflow, or, where that is gone, starts one. Gives its id. */
export async function goOnUndoMany(client: Client, undo: StoredUndoMany): Promise<string> {
  const workflowId = undo.workflowId ?? undoManyWorkflowIdOf(undo)
  await client.workflow.start('undoMany', { ...optionsOf(undo, workflowId), workflowIdConflictPolicy: 'USE_EXISTING' })
  return workflowId
}
