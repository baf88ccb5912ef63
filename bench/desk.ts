import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import type { Pool } from 'pg'
import { createPool } from '../src/database/pool'
import { runOne, statement } from '../src/database/statement'
import type { Pace } from '../src/domain/campaign'
import { benchPairIds, benchPairs } from '../src/generator/benchPairs'
import { startCampaign } from '../src/temporal/campaigns'
import { campaignWorkflowIdOf } from '../src/workflows/names'
import { endedOf, LANES, listedCampaign, untilEnded } from './support/campaignRun'
import { NO_PORTAL } from './support/campaignWays'
import { BenchDatabases } from './support/databases'
import { besideDesks, together, type DeskFigures } from './support/desk'
import { deskJson, deskTables, type DeskBenchFigures, type GoesOn, type Phase } from './support/deskTables'
import { mergeByWorkflow } from './support/mergeByWorkflow'
import { wholeNumber } from './support/numbers'
import { watchOthers } from './support/otherWork'
import { PortalDatabases } from './support/portalDatabases'
import { withServers, type Servers } from './support/servers'
import { PATRONS_UNDER_WAY, tellUnderWay } from './support/underWay'
import type { Pair } from './support/way'
import { BenchWorker, useFreshQueues } from './support/workers'

/** The generator's pairs have active and expired subscriptions around this day. */
const ON_DATE = '2026-11-24'
/** The rows of each side, of all kinds together. */
const ROWS_A_SIDE = 20
/** Below it a campaign ends before its desk has written enough for a p99. */
const FEWEST_PAIRS = 1_000
/** A single merge now and then, as desks ask for them: one that ends later than the next is due is followed at once. */
const MERGE_EVERY_MS = 1_000
/** More than a phase lasts seconds. */
const SINGLE_PAIRS = 500
/** Before the first that counts: connections, and statements that the server has planned. */
const WARM_UP_MERGES = 5
/** Two thousand writes at the desk's rate: its p99 stands on twenty of them. */
const IDLE_MS = 20_000
/** The worker is killed when so many of the pairs have been merged. */
const KILLED_AFTER = 0.25

interface DeskOptions {
  pairs: number
  rounds: number
  seed: number
  json: boolean
}

/** `bench desk`: what desks notice of a campaign, and how soon one goes on whose worker was killed. */
export function deskBench(): Command {
  return new Command('desk')
    .description("a desk's loan, return and payment and a single merge, on the idle stack and while a campaign runs")
    .option('--pairs <n>', `pairs of the campaign, ${ROWS_A_SIDE} rows a side`, wholeNumber(FEWEST_PAIRS), 20_000)
    .option('--rounds <n>', 'how often all is done; all together count', wholeNumber(1), 1)
    .option('--seed <n>', 'of the generated pairs', wholeNumber(0), 1)
    .option('--json', 'the last line of stdout is the result as JSON', false)
    .action(desk)
}

interface Ground {
  servers: Servers
  databases: BenchDatabases
  portals: PortalDatabases
  /** The campaign's. */
  pairs: readonly Pair[]
  /** For merges one at a time. */
  singles: readonly Pair[]
}

async function desk(options: DeskOptions): Promise<void> {
  const figures = await withServers(async (servers): Promise<DeskBenchFigures> => {
    const databases = new BenchDatabases(servers.postgres)
    const portals = new PortalDatabases(servers)
    const all = { seed: options.seed, pairs: options.pairs + SINGLE_PAIRS, childRows: ROWS_A_SIDE, today: ON_DATE }
    await databases.makeTemplate(benchPairs(all))
    await portals.makeTemplate(benchPairs(all))
    const ids = [...benchPairIds(all)]
    const ground: Ground = {
      servers,
      databases,
      portals,
      pairs: ids.slice(0, options.pairs),
      singles: ids.slice(options.pairs),
    }
    const rounds: Record<Phase, PhaseRun>[] = []
    const goesOn: GoesOn[] = []
    for (let round = 0; round < options.rounds; round++) {
      say(`round ${round + 1} of ${options.rounds}`)
      rounds.push({
        idle: await phase(ground, 'idle'),
        desk: await phase(ground, 'desk'),
        full: await phase(ground, 'full'),
      })
      goesOn.push(await killedAndOn(ground))
    }
    const of = (name: Phase) => {
      const runs = rounds.map((round) => round[name])
      return {
        phase: name,
        desk: together(runs.map((run) => run.desk)),
        singles: runs.flatMap((run) => run.singles),
        pairsPerSecond: name === 'idle' ? null : (options.pairs * runs.length) / sum(runs.map((run) => run.seconds)),
        others: runs.some(({ others }) => others === undefined)
          ? null
          : sum(runs.map(({ others = 0, seconds }) => others * seconds)) / sum(runs.map(({ seconds }) => seconds)),
      }
    }
    return { pairs: options.pairs, rowsASide: ROWS_A_SIDE, phases: [of('idle'), of('desk'), of('full')], goesOn }
  })
  process.stdout.write(`${deskTables(figures)}\n`)
  if (options.json) process.stdout.write(`${JSON.stringify(deskJson(figures))}\n`)
}

interface PhaseRun {
  seconds: number
  desk: DeskFigures
  singles: SingleMerge[]
  others: number | undefined
}

/** One merge that a client waited for. */
export interface SingleMerge {
  completedMs: number
  /** Until its database part was done. */
  retiredMs: number
}

/** The stack with its two workers on a copy; desks write, one merge is asked for now and then, and a campaign runs, or none. */
async function phase(ground: Ground, name: Phase): Promise<PhaseRun> {
  const { servers, databases, portals, pairs, singles } = ground
  say(name === 'idle' ? 'the idle stack' : `a campaign at pace ${name}`)
  return portals.withPortal((portal) =>
    databases.withClone(async (databaseUrl) => {
      useFreshQueues()
      const campaign = name === 'idle' ? null : await listed(databaseUrl, pairs, name)
      const workers = [
        await BenchWorker.start(servers, { databaseUrl, portal }, 'worker', ['desk', 'portal']),
        await BenchWorker.start(servers, { databaseUrl, portal }, 'campaign-worker', ['campaign']),
      ]
      const pool = createPool(databaseUrl, { max: 3, applicationName: 'bench' })
      try {
        const waiting = [...singles]
        for (const pair of waiting.splice(0, WARM_UP_MERGES)) await mergeByWorkflow(servers.client, pair, ON_DATE)
        const work = async (desks: Parameters<Parameters<typeof besideDesks>[2]>[0]) => {
          const over = new AbortController()
          const others = watchOthers(
            servers.postgres.pid,
            servers.temporalPid,
            portal.pid,
            ...workers.map(({ pid }) => pid),
          )
          const began = performance.now()
          const merges = mergesNowAndThen(servers, pool, waiting, over.signal)
          let telling = Promise.resolve()
          try {
            if (campaign === null) {
              desks.underWay(pairs.slice(0, PATRONS_UNDER_WAY / 2))
              await Promise.race([sleep(IDLE_MS), merges])
            } else {
              await startCampaign(servers.client, campaign)
              telling = tellUnderWay(pool, campaign, LANES, desks, over.signal)
              await Promise.race([untilEnded(pool, campaign, pairs.length), merges.then(never), telling.then(never)])
            }
          } finally {
            over.abort()
          }
          const seconds = (performance.now() - began) / 1000
          const share = others()
          await telling
          return { seconds, singles: await merges, others: share }
        }
        const { result, desk } = await besideDesks(databaseUrl, ON_DATE, work, { remembered: PATRONS_UNDER_WAY })
        // at the portal's usual limits the rest of its part would take minutes
        if (campaign !== null) await servers.client.workflow.getHandle(campaignWorkflowIdOf(campaign)).terminate()
        return { ...result, desk }
      } finally {
        await pool.end()
        await Promise.all(workers.map((worker) => worker.stop()))
      }
    }),
  )
}

function never(): Promise<never> {
  return new Promise(() => {})
}

function listed(databaseUrl: string, pairs: readonly Pair[], pace: Pace): Promise<number> {
  return listedCampaign(databaseUrl, pairs, { onDate: ON_DATE, pace })
}

const retiredAt = statement<{ at: number }>(
  'bench.retiredAt',
  `select extract(epoch from retired_at)::float8 * 1000 as at from patron where id = $1 and retired_at is not null`,
)

/** One at a time until `signal`; ends before where there are no pairs left. */
async function mergesNowAndThen(
  { client }: Servers,
  pool: Pool,
  pairs: Pair[],
  signal: AbortSignal,
): Promise<SingleMerge[]> {
  const done: SingleMerge[] = []
  for (let due = performance.now(); !signal.aborted; due += MERGE_EVERY_MS) {
    const pair = pairs.shift()
    if (pair === undefined) break
    await sleep(Math.max(0, due - performance.now()), undefined, { signal }).catch(() => {})
    if (signal.aborted) break
    const began = performance.timeOrigin + performance.now()
    await mergeByWorkflow(client, pair, ON_DATE)
    const completedMs = performance.timeOrigin + performance.now() - began
    const retired = await runOne(pool, retiredAt, [pair.remove])
    done.push({ completedMs, retiredMs: (retired?.at ?? began) - began })
  }
  return done
}

/** Kills the campaign's worker in the middle, starts the next one, and waits for the next pair. */
async function killedAndOn({ servers, databases, pairs }: Ground): Promise<GoesOn> {
  say("the campaign's worker killed, and another one started")
  return databases.withClone(async (databaseUrl) => {
    useFreshQueues()
    const campaign = await listed(databaseUrl, pairs, 'desk')
    const start = () => BenchWorker.start(servers, { databaseUrl, portal: NO_PORTAL }, 'campaign-worker', ['campaign'])
    const first = await start()
    const pool = createPool(databaseUrl, { max: 1, applicationName: 'bench' })
    try {
      await startCampaign(servers.client, campaign)
      await untilEnded(pool, campaign, Math.ceil(pairs.length * KILLED_AFTER))
      process.kill(first.pid, 'SIGKILL')
      // the server may have had its last commit already
      while (((await runOne(pool, connectionsLeft))?.left ?? 0) > 0) await sleep(5)
      const ended = await endedOf(pool, campaign)
      const began = performance.now()
      const next = start()
      const ready = next.then(() => performance.now() - began)
      await untilEnded(pool, campaign, ended + 1)
      const secondsAfterStart = (performance.now() - began) / 1000
      const secondsUntilReady = (await ready) / 1000
      await servers.client.workflow.getHandle(campaignWorkflowIdOf(campaign)).terminate()
      await (await next).stop()
      say(`  ${secondsAfterStart.toFixed(1)} s after its start`)
      return { secondsAfterStart, secondsUntilReady }
    } finally {
      await pool.end()
      await first.stop()
    }
  })
}

const connectionsLeft = statement<{ left: number }>(
  'bench.connectionsLeft',
  `select count(*)::int as left from pg_stat_activity
   where datname = current_database() and application_name like 'ontdubbel campaign%'`,
)

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
