import { existsSync, readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { createPool } from '../../src/database/pool'
import type { Pace } from '../../src/domain/campaign'
import { allOf } from '../../src/steps/step'
import { campaignWorkflowIdOf, type QueueName } from '../../src/workflows/names'
import { campaignUntil, groupsOf, LANES, listedCampaign } from './campaignRun'
import { CLONE, type BenchDatabases } from './databases'
import { historySize, type HistorySize } from './history'
import { mergeByWorkflow } from './mergeByWorkflow'
import { watchOthers } from './otherWork'
import type { PortalCalls } from './portalCalls'
import type { PortalDatabases } from './portalDatabases'
import { rawWay, type RawShape } from './rawWay'
import type { Servers } from './servers'
import type { StatementTimes, StepTime } from './statementTimes'
import { mergeUnguarded } from './unguardedWay'
import type { Pair } from './way'
import { BenchWorker, useFreshQueues, type WorkerPlace } from './workers'

/** Somebody who looks at a single merge's result: so many wait at once. */
const WORKFLOWS_AT_ONCE = 50
/** Nobody listens there, and nobody calls it: no worker serves the portal's queue. */
export const NO_PORTAL = { url: 'http://127.0.0.1:9', token: 'none' }

/** What the ways work on. */
export interface Ground {
  servers: Servers
  databases: BenchDatabases
  portals: PortalDatabases
  times: StatementTimes
  onDate: string
}

/** One way, once. */
export interface WayRun {
  pairs: number
  seconds: number
  /** The share of the machine (0 to 1) that others used meanwhile; undefined where the system does not say. */
  others: number | undefined
  campaign?: CampaignRun
}

/** What else is known of a campaign's run. */
export interface CampaignRun {
  /** From the start until every pair was retired; the whole time is until all were completed. */
  databaseSeconds: number
  lanes: number
  /** In the activities that merge batches, all together. */
  batchesMs: number
  batches: number
  groups: number
  steps: StepTime[]
  /** Of the activities at the portal, all together; null without a portal. */
  portalActivitiesMs: number | null
  portalCalls: PortalCalls | null
  peakMiB: number | undefined
  history: HistorySize
}

export function rawRun(
  ground: Ground,
  pairs: readonly Pair[],
  { skipTrigger, shape }: { skipTrigger: boolean; shape: RawShape },
): Promise<WayRun> {
  const way = rawWay({ onDate: ground.onDate, skipTrigger, shape })
  return onClone(ground, pairs, (url) => way.merge(url, pairs, () => {}))
}

export function unguardedRun(ground: Ground, pairs: readonly Pair[], lanes: number): Promise<WayRun> {
  return onClone(ground, pairs, (url) => mergeUnguarded(url, pairs, { onDate: ground.onDate, lanes }))
}

/** Merges by bare SQL, of which the time is all that is asked for. */
function onClone({ servers, databases }: Ground, pairs: readonly Pair[], merge: (url: string) => Promise<unknown>) {
  return databases.withClone(async (url, check) => {
    const others = watchOthers(servers.postgres.pid)
    const began = performance.now()
    await merge(url)
    const seconds = (performance.now() - began) / 1000
    await check.allMerged(pairs.length)
    return { pairs: pairs.length, seconds, others: others() }
  })
}

/** A workflow a pair, some at once, until each has told its result. */
export function workflowsRun(ground: Ground, pairs: readonly Pair[], limits: PortalLimits): Promise<WayRun> {
  const { servers, databases, portals, onDate } = ground
  return portals.withPortal((portal) =>
    databases.withClone(async (databaseUrl, check) => {
      useFreshQueues()
      const worker = await withLimits(limits, () =>
        BenchWorker.start(servers, { databaseUrl, portal }, 'worker', ['desk', 'portal']),
      )
      try {
        const others = watchOthers(servers.postgres.pid, servers.temporalPid, worker.pid, portal.pid)
        const waiting = [...pairs].reverse()
        const began = performance.now()
        const one = async () => {
          for (let pair = waiting.pop(); pair !== undefined; pair = waiting.pop()) {
            await mergeByWorkflow(servers.client, pair, onDate)
          }
        }
        await allOf(Array.from({ length: WORKFLOWS_AT_ONCE }, one))
        const seconds = (performance.now() - began) / 1000
        await check.allMerged(pairs.length)
        return { pairs: pairs.length, seconds, others: others() }
      } finally {
        await worker.stop()
      }
    }),
  )
}

/** How hard the worker may ask the portal. */
export interface PortalLimits {
  callsPerSecond: number
  callsAtOnce: number
}

/** Workers read them from their environment, which is this process's. */
export async function withLimits<T>(limits: PortalLimits | undefined, work: () => Promise<T>): Promise<T> {
  if (limits === undefined) return work()
  process.env['PORTAL_CALLS_PER_SECOND'] = String(limits.callsPerSecond)
  process.env['PORTAL_CALLS_AT_ONCE'] = String(limits.callsAtOnce)
  try {
    return await work()
  } finally {
    delete process.env['PORTAL_CALLS_PER_SECOND']
    delete process.env['PORTAL_CALLS_AT_ONCE']
  }
}

/**
 * A campaign as anybody runs it: the list stored, two worker processes, its workflow started. `portal` undefined: nobody
 * serves the portal's queue, and the time ends when every pair is retired; else when every pair is completed.
 */
export function campaignRun(
  ground: Ground,
  pairs: readonly Pair[],
  { pace, portal }: { pace: Pace; portal?: PortalLimits },
): Promise<WayRun> {
  if (portal === undefined) return campaignOnClone(ground, pairs, pace, { portal: NO_PORTAL, queues: ['desk'] })
  return ground.portals.withPortal((started) =>
    withLimits(portal, () =>
      campaignOnClone(ground, pairs, pace, { portal: started, queues: ['desk', 'portal'], portalPid: started.pid }),
    ),
  )
}

function campaignOnClone(
  { servers, databases, times, onDate }: Ground,
  pairs: readonly Pair[],
  pace: Pace,
  { portal, queues, portalPid }: { portal: WorkerPlace['portal']; queues: QueueName[]; portalPid?: number },
): Promise<WayRun> {
  return databases.withClone(async (databaseUrl, check) => {
    useFreshQueues()
    const campaign = await listedCampaign(databaseUrl, pairs, { onDate, pace })
    const place = { databaseUrl, portal }
    const desk = await countingCalls(servers, () => BenchWorker.start(servers, place, 'worker', queues))
    const worker = await BenchWorker.start(servers, place, 'campaign-worker', ['campaign'])
    const pool = createPool(databaseUrl, { max: 1, applicationName: 'bench' })
    const handle = servers.client.workflow.getHandle(campaignWorkflowIdOf(campaign))
    try {
      await times.reset()
      const pids = [servers.postgres.pid, servers.temporalPid, desk.worker.pid, worker.pid]
      const others = watchOthers(...pids, ...(portalPid === undefined ? [] : [portalPid]))
      const began = performance.now()
      const databaseSeconds = await campaignUntil(servers, pool, campaign, pairs.length)
      if (portalPid !== undefined) await handle.result()
      const seconds = portalPid === undefined ? databaseSeconds : (performance.now() - began) / 1000
      const othersShare = others()
      const steps = await times.read(CLONE)
      await check.allMerged(pairs.length)
      if (portalPid !== undefined) await check.allCompleted(pairs.length)
      const groups = await groupsOf(pool, campaign)
      const peakMiB = worker.peakMiB()
      const history = await historySize(servers.client, handle.workflowId)
      // the portal's part of it waits for a worker that never comes
      if (portalPid === undefined) await handle.terminate()
      await desk.worker.stop()
      const batches = worker.activitiesMs('mergeBatch')
      return {
        pairs: pairs.length,
        seconds,
        others: othersShare,
        campaign: {
          databaseSeconds,
          lanes: LANES,
          batchesMs: sumOf(batches),
          batches: batches.length,
          groups,
          steps,
          portalActivitiesMs: portalPid === undefined ? null : sumOf(desk.worker.activitiesMs('syncBatchPortal')),
          portalCalls: portalPid === undefined ? null : desk.calls(),
          peakMiB,
          history,
        },
      }
    } finally {
      await pool.end()
      await Promise.all([desk.worker.stop(), worker.stop()])
    }
  })
}

/** Starts a worker that counts its calls to the portal; they are known when it has stopped. */
async function countingCalls(
  { dataDir }: Servers,
  start: () => Promise<BenchWorker>,
): Promise<{ worker: BenchWorker; calls: () => PortalCalls | null }> {
  const file = path.join(dataDir, 'portal-calls.json')
  rmSync(file, { force: true })
  const options = process.env['NODE_OPTIONS']
  process.env['PORTAL_CALLS_FILE'] = file
  process.env['NODE_OPTIONS'] = `${options ?? ''} --require ${JSON.stringify(require.resolve('./portalCalls'))}`.trim()
  try {
    const worker = await start()
    return { worker, calls: () => (existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as PortalCalls) : null) }
  } finally {
    delete process.env['PORTAL_CALLS_FILE']
    if (options === undefined) delete process.env['NODE_OPTIONS']
    else process.env['NODE_OPTIONS'] = options
  }
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0)
}
