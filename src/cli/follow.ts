import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import { OntdubbelError } from '../domain/errors'
import type { MergeReport } from '../domain/request'
import { ERRORS, type Language } from '../domain/sentences'
import { mergeReport } from '../merges/report'
import { stepLine } from './mergeText'
import { tell } from './output'

/** A merge takes some tenths of a second: looking this often costs two small statements each time. */
const LOOK_EVERY_MS = 40

/** Follows a merge until it ends, waits for the portal, or needs attention; tells each step as it is done. */
export async function followMerge(
  pool: Pool,
  merge: number,
  { language, quiet }: { language: Language; quiet: boolean },
): Promise<MergeReport> {
  const told = new Set<string>()
  for (;;) {
    const report = await mergeReport(pool, merge, { language })
    if (!report) throw new OntdubbelError('unknown-merge', ERRORS.unknownMerge, 1, { merge })
    for (const step of report.steps) {
      if (step.status !== 'done' || told.has(step.step)) continue
      told.add(step.step)
      if (!quiet) tell(stepLine(step, language))
    }
    if (report.status !== 'running' && report.status !== 'undoing') return report
    await sleep(LOOK_EVERY_MS)
  }
}
