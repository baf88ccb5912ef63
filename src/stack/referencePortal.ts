import path from 'node:path'
import { packageRoot } from '../packageRoot'
import { Children } from './children'
import { LOOPBACK, startOnPorts, USUAL_PORTS } from './ports'

const READY_TIMEOUT_MS = 30_000
const STOP_GRACE_MS = 3_000

export interface ReferencePortalOptions {
  /** Its log goes there. */
  dataDir: string
  databaseUrl: string
  /** What callers must show. */
  token: string
  /** Default: the usual one if free, else a free one. `0`: a free one. */
  port?: number
  children?: Children
}

export interface RunningReferencePortal {
  url: string
  token: string
  pid: number
  stop(): Promise<void>
}

/** Starts the reference portal in a process of its own. Resolves when it listens. */
export async function startReferencePortal(options: ReferencePortalOptions): Promise<RunningReferencePortal> {
  const { databaseUrl, token, children = new Children() } = options
  const dataDir = path.resolve(options.dataDir)
  const { child, ports } = await startOnPorts(
    { port: options.port ?? USUAL_PORTS.portal },
    ({ port }) =>
      children.start({
        name: 'portal',
        command: process.execPath,
        args: [path.join(packageRoot, 'dist', 'reference-portal', 'main.js')],
        env: {
          PATH: process.env['PATH'],
          HOST: LOOPBACK,
          PORT: String(port),
          DATABASE_URL: databaseUrl,
          PORTAL_TOKEN: token,
        },
        logFile: path.join(dataDir, 'logs', 'portal.log'),
        stopSignal: 'SIGTERM',
        graceMs: STOP_GRACE_MS,
      }),
    (portal) => portal.waitForWords(/^ready\b/m, READY_TIMEOUT_MS),
  )
  children.expectToLast(child)
  return { url: `http://${LOOPBACK}:${ports.port}`, token, pid: child.pid, stop: () => child.stop() }
}
