import { Command } from 'commander'
import { QUEUES, type QueueName } from '../workflows/names'
import { oneOf } from './arguments'
import { stopWithParent } from './parent'
import { Places, withPlaces, type SharedOptions } from './context'

interface WorkerOptions extends SharedOptions {
  queue?: QueueName[]
}

/** `ontdubbel worker`: one more worker, in this process, until it is stopped. */
export function workerCommand(): Command {
  return withPlaces(new Command('worker'))
    .description('one more worker process, until it is stopped')
    .option(
      '--queue <name>',
      `serve only this task queue: ${QUEUES.join(', ')} (may be repeated); default: all`,
      oneOf(QUEUES),
    )
    .addHelpText(
      'after',
      `
Add as many as you want, on as many machines as you want: workers keep nothing. Prints "ready" when it polls.
On SIGTERM or Ctrl-C it takes no more work, gives what it has at hand 20 seconds to end, and ends; what has not ended then is
done again by another worker. Settings are environment variables: DATABASE_URL, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE,
TEMPORAL_API_KEY, TEMPORAL_TLS and its like, PORTAL_URL, PORTAL_TOKEN (where they are not set: the embedded stack's), DATABASE_CONNECTIONS, PORTAL_CALLS_AT_ONCE,
PORTAL_CALLS_PER_SECOND, PORTAL_TIMEOUT_MS, TASK_QUEUE_PREFIX, LOG_LEVEL, METRICS_ADDRESS.`,
    )
    .action(work)
}

async function work(options: WorkerOptions): Promise<never> {
  const places = new Places(options.dataDir)
  // the embedded stack's server is not spoken to with a key for another one
  if (places.temporal())
    for (const name of Object.keys(process.env)) if (name.startsWith('TEMPORAL_')) delete process.env[name]
  Object.assign(process.env, workerEnvironment(places))
  process.argv = [...process.argv.slice(0, 2), ...(options.queue ?? []).flatMap((queue) => ['--queue', queue])]
  // it wires itself, and ends the process when it has stopped
  stopWithParent(() => process.kill(process.pid, 'SIGTERM'))
  require('../worker')
  return new Promise<never>(() => {})
}

/** What a worker reads from the environment: where things are. What is set already is the same here. */
export function workerEnvironment(places: Places): Record<string, string> {
  const temporal = places.temporal()
  const portal = places.portal()
  return {
    DATABASE_URL: places.databaseUrl(),
    ...(temporal && { TEMPORAL_ADDRESS: temporal.address, TEMPORAL_NAMESPACE: temporal.namespace }),
    ...(portal && { PORTAL_URL: portal.url, PORTAL_TOKEN: portal.token }),
  }
}
