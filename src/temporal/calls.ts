import { WithStartWorkflowOperation, WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client'
import type { MergeRequest } from '../domain/request'
import { open, type OpenAnswer } from '../workflows/messages'
import { queueName, workflowIdOf } from '../workflows/names'

type NewMerge = Exclude<MergeRequest, { merge: number }>

/** How long a caller waits for a worker before it is told that none is running. */
const NO_WORKER_AFTER_MS = 10_000

/** What a started workflow shows in the UI's list before it has run a line. Ids only. */
function start(asked: NewMerge) {
  return {
    workflowId: workflowIdOf(asked.keep, asked.remove),
    taskQueue: queueName('desk', process.env.TASK_QUEUE_PREFIX),
    args: [asked] as [unknown],
    staticSummary: `Merge ${asked.remove} into ${asked.keep}`,
  }
}

/**
 * Starts a merge, or joins the running one of the same pair, and gives its id or the refusal as soon as both records are
 * taken. `no-worker` after 10 s: the merge is started and runs when a worker comes.
 */
export async function startMerge(client: Client, asked: NewMerge): Promise<OpenAnswer | 'no-worker'> {
  const startOperation = new WithStartWorkflowOperation('mergePatrons', {
    ...start(asked),
    workflowIdConflictPolicy: 'USE_EXISTING',
  })
  try {
    return await client.connection.withDeadline(Date.now() + NO_WORKER_AFTER_MS, () =>
      client.workflow.executeUpdateWithStart(open, { args: [asked], startWorkflowOperation: startOperation }),
    )
  } catch (error) {
    if (deadlinePassed(error)) return 'no-worker'
    throw error
  }
}

/** Only starts a merge. `running-already` where the pair's workflow is running: nothing was started. */
export async function startMergeOnly(client: Client, asked: NewMerge): Promise<'started' | 'running-already'> {
  try {
    await client.workflow.start('mergePatrons', { ...start(asked), workflowIdConflictPolicy: 'FAIL' })
    return 'started'
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'running-already'
    throw error
  }
}

function deadlinePassed(error: unknown): boolean {
  const seen = error as { name?: string; message?: string; cause?: { code?: number; message?: string }; code?: number }
  const DEADLINE_EXCEEDED = 4
  const CANCELLED = 1
  return (
    seen?.name === 'WorkflowUpdateRPCTimeoutOrCancelledError' ||
    [seen?.code, seen?.cause?.code].some((code) => code === DEADLINE_EXCEEDED || code === CANCELLED)
  )
}
