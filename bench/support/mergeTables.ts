import { aligned } from './aligned'
import { PART_WORDS, PARTS, type PartsMs } from './mergeParts'
import { rounded } from './numbers'
import { percentile } from './percentile'
import type { SingleWay } from './singleWays'

/** What `bench merge` measured. */
export interface MergeFigures {
  rowsASide: number
  runs: { way: SingleWay; latenciesMs: number[] }[]
  /** Of each merge by the command. */
  parts: PartsMs[]
  /** What each process computed for one merge by the command, on average. */
  cpuMs: Record<string, number>
  /** The share of the machine that others used meanwhile. */
  others: number | undefined
}

/** The figures for people. */
export function mergeTables(figures: MergeFigures): string {
  const { ways, command, cpuMs, othersShare } = mergeJson(figures)
  const ms = (value: number) => value.toFixed(0)
  const what = new Map(figures.runs.map(({ way }) => [way.name, way.what]))
  return [
    aligned([
      ['one merge', 'p50 ms', 'p95 ms', 'times bare SQL'],
      ...ways.map((one) => [what.get(one.way)!, ms(one.p50Ms), ms(one.p95Ms), one.ofRaw.toFixed(1)]),
    ]),
    aligned([
      ['where the time of the command goes', 'p50 ms', 'p95 ms', '%'],
      ...command.map((one) => [PART_WORDS[one.part], ms(one.p50Ms), ms(one.p95Ms), ms(one.share * 100)]),
    ]),
    `computed for it, in ms of a processor: ${Object.entries(cpuMs)
      .map(([name, value]) => `${name} ${ms(value)}`)
      .join(', ')}`,
    othersShare === null
      ? 'what others used of the machine meanwhile is not known here'
      : `others used ${ms(othersShare * 100)} % of the machine meanwhile${othersShare > MUCH ? ': these figures are theirs as much as ours' : ''}`,
  ].join('\n\n')
}

/** From there on a quiet machine gives other figures. */
const MUCH = 0.1

/** The figures for programs. */
export function mergeJson({ rowsASide, runs, parts, cpuMs, others }: MergeFigures) {
  const p50 = (name: string) => percentile(runs.find(({ way }) => way.name === name)?.latenciesMs ?? [], 0.5)
  const whole = parts.reduce((sum, one) => sum + PARTS.reduce((ms, part) => ms + one[part], 0), 0)
  return {
    pairs: parts.length,
    rowsASide,
    node: process.versions.node,
    othersShare: others === undefined ? null : rounded(others),
    ways: runs.map(({ way, latenciesMs }) => ({
      way: way.name,
      p50Ms: rounded(percentile(latenciesMs, 0.5)),
      p95Ms: rounded(percentile(latenciesMs, 0.95)),
      ofRaw: rounded(percentile(latenciesMs, 0.5) / p50('raw')),
    })),
    command: PARTS.map((part) => {
      const all = parts.map((one) => one[part])
      return {
        part,
        p50Ms: rounded(percentile(all, 0.5)),
        p95Ms: rounded(percentile(all, 0.95)),
        share: rounded(all.reduce((sum, ms) => sum + ms, 0) / whole),
      }
    }),
    cpuMs: Object.fromEntries(Object.entries(cpuMs).map(([name, ms]) => [name, rounded(ms)])),
  }
}
