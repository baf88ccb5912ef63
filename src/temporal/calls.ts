import { randomUUID } from 'node:crypto'
import { WithStartWorkflowOperation, WorkflowExecutionAlreadyStartedError, type Client } from '@temporalio/client'
import type { NewMerge, UndoRequest } from '../domain/request'
import { open, type OpenAnswer } from '../workflows/messages'
import { queueName, undoWorkflowIdOf, workflowIdOf } from '../workflows/names'

/** How long a caller waits for a worker before it is told that none is running. */
export const NO_WORKER_AFTER_MS = 10_000
/** After this long it is looked whether a worker has begun, so that the caller can be told what is waited for. */
const LOOK_AFTER_MS = 2_000
/** The events of a history that no worker has touched: started, and the first workflow task scheduled. */
const UNTOUCHED_EVENTS = 2

/** A workflow to start: its input, sent with the update too, since whoever joins a running one starts nothing. */
interface Start {
  workflowType: 'mergePatrons' | 'undoMerge'
  workflowId: string
  asked: unknown
  /** What the UI's list shows before it has run a line. Ids only. */
  staticSummary: string
}

function merging(asked: NewMerge, workflowId = workflowIdOf(asked.keep, asked.remove)): Start {
  return { workflowType: 'mergePatrons', workflowId, asked, staticSummary: `Merge ${asked.remove} into ${asked.keep}` }
}

function undoing(asked: UndoRequest): Start {
  const workflowId = undoWorkflowIdOf(asked.merge)
  return { workflowType: 'undoMerge', workflowId, asked, staticSummary: `Undo merge ${asked.merge}` }
}

function optionsOf({ workflowId, asked, staticSummary }: Start) {
  const taskQueue = queueName('desk', process.env.TASK_QUEUE_PREFIX)
  return { workflowId, taskQueue, args: [asked] as [unknown], staticSummary }
}

/**
 * Starts a merge, or joins the running one of the same pair, and gives its id or the refusal as soon as both records are
 * taken. `onWait` is told when that takes long although a worker is at it: somebody else has one of the records.
 * `no-worker` after 10 s: the merge is started and runs when a worker comes.
 */
export async function startMerge(
  client: Client,
  asked: NewMerge,
  onWait: () => void,
): Promise<OpenAnswer | 'no-worker'> {
  const usual = merging(asked)
  const answer = await startAndAsk(client, usual, onWait)
  if (answer === 'no-worker' || (answer.keep === asked.keep && answer.remove === asked.remove)) return answer
  // ids are a convention: somebody runs another merge under this one
  return startAndAsk(client, merging(asked, `${usual.workflowId}/${randomUUID()}`), onWait)
}

/** Starts an undo, or joins the running one, and answers as soon as the records are apart again, or with the refusal. */
export async function startUndo(
  client: Client,
  asked: UndoRequest,
  onWait: () => void,
): Promise<OpenAnswer | 'no-worker'> {
  return startAndAsk(client, undoing(asked), onWait)
}

async function startAndAsk(client: Client, start: Start, onWait: () => void): Promise<OpenAnswer | 'no-worker'> {
  const began = Date.now()
  const updateId = randomUUID()
  let told = false
  for (;;) {
    const startWorkflowOperation = new WithStartWorkflowOperation(start.workflowType, {
      ...optionsOf(start),
      workflowIdConflictPolicy: 'USE_EXISTING',
    })
    try {
      return await client.connection.withDeadline(Date.now() + LOOK_AFTER_MS, () =>
        client.workflow.executeUpdateWithStart(open, { args: [start.asked], updateId, startWorkflowOperation }),
      )
    } catch (error) {
      if (!nobodyAnswered(error)) throw error
    }
    if (!(await hasBegun(client, start.workflowId))) {
      if (Date.now() - began >= NO_WORKER_AFTER_MS) return 'no-worker'
    } else if (!told) {
      told = true
      onWait()
    }
  }
}

/** Whether a worker has touched a workflow that was started. Rejects where it is not there. */
export async function hasBegun(client: Client, workflowId: string): Promise<boolean> {
  const { historyLength } = await client.workflow.getHandle(workflowId).describe()
  return historyLength > UNTOUCHED_EVENTS
}

/** Only starts a merge. `running-already` where the pair's workflow is running: nothing was started. */
export async function startMergeOnly(client: Client, asked: NewMerge): Promise<'started' | 'running-already'> {
  return startOnly(client, merging(asked))
}

/** Only starts an undo. */
export async function startUndoOnly(client: Client, asked: UndoRequest): Promise<'started' | 'running-already'> {
  return startOnly(client, undoing(asked))
}

async function startOnly(client: Client, start: Start): Promise<'started' | 'running-already'> {
  try {
    await client.workflow.start(start.workflowType, { ...optionsOf(start), workflowIdConflictPolicy: 'FAIL' })
    return 'started'
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'running-already'
    throw error
  }
}

/** Whether nobody answered a call: its deadline passed, or no worker has done the workflow's task in several tries. */
export function nobodyAnswered(error: unknown): boolean {
  const seen = error as { name?: string; message?: string; cause?: { code?: number; message?: string }; code?: number }
  const DEADLINE_EXCEEDED = 4
  const CANCELLED = 1
  const codes = [seen?.code, seen?.cause?.code]
  return (
    seen?.name === 'WorkflowUpdateRPCTimeoutOrCancelledError' ||
    codes.some((code) => code === DEADLINE_EXCEEDED || code === CANCELLED) ||
    /Workflow Task in failed state/i.test(`${seen?.message} ${seen?.cause?.message}`)
  )
}
