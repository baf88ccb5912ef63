import { existsSync } from 'node:fs'
import path from 'node:path'
import { Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker'
import { createActivities, type ActivityDependencies } from '../activities'
import { FailuresOfOurs } from '../activities/failures'
import { OntdubbelError } from '../domain/errors'
import { packageRoot } from '../packageRoot'
import { queueName, type QueueName } from '../workflows/names'

/** What is under way when a worker is asked to stop gets this long, then is cancelled (and retried by another worker). */
const SHUTDOWN_GRACE_MS = 20_000
const SHUTDOWN_FORCE_MS = 30_000
/** A killed worker's workflows are taken over by another one after this, not after the default of 10 s. */
const STICKY_TIMEOUT_MS = 2_000
/** Single merges: each has up to 11 steps side by side, some ms each; more at once than the pool has connections is no use. */
const DESK_ACTIVITIES = 20
/** The portal client has its own limits; more activities at once would only queue there. */
const PORTAL_ACTIVITIES = 20

/** On two cores a third batch at once gains nothing (design §4). */
const CAMPAIGN_SLOTS = 2

/** The workflows' code, bundled once at set-up. */
export const WORKFLOW_BUNDLE = path.join(packageRoot, 'dist', 'workflow-bundle.js')

export interface WorkerSetUp extends ActivityDependencies {
  connection: NativeConnection
  namespace: string
  /** What the task queues' names begin with. */
  queuePrefix?: string | undefined
  /** Batches of campaigns at work at once; as many connections has `pools.batches`. */
  campaignSlots?: number | undefined
}

/** One worker for one task queue. */
export async function createWorker(queue: QueueName, setUp: WorkerSetUp): Promise<Worker> {
  if (!existsSync(WORKFLOW_BUNDLE))
    throw new OntdubbelError('not-built', 'The workflows are not bundled. Run: npm run setup')
  const common: WorkerOptions = {
    connection: setUp.connection,
    namespace: setUp.namespace,
    taskQueue: queueName(queue, setUp.queuePrefix),
    activities: createActivities(setUp),
    interceptors: { activity: [() => ({ inbound: new FailuresOfOurs() })] },
    shutdownGraceTime: SHUTDOWN_GRACE_MS,
    shutdownForceTime: SHUTDOWN_FORCE_MS,
  }
  if (queue === 'portal') return Worker.create({ ...common, maxConcurrentActivityTaskExecutions: PORTAL_ACTIVITIES })
  return Worker.create({
    ...common,
    workflowBundle: { codePath: WORKFLOW_BUNDLE },
    stickyQueueScheduleToStartTimeout: STICKY_TIMEOUT_MS,
    maxConcurrentActivityTaskExecutions: queue === 'desk' ? DESK_ACTIVITIES : (setUp.campaignSlots ?? CAMPAIGN_SLOTS),
  })
}
