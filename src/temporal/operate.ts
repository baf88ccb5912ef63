import { randomUUID } from 'node:crypto'
import {
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type Client,
  type WorkflowUpdateHandle,
} from '@temporalio/client'
import type { MergeStatus } from '../domain/codes'
import { OntdubbelError } from '../domain/errors'
import { ERRORS } from '../domain/sentences'
import { abandon, resume, retryPortal, skipPortal, type Asking } from '../workflows/messages'
import { queueName, undoWorkflowIdOf, workflowIdOf } from '../workflows/names'
import { nobodyAnswered, NO_WORKER_AFTER_MS } from './calls'

/** The updates that people send to a merge, by the names of the command line. */
const UPDATES = { 'retry-portal': retryPortal, 'skip-portal': skipPortal, resume, abandon }
export type Operation = keyof typeof UPDATES

/** The workflow that is at something, as the database has it; null where there never was one. */
export interface WithWorkflow {
  workflowId: string | null
  firstRunId: string | null
}

/** A merge and the workflow that is at it (`undo`: that undoes it). */
export interface OperatedMerge extends WithWorkflow {
  id: number
  kept: number
  removed: number
  undo: boolean
}

/**
 * What became of it. `refused`: the workflow does not take it in its state, with its sentence. `no-worker`: no worker
 * answered; the server may still give one that comes what was asked. Where the merge was `takenUp`, a workflow that goes on with
 * it is started and runs when one comes.
 */
export type Operated =
  | { is: 'done'; status: MergeStatus | undefined }
  | { is: 'refused'; code: string; message: string }
  | { is: 'no-worker'; takenUp: boolean }

/**
 * Asks something of a merge: of its workflow, or, where that is gone (terminated, past its retention, a campaign's merge),
 * of a new one that takes the merge up again. Waits for the answer as long as the work takes, for a worker 10 s. `alive` is
 * what hasWorkflow said.
 */
export async function operate(
  client: Client,
  merge: OperatedMerge,
  operation: Operation,
  who: { by: string; reason?: string | undefined },
  alive: boolean,
): Promise<Operated> {
  const asking = { by: who.by, ...(who.reason !== undefined && { reason: who.reason }) }
  try {
    if (alive) {
      const handle = client.workflow.getHandle(merge.workflowId ?? '')
      return await answered(client, () => handle.startUpdate(UPDATES[operation] as typeof retryPortal, update(asking)))
    }
  } catch (error) {
    if (nobodyAnswered(error)) return { is: 'no-worker', takenUp: false }
    // it ended between the two questions: what is left to do, a new workflow does
    if (!(error instanceof WorkflowNotFoundError)) return refusalOf(error)
  }
  try {
    return await takeUp(client, merge, operation, asking)
  } catch (error) {
    if (nobodyAnswered(error)) return { is: 'no-worker', takenUp: true }
    return refusalOf(error)
  }
}

/** Whether a workflow is running. By id alone: a Reset gives it another run, whose first run stays the same. */
export async function hasWorkflow(client: Client, { workflowId, firstRunId }: WithWorkflow): Promise<boolean> {
  if (workflowId === null) return false
  try {
    const { status, raw } = await client.workflow.getHandle(workflowId).describe()
    const first = raw.workflowExecutionInfo?.firstRunId
    return status.name === 'RUNNING' && (!first || firstRunId === null || first === firstRunId)
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false
    throw error
  }
}

const ASKED_AT_ONCE = 10

/** Those whose workflow is not running. */
export async function withoutWorkflow<T extends WithWorkflow>(client: Client, all: readonly T[]): Promise<T[]> {
  const lost = new Set<T>()
  const left = all.values()
  const one = async () => {
    for (const each of left) if (!(await hasWorkflow(client, each))) lost.add(each)
  }
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, one))
  return all.filter((each) => lost.has(each))
}

function update(asking: Asking) {
  return { args: [asking] as [Asking], updateId: randomUUID(), waitForStage: 'ACCEPTED' as const }
}

/** A worker must take it within 10 s; its work may last. */
async function answered(
  client: Client,
  ask: () => Promise<WorkflowUpdateHandle<MergeStatus | undefined>>,
): Promise<Operated> {
  const accepted = await client.connection.withDeadline(Date.now() + NO_WORKER_AFTER_MS, ask)
  return { is: 'done', status: await accepted.result() }
}

async function takeUp(
  client: Client,
  { id, kept, removed, undo }: OperatedMerge,
  operation: Operation,
  asking: Asking,
): Promise<Operated> {
  const usual = undo ? undoWorkflowIdOf(id) : workflowIdOf(kept, removed)
  // under the usual id somebody may run another merge: that one is left alone
  for (const workflowId of [usual, `${usual}/${randomUUID()}`]) {
    const startWorkflowOperation = new WithStartWorkflowOperation(undo ? 'undoMerge' : 'mergePatrons', {
      workflowId,
      workflowIdConflictPolicy: 'FAIL',
      taskQueue: queueName('desk', process.env.TASK_QUEUE_PREFIX),
      args: [{ merge: id }] as [unknown],
      staticSummary: `${undo ? `Undo of merge ${id}` : `Merge ${removed} into ${kept}`}, taken up again`,
    })
    try {
      return await answered(client, () =>
        client.workflow.startUpdateWithStart(UPDATES[operation] as typeof retryPortal, {
          ...update(asking),
          startWorkflowOperation,
        }),
      )
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
    }
  }
  throw new OntdubbelError('unforeseen', ERRORS.notTakenUp, 1, { merge: id })
}

function refusalOf(error: unknown): Operated {
  if (!(error instanceof WorkflowUpdateFailedError)) throw error
  const { type, message } = error.cause as { type?: string; message?: string }
  return { is: 'refused', code: type ?? 'unforeseen', message: message ?? 'It was refused.' }
}
