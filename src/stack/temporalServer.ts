import path from 'node:path'
import { Children } from './children'
import { LOOPBACK, startOnPorts, USUAL_PORTS } from './ports'
import { findTemporalCli } from './temporalCli'

/** Its file is opened and brought to the version at the first start; that takes longest. */
const READY_TIMEOUT_MS = 60_000
/** It takes some 3 s to stop. */
const STOP_GRACE_MS = 15_000
/** Made by the server itself; the one its UI opens first. */
export const NAMESPACE = 'default'

export interface TemporalServerOptions {
  /** Its file and its log go there. */
  dataDir: string
  /** False: no Web UI. */
  ui?: boolean
  /** False: it forgets everything when it stops. For tests. */
  durable?: boolean
  /** Default: the usual one if free, else a free one. `0`: a free one. */
  port?: number
  uiPort?: number
  children?: Children
  log?: (line: string) => void
}

export interface RunningTemporalServer {
  address: string
  namespace: string
  /** The address of the Web UI, or null without one. */
  ui: string | null
  pid: number
  stop(): Promise<void>
}

/** Starts the official CLI's server on the loopback address. Resolves when it can be spoken to. */
export async function startTemporalServer(options: TemporalServerOptions): Promise<RunningTemporalServer> {
  const { ui = true, durable = true, children = new Children(), log } = options
  const dataDir = path.resolve(options.dataDir)
  const command = findTemporalCli(log)
  const { child, ports } = await startOnPorts(
    { port: options.port ?? USUAL_PORTS.temporal, uiPort: options.uiPort ?? (ui ? USUAL_PORTS.temporalUi : 0) },
    ({ port, uiPort }) =>
      children.start({
        name: 'temporal',
        command,
        args: [
          'server',
          'start-dev',
          `--ip=${LOOPBACK}`,
          `--port=${port}`,
          '--log-level=error',
          ...(ui ? [`--ui-port=${uiPort}`, '--ui-disable-news-fetch'] : ['--headless']),
          ...(durable ? database(path.join(dataDir, 'temporal.db')) : []),
        ],
        // a home of its own: nobody's profile is merged in
        env: {
          PATH: process.env['PATH'],
          HOME: dataDir,
          ...(process.env['TZ'] === undefined ? {} : { TZ: process.env['TZ'] }),
        },
        logFile: path.join(dataDir, 'logs', 'temporal.log'),
        stopSignal: 'SIGTERM',
        graceMs: STOP_GRACE_MS,
      }),
    // its own words: to connect would not tell it from another that has the port
    (server) => server.waitForWords(/^(Temporal )?Server:/m, READY_TIMEOUT_MS),
  )
  children.expectToLast(child)
  return {
    address: `${LOOPBACK}:${ports.port}`,
    namespace: NAMESPACE,
    ui: ui ? `http://${LOOPBACK}:${ports.uiPort}` : null,
    pid: child.pid,
    stop: () => child.stop(),
  }
}

/** SQLite's rollback journal would cost a campaign up to a tenth. */
function database(file: string): string[] {
  return [`--db-filename=${file}`, '--sqlite-pragma=journal_mode=wal', '--sqlite-pragma=synchronous=1']
}
