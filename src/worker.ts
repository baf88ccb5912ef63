import { parseArgs } from 'node:util'
import { createPool } from './database/pool'
import { refuseNewerMajor } from './database/schemaVersion'
import { whyUnreachable } from './database/whyUnreachable'
import { isOntdubbelError, OntdubbelError } from './domain/errors'
import { createPortalClient } from './portal/client'
import { readWorkerSettings } from './settings'
import { connectWorker } from './temporal/workerConnection'
import { ensureSearchAttributes } from './temporal/namespace'
import { createLog, installRuntime } from './temporal/runtime'
import { createWorker } from './temporal/worker'
import { QUEUES, type QueueName } from './workflows/names'

/** Planning, steering and counting campaigns, and their portal part: small statements. */
const STEERING_CONNECTIONS = 6

/** Wires a worker process and nothing else. `--queue desk|campaign|portal` serves one queue; default: all, on one connection. */
async function main(): Promise<void> {
  const log = createLog('worker')
  installRuntime(log)
  const settings = readWorkerSettings(process.env)
  const connections = (max: number, applicationName: string) =>
    createPool(settings.DATABASE_URL, { max, pipeline: true, applicationName })
  const pool = connections(settings.DATABASE_CONNECTIONS, 'ontdubbel worker')
  const pools = {
    batches: connections(settings.CAMPAIGN_SLOTS, 'ontdubbel campaign'),
    steering: connections(STEERING_CONNECTIONS, 'ontdubbel campaign steering'),
  }
  await refuseNewerMajor(pool)
  const portal = createPortalClient({
    url: settings.PORTAL_URL,
    token: settings.PORTAL_TOKEN,
    ...(settings.PORTAL_CALLS_AT_ONCE !== undefined && { callsAtOnce: settings.PORTAL_CALLS_AT_ONCE }),
    ...(settings.PORTAL_CALLS_PER_SECOND !== undefined && { callsPerSecond: settings.PORTAL_CALLS_PER_SECOND }),
    ...(settings.PORTAL_TIMEOUT_MS !== undefined && { timeoutMs: settings.PORTAL_TIMEOUT_MS }),
  })
  const { connection, namespace } = await connectWorker()
  await ensureSearchAttributes(connection, namespace)

  const { TASK_QUEUE_PREFIX: queuePrefix, CAMPAIGN_SLOTS: campaignSlots } = settings
  const setUp = { pool, pools, portal, connection, namespace, queuePrefix, campaignSlots }
  const workers = await Promise.all(queuesAsked().map((queue) => createWorker(queue, setUp)))
  const stop = () => workers.forEach((worker) => worker.getState() === 'RUNNING' && worker.shutdown())
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)

  const running = Promise.all(workers.map((worker) => worker.run()))
  process.stdout.write('ready\n')
  await running
  await Promise.all([
    portal.close(),
    ...[pool, pools.batches, pools.steering].map((each) => each.end()),
    connection.close(),
  ])
}

function queuesAsked(): QueueName[] {
  const { values } = parseArgs({ options: { queue: { type: 'string', multiple: true } } })
  const asked = values.queue ?? [...QUEUES]
  const wrong = asked.find((queue) => !(QUEUES as readonly string[]).includes(queue))
  if (wrong !== undefined)
    throw new OntdubbelError('bad-usage', `There is no queue ${wrong}: give ${QUEUES.join(' or ')}.`, 2)
  return asked as QueueName[]
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const unreachable = whyUnreachable(error)
    const said = error instanceof Error ? error.message : String(error)
    process.stderr.write(`${unreachable ? `${unreachable.message} ${unreachable.remedy}` : said}\n`)
    process.exit(isOntdubbelError(error) ? error.exitCode : 1)
  },
)
