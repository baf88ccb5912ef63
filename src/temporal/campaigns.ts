import { randomUUID } from 'node:crypto'
import {
  WithStartWorkflowOperation,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type Client,
} from '@temporalio/client'
import type { CampaignSettings, CampaignStatus } from '../domain/campaign'
import {
  cancelCampaign,
  moreWaits,
  pauseCampaign,
  resumeCampaign,
  retryCampaign,
  setCampaign,
} from '../workflows/messages'
import { backlogWorkflowIdOf, campaignWorkflowIdOf, queueName } from '../workflows/names'
import { nobodyAnswered, NO_WORKER_AFTER_MS } from './calls'

const UPDATES = {
  pause: pauseCampaign,
  resume: resumeCampaign,
  cancel: cancelCampaign,
  retry: retryCampaign,
  set: setCampaign,
}

/** What is asked of a campaign, and by whom. */
export type Steering = { by: string; reason?: string | undefined } & (
  | { name: 'pause' | 'resume' | 'cancel' | 'retry' }
  | { name: 'set'; settings: CampaignSettings }
)

/**
 * What became of it. `refused`: it makes no sense in the campaign's status. `no-worker`: nothing answered; the campaign's
 * workflow runs, or is started, and the server may still give a worker that comes what was asked.
 */
export type Steered =
  | { is: 'done'; status: CampaignStatus }
  | { is: 'refused'; code: string; message: string }
  | { is: 'no-worker' }

function optionsOf(campaign: number, workflowId: string) {
  return {
    workflowId,
    taskQueue: campaignQueue(),
    args: [{ campaign }] as [{ campaign: number }],
    staticSummary: `Campaign ${campaign}`,
  }
}

function campaignQueue(): string {
  return queueName('campaign', process.env.TASK_QUEUE_PREFIX)
}

/** Has the sweeper look after what waits for the portal of all campaigns; one that runs looks once more before it ends. */
export async function startBacklog(client: Client): Promise<void> {
  await client.workflow.signalWithStart('portalBacklog', {
    workflowId: backlogWorkflowIdOf(campaignQueue()),
    taskQueue: campaignQueue(),
    signal: moreWaits,
    staticSummary: 'Merges of many that wait for the portal',
  })
}

/** Whether the sweeper runs. */
export async function backlogRuns(client: Client): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(backlogWorkflowIdOf(campaignQueue())).describe()
    return status.name === 'RUNNING'
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false
    throw error
  }
}

/**
 * Starts a new campaign that is in the database; gives the id of its workflow. Under the usual one another database's campaign
 * may run (or that of a database that was restored since): that one is left alone.
 */
export async function startCampaign(client: Client, campaign: number): Promise<string> {
  const usual = campaignWorkflowIdOf(campaign)
  for (const workflowId of [usual, `${usual}/${randomUUID()}`]) {
    try {
      await client.workflow.start('runCampaign', {
        ...optionsOf(campaign, workflowId),
        workflowIdConflictPolicy: 'FAIL',
      })
      return workflowId
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
    }
  }
  throw new Error('two campaigns have one random id')
}

/**
 * Asks something of a campaign: of its workflow, or, where that is gone (terminated, ended), of a new one that takes the
 * campaign up again. `workflowId` is what the database has of it. Waits for the answer as long as it takes to be obeyed, for a worker 10 s.
 */
export async function steerCampaign(
  client: Client,
  { id, workflowId }: { id: number; workflowId: string | null },
  asked: Steering,
): Promise<Steered> {
  const asking = { by: asked.by, ...(asked.reason !== undefined && { reason: asked.reason }) }
  const startWorkflowOperation = new WithStartWorkflowOperation('runCampaign', {
    ...optionsOf(id, workflowId ?? campaignWorkflowIdOf(id)),
    workflowIdConflictPolicy: 'USE_EXISTING',
  })
  try {
    const accepted = await client.connection.withDeadline(Date.now() + NO_WORKER_AFTER_MS, () =>
      client.workflow.startUpdateWithStart(UPDATES[asked.name] as typeof pauseCampaign, {
        args: [asked.name === 'set' ? { ...asking, ...asked.settings } : asking],
        updateId: randomUUID(),
        waitForStage: 'ACCEPTED',
        startWorkflowOperation,
      }),
    )
    return { is: 'done', status: await accepted.result() }
  } catch (error) {
    if (nobodyAnswered(error)) return { is: 'no-worker' }
    if (!(error instanceof WorkflowUpdateFailedError)) throw error
    const { type, message } = error.cause as { type?: string; message?: string }
    return { is: 'refused', code: type ?? 'unforeseen', message: message ?? 'It was refused.' }
  }
}
