import type { WayName } from '../campaign'
import { aligned } from './aligned'
import type { CampaignRun, PortalLimits, WayRun } from './campaignWays'
import { rounded } from './numbers'
import type { StepTime } from './statementTimes'

/** One way, as often as it was run. */
export interface RunFigures {
  name: WayName
  /** For people. */
  what: string
  runs: WayRun[]
}

/** What `bench campaign` measured. */
export interface CampaignFigures {
  pairs: number
  rowsASide: number
  cores: number
  limits: PortalLimits
  ways: RunFigures[]
  /** A campaign of fewer pairs, for its worker's memory. */
  smaller: WayRun | undefined
}

/** What a campaign is to reach beside the other ways of the same run (spec). */
const REACH: readonly { way: WayName; of: WayName; least: number }[] = [
  { way: 'full', of: 'raw', least: 0.75 },
  { way: 'desk', of: 'raw', least: 0.6 },
  { way: 'full', of: 'unguarded', least: 1.5 },
  { way: 'full', of: 'workflows', least: 100 },
]

const CAMPAIGNS: readonly WayName[] = ['full', 'desk', 'portal']

/** The figures for people. */
export function campaignTables(figures: CampaignFigures): string {
  const { ways, reach, campaigns, memory, history } = campaignJson(figures)
  const what = new Map(figures.ways.map((way) => [way.name, way.what]))
  const tables = [
    aligned([
      ['way', 'pairs', 'merges/s', 'of raw', 'others %'],
      ...ways.map((way) => [
        what.get(way.way)!,
        String(way.pairs),
        way.mergesPerSecond.toFixed(1),
        way.ofRaw?.toFixed(3) ?? '',
        way.othersShare === null ? '?' : (way.othersShare * 100).toFixed(0),
      ]),
    ]),
    reach
      .map(
        ({ way, of, least, got, reached }) => `${way} / ${of}: ${got} (to reach: ${least}${reached ? '' : ', missed'})`,
      )
      .join('\n'),
    ...campaigns.map((one) => sharesTable(what.get(one.way)!, one)),
    memory
      .map(({ pairs, peakMiB }) => `peak memory of the campaign's worker, ${pairs} pairs: ${peakMiB} MiB`)
      .join('\n'),
    history &&
      `the campaign's workflow: at most ${history.events} events, ${history.largestPayloadBytes} bytes in a payload`,
    figures.ways.some(({ name }) => name === 'portal' || name === 'workflows')
      ? `the portal's limits were raised to ${figures.limits.callsPerSecond} calls a second and ${figures.limits.callsAtOnce} at once (a worker's own: 20 and 4)`
      : undefined,
  ]
  return tables.filter(Boolean).join('\n\n')
}

type CampaignJson = ReturnType<typeof campaignJson>['campaigns'][number]

function sharesTable(what: string, { parts, portal, batches, pairsAGroup }: CampaignJson): string {
  const percent = (share: number) => (share * 100).toFixed(1)
  const table = aligned([
    [`${what}: where the lanes' time goes`, 'ms a pair', 'of it planning', '%', 'WAL KiB a pair'],
    ...parts.map((part) => [
      part.part,
      part.msAPair.toFixed(3),
      part.planningMsAPair?.toFixed(3) ?? '',
      percent(part.share),
      part.walKiBAPair?.toFixed(2) ?? '',
    ]),
  ])
  const size = `${batches} batches, ${pairsAGroup.toFixed(0)} pairs a group on average`
  if (portal === null) return `${table}\n${size}`
  return [
    table,
    size,
    `at the portal: ${portal.calls} calls, at least one under way for ${percent(portal.callsShare)} % of the whole time; ` +
      `${portal.afterTheLastSeconds} s passed between the last pair's retirement and its completion`,
  ].join('\n')
}

/** The figures for programs. */
export function campaignJson({ pairs, rowsASide, cores, limits, ways, smaller }: CampaignFigures) {
  const rates = new Map(ways.map((way) => [way.name, rateOf(way.runs)]))
  const ratio = (way: WayName, of: WayName) => {
    const [a, b] = [rates.get(way), rates.get(of)]
    return a === undefined || b === undefined ? null : Number((a / b).toFixed(4))
  }
  const campaigns = ways.filter(({ name }) => CAMPAIGNS.includes(name))
  const all = campaigns.flatMap(({ runs }) => runs.map(({ campaign }) => campaign).filter((one) => one !== undefined))
  return {
    pairs,
    rowsASide,
    cores,
    node: process.versions.node,
    portalLimits: limits,
    ways: ways.map(({ name, what, runs }) => ({
      way: name,
      what,
      pairs: runs[0]?.pairs ?? 0,
      rounds: runs.length,
      mergesPerSecond: rounded(rateOf(runs)),
      ofRaw: ratio(name, 'raw'),
      othersShare: othersOf(runs),
    })),
    reach: REACH.flatMap(({ way, of, least }) => {
      const got = ratio(way, of)
      return got === null ? [] : [{ way, of, least, got, reached: got >= least }]
    }),
    campaigns: campaigns.map(({ name, runs }) => ({ way: name, ...sharesOf(runs) })),
    memory: [smaller, campaigns[0]?.runs.at(-1)].flatMap((run) => {
      const peak = run?.campaign?.peakMiB
      return run === undefined || peak === undefined ? [] : [{ pairs: run.pairs, peakMiB: Math.round(peak) }]
    }),
    history:
      all.length === 0
        ? null
        : {
            events: Math.max(...all.map(({ history }) => history.events)),
            largestPayloadBytes: Math.max(...all.map(({ history }) => history.largestPayloadBytes)),
          },
  }
}

function rateOf(runs: readonly WayRun[]): number {
  return sum(runs.map((run) => run.pairs)) / sum(runs.map((run) => run.seconds))
}

function othersOf(runs: readonly WayRun[]): number | null {
  if (runs.some(({ others }) => others === undefined)) return null
  return rounded(sum(runs.map(({ others = 0, seconds }) => others * seconds)) / sum(runs.map(({ seconds }) => seconds)))
}

/** Of all rounds together: the lanes' time until the last pair was retired, and the portal beside it. */
function sharesOf(runs: readonly WayRun[]) {
  const campaigns = runs.map(({ campaign }) => campaign).filter((one) => one !== undefined)
  const pairs = sum(runs.map((run) => run.pairs))
  const lanesMs = sum(campaigns.map(({ databaseSeconds, lanes }) => databaseSeconds * lanes * 1000))
  const batchesMs = sum(campaigns.map((one) => one.batchesMs))
  const steps = together(campaigns)
  const ofLanes = steps.filter(({ whose }) => whose === 'lanes')
  const databaseMs = sum(ofLanes.map(({ ms }) => ms))
  const part = (name: string, ms: number, of?: { planningMs: number; walMiB: number }) => ({
    part: name,
    msAPair: Number((ms / pairs).toFixed(4)),
    share: Number((ms / lanesMs).toFixed(4)),
    planningMsAPair: of === undefined ? null : Number((of.planningMs / pairs).toFixed(4)),
    walKiBAPair: of === undefined ? null : rounded((of.walMiB * 1024) / pairs),
  })
  const beside = (whose: StepTime['whose']) => steps.filter((step) => step.whose === whose)
  return {
    lanes: campaigns[0]?.lanes ?? 0,
    batches: sum(campaigns.map((one) => one.batches)),
    pairsAGroup: rounded(pairs / sum(campaigns.map((one) => one.groups))),
    parts: [
      part('the database', databaseMs, {
        planningMs: sum(ofLanes.map(({ planningMs }) => planningMs)),
        walMiB: sum(ofLanes.map(({ walMiB }) => walMiB)),
      }),
      ...ofLanes.map((step) => part(`  ${step.step}`, step.ms, step)),
      part('the worker, the way there and back, commits written to disk', batchesMs - databaseMs),
      part('Temporal: between batches, begin and end', lanesMs - batchesMs),
      ...beside('planning').map((step) => part('(beside the lanes: planning, counting)', step.ms, step)),
      ...beside('portal').map((step) => part("(beside the lanes: the database's part of the portal)", step.ms, step)),
    ],
    portal: portalOf(runs, campaigns),
  }
}

function portalOf(runs: readonly WayRun[], campaigns: readonly CampaignRun[]) {
  const calls = campaigns.map(({ portalCalls }) => portalCalls).filter((one) => one !== null)
  if (calls.length === 0) return null
  const seconds = sum(runs.map((run) => run.seconds))
  const databaseSeconds = sum(campaigns.map((one) => one.databaseSeconds))
  return {
    calls: sum(calls.map((one) => one.calls)) / calls.length,
    callMs: rounded(sum(calls.map(({ sumMs }) => sumMs)) / sum(calls.map((one) => one.calls))),
    callsShare: rounded(sum(calls.map(({ busyMs }) => busyMs)) / 1000 / seconds),
    activitiesSeconds: rounded(
      sum(campaigns.map(({ portalActivitiesMs }) => portalActivitiesMs ?? 0)) / 1000 / runs.length,
    ),
    seconds: rounded(seconds / runs.length),
    afterTheLastSeconds: rounded((seconds - databaseSeconds) / runs.length),
  }
}

function together(campaigns: readonly CampaignRun[]): StepTime[] {
  const steps = new Map<string, StepTime>()
  for (const one of campaigns.flatMap((campaign) => campaign.steps)) {
    const before = steps.get(one.step)
    steps.set(one.step, {
      ...one,
      calls: one.calls + (before?.calls ?? 0),
      ms: one.ms + (before?.ms ?? 0),
      planningMs: one.planningMs + (before?.planningMs ?? 0),
      walMiB: one.walMiB + (before?.walMiB ?? 0),
    })
  }
  return [...steps.values()].toSorted((a, b) => b.ms - a.ms)
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
