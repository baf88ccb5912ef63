import type { SingleMerge } from '../desk'
import { aligned } from './aligned'
import { ofKind, type DeskFigures } from './desk'
import { WRITE_KINDS } from './deskWrites'
import { rounded } from './numbers'
import { percentile } from './percentile'

/** Nothing runs but desks and single merges; or a campaign at this pace beside them. */
export type Phase = 'idle' | 'desk' | 'full'

/** What was noticed meanwhile. */
export interface PhaseFigures {
  phase: Phase
  desk: DeskFigures
  singles: SingleMerge[]
  /** The campaign's. */
  pairsPerSecond: number | null
  others: number | null
}

/** How soon a campaign went on whose worker was killed: after the start of the next one, which took so long to be ready. */
export interface GoesOn {
  secondsAfterStart: number
  secondsUntilReady: number
}

/** What `bench desk` measured. */
export interface DeskBenchFigures {
  pairs: number
  rowsASide: number
  phases: PhaseFigures[]
  goesOn: GoesOn[]
}

/** What desks may notice of a campaign at pace desk (spec). */
const REACH = { deskP99Ms: 60, deskErrors: 0, singleTimesIdle: 2, goesOnSeconds: 5 } as const

const WORDS: Record<Phase, string> = {
  idle: 'the idle stack',
  desk: 'a campaign at pace desk',
  full: 'a campaign at pace full',
}

/** The figures for people. */
export function deskTables(figures: DeskBenchFigures): string {
  const { phases, goesOn, reach } = deskJson(figures)
  const ms = ({ p50Ms, p99Ms }: { p50Ms: number; p99Ms: number }) => `${p50Ms.toFixed(1)} / ${p99Ms.toFixed(1)}`
  return [
    aligned([
      ['p50 / p99 in ms', ...WRITE_KINDS, 'all writes', 'writes', 'errors', 'pairs/s', 'others %'],
      ...phases.map((one) => [
        WORDS[one.phase],
        ...WRITE_KINDS.map((kind) => ms(one.writes[kind])),
        ms(one.allWrites),
        String(one.allWrites.writes),
        String(one.errors),
        one.pairsPerSecond?.toFixed(0) ?? '',
        one.othersShare === null ? '?' : (one.othersShare * 100).toFixed(0),
      ]),
    ]),
    aligned([
      ['a single merge, p50 / p99 in ms', 'merges', 'to its result', 'until retired'],
      ...phases.map(({ phase, merges, completed, retired }) => [
        WORDS[phase],
        String(merges),
        ms(completed),
        ms(retired),
      ]),
    ]),
    ...goesOn.map(
      (one) =>
        `after its worker was killed the campaign went on ${one.secondsAfterStart} s after the start of the next one (ready after ${one.secondsUntilReady} s)`,
    ),
    reach
      .map(({ what, most, got, reached }) => `${what}: ${got} (at most ${most}${reached ? '' : ', missed'})`)
      .join('\n'),
  ].join('\n\n')
}

/** The figures for programs. */
export function deskJson({ pairs, rowsASide, phases, goesOn }: DeskBenchFigures) {
  const of = (values: readonly number[]) => ({
    p50Ms: rounded(percentile(values, 0.5)),
    p99Ms: rounded(percentile(values, 0.99)),
  })
  const told = phases.map(({ phase, desk, singles, pairsPerSecond, others }) => ({
    phase,
    writes: Object.fromEntries(WRITE_KINDS.map((kind) => [kind, of(ofKind(desk, kind))])) as Record<
      (typeof WRITE_KINDS)[number],
      { p50Ms: number; p99Ms: number }
    >,
    allWrites: { writes: desk.writes, ...of(desk.latenciesMs) },
    errors: desk.errors,
    merges: singles.length,
    completed: of(singles.map(({ completedMs }) => completedMs)),
    retired: of(singles.map(({ retiredMs }) => retiredMs)),
    pairsPerSecond: pairsPerSecond === null ? null : rounded(pairsPerSecond),
    othersShare: others === null ? null : rounded(others),
  }))
  const [idle, desk] = [told.find(({ phase }) => phase === 'idle'), told.find(({ phase }) => phase === 'desk')]
  const reach = (what: string, most: number, got: number) => ({ what, most, got: rounded(got), reached: got <= most })
  return {
    pairs,
    rowsASide,
    node: process.versions.node,
    phases: told,
    goesOn: goesOn.map(({ secondsAfterStart, secondsUntilReady }) => ({
      secondsAfterStart: rounded(secondsAfterStart),
      secondsUntilReady: rounded(secondsUntilReady),
    })),
    reach: [
      reach("p99 of the desk's writes at pace desk, ms", REACH.deskP99Ms, desk?.allWrites.p99Ms ?? 0),
      reach(
        'desk errors',
        REACH.deskErrors,
        told.reduce((sum, { errors }) => sum + errors, 0),
      ),
      reach(
        'p50 of a single merge at pace desk, times idle',
        REACH.singleTimesIdle,
        (desk?.completed.p50Ms ?? 0) / (idle?.completed.p50Ms ?? 1),
      ),
      reach(
        'a killed worker: seconds until it goes on',
        REACH.goesOnSeconds,
        Math.max(0, ...goesOn.map(({ secondsAfterStart }) => secondsAfterStart)),
      ),
    ],
  }
}
