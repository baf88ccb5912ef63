import path from 'node:path'
import { packageRoot } from '../packageRoot'
import { Children } from './children'

const READY_TIMEOUT_MS = 60_000
/** The worker gives what it has at hand 20 s to end and stops by force after 30 s. */
const STOP_GRACE_MS = 35_000

export interface WorkerProcessOptions {
  /** Its log goes there. */
  dataDir: string
  /** Default `worker`. */
  name?: string
  /** The queues it serves, as `--queue` says them; none: all. */
  queues?: string[]
  databaseUrl: string
  temporal: { address: string; namespace: string }
  portal: { url: string; token: string }
  children?: Children
  /** Told when it ends without having been asked to. */
  onEnd: (how: string) => void
}

export interface RunningWorkerProcess {
  pid: number
  stop(): Promise<void>
}

/** Starts a worker in a process of its own. Resolves when it polls. */
export async function startWorkerProcess(options: WorkerProcessOptions): Promise<RunningWorkerProcess> {
  const { name = 'worker', queues = [], databaseUrl, temporal, portal, onEnd, children = new Children() } = options
  const dataDir = path.resolve(options.dataDir)
  const child = await children.start({
    name,
    command: process.execPath,
    args: [path.join(packageRoot, 'dist', 'src', 'worker.js'), ...queues.flatMap((queue) => ['--queue', queue])],
    env: {
      ...withoutConnections(process.env),
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      PORTAL_URL: portal.url,
      PORTAL_TOKEN: portal.token,
    },
    logFile: path.join(dataDir, 'logs', `${name}.log`),
    stopSignal: 'SIGTERM',
    graceMs: STOP_GRACE_MS,
  })
  try {
    await child.waitForWords(/^ready\b/m, READY_TIMEOUT_MS)
  } catch (error) {
    await child.stop()
    throw error
  }
  void child.ended.then((how) => {
    if (!child.asked) onEnd(how)
  })
  return { pid: child.pid, stop: () => child.stop() }
}

/** Settings pass through, addresses do not: a key for somebody's cloud is not for the embedded stack. */
function withoutConnections(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isConnection = (name: string) => /^(TEMPORAL_.*|PG[A-Z]+|DATABASE_OWNER_URL)$/.test(name)
  return Object.fromEntries(Object.entries(env).filter(([name]) => !isConnection(name)))
}
