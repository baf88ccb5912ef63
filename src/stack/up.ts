import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { migrate } from '../database/migrate'
import { ensureNamespace } from '../temporal/namespace'
import type { OntdubbelError } from '../domain/errors'
import { Children } from './children'
import { emptyDataDir, inWordsOfAccess, prepareDataDir, secretsOf } from './dataDir'
import { takeLock, type DataDirLock } from './lock'
import { startPostgres, stopStrayPostgres } from './postgres'
import { stopProcess } from './processes'
import { startReferencePortal } from './referencePortal'
import { removeStackFile, writeStackFile, type StackInfo } from './stackFile'
import { startTemporalServer } from './temporalServer'
import { startWorkerProcess, type WorkerProcessOptions } from './workerProcess'

/** What a killed `up` left running gets this long to stop before it is killed too. */
const LEFTOVER_GRACE_MS = 15_000
/** A start that is stopped has nothing to wait for but, at worst, a connection that does not come about. */
const HALF_MADE_MS = 1_000
/** A worker that cannot start is tried again no more often than this. */
const WORKER_PAUSE_MS = 5_000

/** Design §5: one computes for a campaign while the other serves a desk, each on an event loop of its own. */
const WORKERS = [
  { name: 'worker', queues: ['desk', 'portal'] },
  { name: 'campaign-worker', queues: ['campaign'] },
]

export interface StackOptions {
  dataDir: string
  /** Empties the data folder first. */
  fresh?: boolean
  /** False starts no workers. */
  worker?: boolean
  /** Hears, in a line each, what is being done. */
  log?: (line: string) => void
}

/** A stack, from the moment in which it begins to start. */
export interface Stack {
  /** Settles when all runs; fails when something does not, and then nothing is left running. */
  ready: Promise<StackInfo>
  /** Settles when a part has died without having been asked to, with the reason. The rest runs on until `stop`. */
  died: Promise<OntdubbelError>
  /** Stops everything, the last one started first, or with `atOnce` by killing it. At any time, as often as one likes. */
  stop(how?: { atOnce?: boolean }): Promise<void>
}

/**
 * Starts the embedded stack: PostgreSQL with the library's database brought to this version, the Temporal server with its
 * UI, the reference portal, two workers. Whatever an `up` that was killed left running on this folder is stopped first.
 * Fails at once with `stack-running` or `not-a-data-folder` (exit code 2), and has done nothing then.
 */
export function startStack(options: StackOptions): Stack {
  const dataDir = path.resolve(options.dataDir)
  const lock = inWordsOfAccess(dataDir, () => {
    prepareDataDir(dataDir)
    return takeLock(dataDir)
  })

  let tellDeath: (why: OntdubbelError) => void = () => {}
  const died = new Promise<OntdubbelError>((resolve) => (tellDeath = resolve))
  const children = new Children({
    changed: (running) => lock.record(running),
    died: (child, how) => tellDeath(child.failure(how)),
  })

  const started = startAll({ ...options, dataDir }, lock, children)
  let released = false
  const stop = async ({ atOnce = false } = {}): Promise<void> => {
    await children.stopAll({ atOnce })
    // a start that lost its processes clears away what it had half made
    await Promise.race([started.catch(() => {}), sleep(HALF_MADE_MS)])
    if (released) return
    released = true
    removeStackFile(dataDir)
    lock.release()
  }
  const ready = started.catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return { ready, died, stop }
}

async function startAll(options: StackOptions, lock: DataDirLock, children: Children): Promise<StackInfo> {
  const { dataDir, fresh = false, worker = true, log = () => {} } = options
  await clearAway(dataDir, lock, log)
  removeStackFile(dataDir)
  if (fresh) emptyDataDir(dataDir)
  const secrets = secretsOf(dataDir)
  log(`data folder ${dataDir}`)

  const databaseStarts = startPostgres({ dataDir, children, log })
  const [postgres, , portal, temporal] = await together(children, [
    databaseStarts,
    databaseStarts.then(async ({ port, ownerUrl }) => {
      log(`PostgreSQL listens on port ${port}`)
      const migrations = await migrate(ownerUrl())
      if (migrations > 0) log(`${migrations} ${migrations === 1 ? 'migration' : 'migrations'} done`)
    }),
    databaseStarts.then(async ({ portalUrl }) => {
      const started = await startReferencePortal({
        dataDir,
        databaseUrl: portalUrl(),
        token: secrets.portalToken,
        children,
      })
      log(`the reference portal listens at ${started.url}`)
      return started
    }),
    startTemporalServer({ dataDir, children, log }).then(async (started) => {
      log(`Temporal listens at ${started.address}`)
      await ensureNamespace({ address: started.address, namespace: started.namespace })
      return started
    }),
  ])
  const databaseUrl = postgres.workerUrl()
  const workerOptions = { dataDir, databaseUrl, temporal, portal, children }
  const replaced = () => writeStackFile(dataDir, { ...info, pids: children.pids() })
  if (worker) {
    const kept = WORKERS.map((each) => keepWorker({ ...workerOptions, ...each }, log, replaced))
    await together(children, kept)
  }
  const info: StackInfo = {
    pids: children.pids(),
    databaseUrl,
    ownerUrl: postgres.ownerUrl(),
    temporal: { address: temporal.address, namespace: temporal.namespace, ui: temporal.ui ?? '' },
    portalUrl: portal.url,
    portalToken: portal.token,
  }
  writeStackFile(dataDir, info)
  return info
}

/**
 * Starts a worker, and another one whenever it ends unasked: workers are replaceable, and what it had at hand is done again.
 * Rejects where the first one does not come to work.
 */
async function keepWorker(
  options: Omit<WorkerProcessOptions, 'onEnd'> & { name: string },
  log: (line: string) => void,
  replaced: () => void,
): Promise<void> {
  const again = () =>
    keepWorker(options, log, replaced).then(replaced, (error: Error & { code?: string }) => {
      if (error.code === 'stack-stopping') return
      log(`${error.message} Tried again in ${WORKER_PAUSE_MS / 1000} s.`)
      setTimeout(() => void again(), WORKER_PAUSE_MS)
    })
  await startWorkerProcess({
    ...options,
    onEnd: (how) => {
      log(`the ${options.name} ended (${how}): another one is started`)
      void again()
    },
  })
  log(`the ${options.name} is at work`)
}

/** All of them, or the first failure, told when the others are stopped. */
async function together<T extends readonly Promise<unknown>[]>(
  children: Children,
  starts: readonly [...T],
): Promise<{ [K in keyof T]: Awaited<T[K]> }> {
  try {
    return await Promise.all(starts)
  } catch (error) {
    await children.stopAll()
    await Promise.race([Promise.allSettled(starts), sleep(HALF_MADE_MS)])
    throw error
  }
}

/** Stops what a killed `up` left: nothing may run twice on one data folder. */
async function clearAway(dataDir: string, lock: DataDirLock, log: (line: string) => void): Promise<void> {
  if (lock.leftovers.length > 0) log('the last up was killed: what it left running is stopped')
  for (const child of lock.leftovers.reverse()) await stopProcess(child, child.stopSignal, LEFTOVER_GRACE_MS)
  await stopStrayPostgres(dataDir)
  lock.record({})
}
