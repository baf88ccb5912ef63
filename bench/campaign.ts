import { cpus } from 'node:os'
import { Command, InvalidArgumentError } from 'commander'
import { benchPairIds, benchPairs } from '../src/generator/benchPairs'
import { campaignJson, campaignTables, type CampaignFigures, type RunFigures } from './support/campaignTables'
import {
  campaignRun,
  rawRun,
  unguardedRun,
  workflowsRun,
  type Ground,
  type PortalLimits,
  type WayRun,
} from './support/campaignWays'
import { BenchDatabases, TEMPLATE } from './support/databases'
import { wholeNumber } from './support/numbers'
import { PortalDatabases } from './support/portalDatabases'
import type { RawShape } from './support/rawWay'
import { withServers } from './support/servers'
import { StatementTimes } from './support/statementTimes'
import type { Pair } from './support/way'

/** The generator's pairs have active and expired subscriptions around this day. */
const ON_DATE = '2026-11-24'
/** The rows of each side, of all kinds together. */
const ROWS_A_SIDE = 20
/** Below it a campaign is nothing but its start and its end. */
const FEWEST_PAIRS = 500
/** A workflow a pair is so slow that a few hundred tell it. */
const WORKFLOW_PAIRS = 300
/** What raw SQL is tried with; the best is taken. A short try each, on so many pairs. */
const RAW_SHAPES: readonly RawShape[] = [
  { lanes: 2, pairsPerTransaction: 200 },
  { lanes: 4, pairsPerTransaction: 100 },
  { lanes: 4, pairsPerTransaction: 200 },
  { lanes: 4, pairsPerTransaction: 500 },
  { lanes: 8, pairsPerTransaction: 200 },
]
const UNGUARDED_LANES = [2, 4, 8]
const TRIED_PAIRS = 5_000
const TRIED_UNGUARDED_PAIRS = 1_500
/** At how many pairs the worker's memory is looked at, beside the bench's own number. */
const MEMORY_PAIRS = 10_000

/** The ways, in the order in which they are told. */
const WAYS = {
  raw: 'raw set-based SQL',
  'raw-skipped': 'raw set-based SQL, redirect trigger skipped',
  unguarded: 'one unguarded transaction a merge',
  workflows: 'one workflow a pair, 50 at once, to its result',
  full: 'campaign, pace full, no portal',
  desk: 'campaign, pace desk, no portal',
  portal: 'campaign, pace full, with the portal, until all are completed',
} as const
export type WayName = keyof typeof WAYS
const NAMES = Object.keys(WAYS) as WayName[]

interface CampaignOptions {
  pairs: number
  rounds: number
  seed: number
  only?: WayName[]
  portalCallsPerSecond: number
  portalCallsAtOnce: number
  json: boolean
}

/** `bench campaign`: a campaign as users run it, beside raw SQL and beside what others do. */
export function campaignBench(): Command {
  return new Command('campaign')
    .description('a campaign as users run it, beside raw SQL, one transaction a merge, and one workflow a pair')
    .option('--pairs <n>', `pairs to merge in each way, ${ROWS_A_SIDE} rows a side`, wholeNumber(FEWEST_PAIRS), 20_000)
    .option('--rounds <n>', 'how often each way is run, there and back; all together count', wholeNumber(1), 2)
    .option('--seed <n>', 'of the generated pairs', wholeNumber(0), 1)
    .option('--only <ways...>', `only these: ${NAMES.join(', ')}`, addWay)
    .option('--portal-calls-per-second <n>', "the worker's limit, raised: its default is 20", wholeNumber(1), 10_000)
    .option('--portal-calls-at-once <n>', "the worker's limit, raised: its default is 4", wholeNumber(1), 16)
    .option('--json', 'the last line of stdout is the result as JSON', false)
    .action(campaign)
}

function addWay(name: string, before: WayName[] = []): WayName[] {
  if (!(NAMES as string[]).includes(name)) throw new InvalidArgumentError(`One of ${NAMES.join(', ')}.`)
  return [...before, name as WayName]
}

async function campaign(options: CampaignOptions): Promise<void> {
  const figures = await withServers(async (servers) => {
    const databases = new BenchDatabases(servers.postgres)
    const portals = new PortalDatabases(servers)
    const generated = { seed: options.seed, pairs: options.pairs, childRows: ROWS_A_SIDE, today: ON_DATE }
    await databases.makeTemplate(benchPairs(generated))
    await portals.makeTemplate(benchPairs(generated))
    const times = await StatementTimes.create(servers.postgres, TEMPLATE)
    const ground = { servers, databases, portals, times, onDate: ON_DATE }
    return measured(ground, [...benchPairIds(generated)], options)
  })
  process.stdout.write(`${campaignTables(figures)}\n`)
  if (options.json) process.stdout.write(`${JSON.stringify(campaignJson(figures))}\n`)
}

/** Each way on a copy of the same database, there and back, so that a machine that slows down slows all of them. */
async function measured(ground: Ground, pairs: readonly Pair[], options: CampaignOptions): Promise<CampaignFigures> {
  const wanted = NAMES.filter((name) => options.only?.includes(name) ?? true)
  const limits: PortalLimits = {
    callsPerSecond: options.portalCallsPerSecond,
    callsAtOnce: options.portalCallsAtOnce,
  }
  const rawShape = wanted.some((name) => name.startsWith('raw')) ? await bestRaw(ground, pairs) : RAW_SHAPES[0]!
  const unguardedLanes = wanted.includes('unguarded') ? await bestUnguarded(ground, pairs) : UNGUARDED_LANES[0]!
  const run: Record<WayName, () => Promise<WayRun>> = {
    raw: () => rawRun(ground, pairs, { skipTrigger: false, shape: rawShape }),
    'raw-skipped': () => rawRun(ground, pairs, { skipTrigger: true, shape: rawShape }),
    unguarded: () => unguardedRun(ground, pairs, unguardedLanes),
    workflows: () => workflowsRun(ground, pairs.slice(0, WORKFLOW_PAIRS), limits),
    full: () => campaignRun(ground, pairs, { pace: 'full' }),
    desk: () => campaignRun(ground, pairs, { pace: 'desk' }),
    portal: () => campaignRun(ground, pairs, { pace: 'full', portal: limits }),
  }
  const ways: RunFigures[] = wanted.map((name) => ({ name, what: describe(name, rawShape, unguardedLanes), runs: [] }))
  for (let round = 0; round < options.rounds; round++) {
    for (const way of round % 2 === 0 ? ways : ways.toReversed()) {
      say(`round ${round + 1} of ${options.rounds}: ${way.what}`)
      const done = await run[way.name]()
      way.runs.push(done)
      tell(done)
    }
  }
  const smaller = wanted.includes('full') && pairs.length > MEMORY_PAIRS
  if (smaller) say(`a campaign of ${MEMORY_PAIRS} pairs, for the memory of its worker`)
  const memory = smaller ? await campaignRun(ground, pairs.slice(0, MEMORY_PAIRS), { pace: 'full' }) : undefined
  return {
    pairs: pairs.length,
    rowsASide: ROWS_A_SIDE,
    cores: cpus().length,
    limits,
    ways,
    smaller: memory,
  }
}

function describe(name: WayName, raw: RawShape, unguardedLanes: number): string {
  if (name.startsWith('raw'))
    return `${WAYS[name]}: ${raw.lanes} connections, ${raw.pairsPerTransaction} pairs a transaction`
  return name === 'unguarded' ? `${WAYS[name]}: ${unguardedLanes} connections` : WAYS[name]
}

async function bestRaw(ground: Ground, pairs: readonly Pair[]): Promise<RawShape> {
  return best(RAW_SHAPES, async (shape) => {
    say(`trying raw SQL, ${shape.lanes} connections, ${shape.pairsPerTransaction} pairs a transaction`)
    return rawRun(ground, pairs.slice(0, TRIED_PAIRS), { skipTrigger: false, shape })
  })
}

async function bestUnguarded(ground: Ground, pairs: readonly Pair[]): Promise<number> {
  return best(UNGUARDED_LANES, async (lanes) => {
    say(`trying one transaction a merge, ${lanes} connections`)
    return unguardedRun(ground, pairs.slice(0, TRIED_UNGUARDED_PAIRS), lanes)
  })
}

/** What is quickest when it is tried once. */
async function best<T>(tried: readonly T[], run: (one: T) => Promise<WayRun>): Promise<T> {
  const rates: { one: T; rate: number }[] = []
  for (const one of tried) {
    const done = await run(one)
    tell(done)
    rates.push({ one, rate: done.pairs / done.seconds })
  }
  return rates.reduce((quickest, next) => (next.rate > quickest.rate ? next : quickest)).one
}

/** Of the machine, used by others: from there on a ratio is theirs as much as ours. */
const MUCH = 0.1

function tell({ pairs, seconds, others }: WayRun): void {
  say(`  ${(pairs / seconds).toFixed(1)} merges/s`)
  if ((others ?? 0) > MUCH) say(`  others used ${Math.round((others ?? 0) * 100)} % of the machine: this tells little`)
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
