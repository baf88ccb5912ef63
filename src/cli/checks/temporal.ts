import type { Client } from '@temporalio/client'
import { temporal } from '@temporalio/proto'
import { isOntdubbelError } from '../../domain/errors'
import { connectClient } from '../../temporal/connection'
import { isNotForUs, missingSearchAttributes } from '../../temporal/namespace'
import type { Unreachable } from '../../domain/networkFailures'
import { QUEUES, queueName, SEARCH_ATTRIBUTES, type QueueName } from '../../workflows/names'
import type { Places } from '../context'
import { CHECK_TIMEOUT_MS, saidBy, well, wrong, type Check } from './check'

/** As `up` sets it: people look at workflows that ended weeks ago. */
const RETENTION_DAYS = 30
const SECONDS_PER_DAY = 86_400
/** A worker asks for work at least once a minute; the server remembers those who asked for five. */
const POLLER_GONE_AFTER_SECONDS = 90
/** gRPC's code for what is not there. */
const NOT_FOUND = 5

const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = temporal.api.enums.v1.TaskQueueType
const { INDEXED_VALUE_TYPE_KEYWORD } = temporal.api.enums.v1.IndexedValueType

/** Checks the Temporal server as workers and commands see it. The client is left open, for the merges; null without one. */
export async function checkTemporal(places: Places): Promise<{ checks: Check[]; client: Client | null }> {
  let client: Client
  try {
    client = await connectClient(places.temporal())
  } catch (error) {
    return { checks: [notConnected(error)], client: null }
  }
  const look = (name: string, ask: () => Promise<Check>) =>
    client
      .withDeadline(Date.now() + CHECK_TIMEOUT_MS, ask)
      .catch((error: unknown) =>
        wrong(
          name,
          `The Temporal server could not be asked (${saidBy(error)}).`,
          'Look into its log; check what this client may do there.',
        ),
      )
  const [server, namespace] = await Promise.all([
    look('temporal', () => checkServer(client)),
    look('temporal-namespace', () => checkNamespace(client)),
  ])
  if (!namespace.ok) {
    await client.connection.close()
    return { checks: [server, namespace], client: null }
  }
  const rest = await Promise.all([
    look('search-attributes', () => checkSearchAttributes(client)),
    ...QUEUES.map((queue) => look(`worker-${queue}`, () => checkQueue(client, queue))),
  ])
  return { checks: [server, namespace, ...rest], client }
}

/** Settings that make no sense and a missing stack say themselves what to do. */
function notConnected(error: unknown): Check {
  if (!isOntdubbelError(error) || error.code !== 'temporal-unreachable') return wrong('temporal', saidBy(error), null)
  const { message, remedy } = error.details as unknown as Unreachable
  return wrong('temporal', message, remedy)
}

async function checkServer(client: Client): Promise<Check> {
  const { serverVersion } = await client.workflowService.getSystemInfo({})
  return well('temporal', `Temporal ${serverVersion || 'server'}`)
}

async function checkNamespace(client: Client): Promise<Check> {
  const { namespace } = client.options
  try {
    const { config } = await client.workflowService.describeNamespace({ namespace })
    const days = Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) / SECONDS_PER_DAY
    const advice = `temporal operator namespace update --namespace ${namespace} --retention ${RETENTION_DAYS * 24}h`
    return well(
      'temporal-namespace',
      `${namespace} keeps ended workflows ${days} days.`,
      days < RETENTION_DAYS ? advice : null,
    )
  } catch (error) {
    if ((error as { code?: number }).code !== NOT_FOUND) throw error
    return wrong(
      'temporal-namespace',
      `There is no namespace ${namespace}.`,
      `Check TEMPORAL_NAMESPACE, or: temporal operator namespace create --namespace ${namespace} --retention ${RETENTION_DAYS * 24}h`,
    )
  }
}

/** A workflow that sets an attribute which is not registered hangs. */
async function checkSearchAttributes(client: Client): Promise<Check> {
  const { namespace } = client.options
  let customAttributes: Record<string, temporal.api.enums.v1.IndexedValueType> = {}
  let missing: string[]
  try {
    const listed = await client.connection.operatorService.listSearchAttributes({ namespace })
    customAttributes = listed.customAttributes as typeof customAttributes
    missing = SEARCH_ATTRIBUTES.filter(({ name }) => customAttributes[name] === undefined).map(({ name }) => name)
  } catch (error) {
    if (!isNotForUs(error)) throw error
    missing = await missingSearchAttributes(client.connection, namespace)
    if (missing.length > 0) return notRegistered(missing, "Add them in the namespace's settings, type Keyword.")
  }
  const otherType = SEARCH_ATTRIBUTES.filter(
    ({ name }) => ![undefined, INDEXED_VALUE_TYPE_KEYWORD].includes(customAttributes[name]),
  ).map(({ name }) => name)
  if (otherType.length > 0) {
    return wrong(
      'search-attributes',
      `Not of type Keyword: ${otherType.join(', ')}.`,
      'Remove them ("temporal operator search-attribute remove"), then start a worker, which registers them.',
    )
  }
  if (missing.length > 0) {
    return notRegistered(
      missing,
      `Start a worker, which registers them, or: temporal operator search-attribute create --namespace ${namespace} ${missing.map((name) => `--name ${name} --type Keyword`).join(' ')}`,
    )
  }
  return well('search-attributes', `${SEARCH_ATTRIBUTES.length} are registered.`)
}

function notRegistered(missing: readonly string[], remedy: string): Check {
  return wrong('search-attributes', `Not registered, so that merges would hang: ${missing.join(', ')}.`, remedy)
}

async function checkQueue(client: Client, queue: QueueName): Promise<Check> {
  const name = queueName(queue, process.env.TASK_QUEUE_PREFIX)
  const needed = queue === 'portal' ? [TASK_QUEUE_TYPE_ACTIVITY] : [TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY]
  const workers = await Promise.all(needed.map((taskQueueType) => pollersOf(client, name, taskQueueType)))
  const least = Math.min(...workers)
  if (least === 0)
    return wrong(
      `worker-${queue}`,
      `No worker serves the task queue ${name}.`,
      `ontdubbel worker --queue ${queue}   (or "ontdubbel up", which starts one for all queues)`,
    )
  return well(
    `worker-${queue}`,
    `${least} ${least === 1 ? 'worker' : 'workers'} asked for work at the task queue ${name} in the last ${POLLER_GONE_AFTER_SECONDS} s.`,
  )
}

async function pollersOf(
  client: Client,
  name: string,
  taskQueueType: temporal.api.enums.v1.TaskQueueType,
): Promise<number> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name },
    taskQueueType,
  })
  const since = Date.now() / 1000 - POLLER_GONE_AFTER_SECONDS
  const alive = (pollers ?? []).filter(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) >= since)
  return new Set(alive.map(({ identity }) => identity)).size
}
