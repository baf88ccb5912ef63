import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import type { MergeReport } from '../domain/request'
import type { Language } from '../domain/sentences'
import { mergeReport } from '../merges/report'
import type { Places } from './context'
import { stepLine } from './mergeText'
import { tell } from './output'

/** A merge takes some tenths of a second: looked at this often (two small statements) its end is told within a fiftieth. */
const LOOK_EVERY_MS = 20
/** One that takes longer waits for somebody: from then on less often. */
const USUAL_MS = 2_000
const LOOK_LATER_EVERY_MS = 100

/** Follows a merge until it ends, waits for the portal, or needs attention; tells each step as it is done. */
export async function followMerge(
  pool: Pool,
  merge: number,
  { quiet, ...options }: { language: Language; quiet: boolean; urlOf?: Places['urlOf'] },
): Promise<MergeReport> {
  const told = new Set<string>()
  const began = performance.now()
  for (;;) {
    const report = await mergeReport(pool, merge, options)
    for (const step of report.steps) {
      if (step.status !== 'done' || told.has(step.step)) continue
      told.add(step.step)
      if (!quiet) tell(stepLine(step, options.language))
    }
    if (report.status !== 'running' && report.status !== 'undoing') return report
    await sleep(performance.now() - began < USUAL_MS ? LOOK_EVERY_MS : LOOK_LATER_EVERY_MS)
  }
}
