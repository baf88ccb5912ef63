import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { unprivilegedAccount, type Account } from './account'
import { Children } from './children'
import { initCluster, LIBRARY_DATABASE, PORTAL_DATABASE, prepareDatabases } from './cluster'
import { clusterOwner, clusterPath, placeCluster } from './clusterFolder'
import { isRoot, secretsOf } from './dataDir'
import { LOOPBACK, startOnPorts, USUAL_PORTS } from './ports'
import { postgresPrograms } from './postgresPrograms'
import { markOf, stopProcess } from './processes'

const MIB = 1024 * 1024
/** Fast shutdown writes a checkpoint, which takes its time on a slow disk. */
const STOP_GRACE_MS = 30_000
/** A recovery after a power cut replays up to max_wal_size. */
const READY_TIMEOUT_MS = 10 * 60_000
/** Of postmaster.pid, counted from 0. */
const STATUS_LINE = 7

export interface PostgresOptions {
  /** A data folder of ours, or an empty one (`temporaryDataDir`). */
  dataDir: string
  /** Default: the usual one if free, else a free one. `0`: a free one. */
  port?: number
  /** False turns fsync off: a crash of the machine may destroy the data. For tests. */
  durable?: boolean
  children?: Children
  /** What is worth a line to a person. */
  log?: (line: string) => void
}

export interface RunningPostgres {
  port: number
  pid: number
  superuserUrl(database?: string): string
  /** As `ontdubbel_owner`, who owns the database `ontdubbel`. */
  ownerUrl(database?: string): string
  /** As `ontdubbel_worker`, whose rights the migrations grant. */
  workerUrl(database?: string): string
  /** As `reference_portal`, who owns the database `portal`. */
  portalUrl(database?: string): string
  stop(): Promise<void>
}

/**
 * Starts PostgreSQL on the cluster of `dataDir`, which it makes at the first start, with roles, databases and
 * extensions. Listens on the loopback address only, with passwords. Resolves when it accepts connections.
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { durable = true, children = new Children(), log = () => {} } = options
  const dataDir = path.resolve(options.dataDir)
  const secrets = secretsOf(dataDir)
  const account = isRoot() ? (notRoot(clusterOwner(dataDir)) ?? unprivilegedAccount()) : undefined
  const programs = postgresPrograms(account)
  const folder = placeCluster(dataDir, account)
  if (folder !== clusterPath(dataDir)) {
    log(`the database lies in ${folder}, since the user that runs PostgreSQL for root cannot come to ${dataDir}`)
  }
  const logFile = path.join(dataDir, 'logs', 'postgres.log')
  mkdirSync(path.dirname(logFile), { recursive: true })
  await initCluster({ folder, programs, account, superuserPassword: secrets.superuser, children, logFile, durable })

  const { child, ports } = await startOnPorts(
    { port: options.port ?? USUAL_PORTS.postgres },
    ({ port }) =>
      children.start({
        name: 'postgres',
        command: programs.postgres,
        args: ['-D', folder, ...settings(port, durable).flatMap((setting) => ['-c', setting])],
        env: { PATH: process.env['PATH'], LC_ALL: 'C' },
        account,
        logFile,
        stopSignal: 'SIGINT',
        graceMs: STOP_GRACE_MS,
      }),
    (postgres) => postgres.waitFor(() => accepts(folder, postgres.pid), READY_TIMEOUT_MS),
  )
  const { port } = ports
  const url = (user: string, password: string, database: string) =>
    `postgres://${user}:${password}@${LOOPBACK}:${port}/${database}`
  const superuserUrl = (database = 'postgres') => url('postgres', secrets.superuser, database)
  try {
    await prepareDatabases(superuserUrl, secrets)
    children.expectToLast(child)
  } catch (error) {
    await child.stop()
    throw error
  }
  return {
    port,
    pid: child.pid,
    superuserUrl,
    ownerUrl: (database = LIBRARY_DATABASE) => url('ontdubbel_owner', secrets.owner, database),
    workerUrl: (database = LIBRARY_DATABASE) => url('ontdubbel_worker', secrets.worker, database),
    portalUrl: (database = PORTAL_DATABASE) => url('reference_portal', secrets.portal, database),
    stop: () => child.stop(),
  }
}

/**
 * Stops the PostgreSQL that runs on the cluster of `dataDir` by the word of its own lock file, if there is one: for a
 * caller who knows that nobody has a right to it.
 */
export async function stopStrayPostgres(dataDir: string): Promise<void> {
  const file = path.join(clusterPath(dataDir), 'postmaster.pid')
  if (!existsSync(file)) return
  const [pid, folder] = readFileSync(file, 'utf8').split('\n')
  const mark = markOf(Number(pid))
  // the number may be another process's by now: it is PostgreSQL's only if its command names the folder
  if (mark === null || folder === undefined || !commandOf(mark.pid).includes(folder)) return
  if (realpathSync(folder) !== realpathSync(clusterPath(dataDir))) return
  await stopProcess(mark, 'SIGINT', STOP_GRACE_MS)
  rmSync(file, { force: true })
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

function notRoot(owner: Account | null): Account | undefined {
  return owner === null || owner.uid === 0 ? undefined : owner
}

/**
 * Whether this very PostgreSQL accepts connections, by its own lock file as pg_ctl does it: to connect would not tell
 * it from another that has the port.
 */
async function accepts(folder: string, pid: number): Promise<boolean> {
  const file = path.join(folder, 'postmaster.pid')
  if (!existsSync(file)) return false
  const lines = readFileSync(file, 'utf8').split('\n')
  return Number(lines[0]) === pid && lines[STATUS_LINE]?.trim() === 'ready'
}

/** `name=value` as PostgreSQL takes them on its command line: at every start anew, so that no file can be out of date. */
function settings(port: number, durable: boolean): string[] {
  return [
    `listen_addresses=${LOOPBACK}`,
    `port=${port}`,
    'unix_socket_directories=',
    'max_connections=200',
    `shared_buffers=${sharedBuffersMiB()}MB`,
    // merges in bulk write much: checkpoints by size, seldom, and drawn out
    'max_wal_size=4GB',
    'min_wal_size=512MB',
    'checkpoint_timeout=15min',
    'random_page_cost=1.1',
    'work_mem=16MB',
    'maintenance_work_mem=256MB',
    // statements of some ten milliseconds lose more to compiling than they gain
    'jit=off',
    'timezone=UTC',
    'log_timezone=UTC',
    'cluster_name=ontdubbel',
    // errors go to whoever made them; in a log their values would be people's names and numbers
    'log_min_messages=log',
    'log_min_error_statement=panic',
    'log_error_verbosity=terse',
    ...(durable ? [] : ['fsync=off', 'full_page_writes=off', 'synchronous_commit=off']),
  ]
}

/** An eighth of the memory: from 128 MiB, PostgreSQL's own default, to 1 GiB. */
function sharedBuffersMiB(): number {
  return Math.round(Math.min(1024, Math.max(128, os.totalmem() / MIB / 8)))
}
