import type { Pool } from 'pg'
import { OntdubbelError } from '../domain/errors'
import type { MergeReport } from '../domain/request'
import { ERRORS, type Language } from '../domain/sentences'
import { mergeReport } from '../merges/report'
import { mergeById, workflowOf } from '../merges/store'
import type { Places } from './context'
import { EXIT } from './exitCodes'

/** A merge as `merge --json` prints it. Rejects with `unknown-merge` (exit code 2) where there is none. */
export async function wholeReport(pool: Pool, places: Places, merge: number, language: Language): Promise<MergeReport> {
  const report = await mergeReport(pool, merge, { language })
  if (!report) throw new OntdubbelError('unknown-merge', ERRORS.unknownMerge, EXIT.badInput, { merge })
  return withUrl(pool, places, report)
}

/** Adds where to look at it in the Temporal UI. */
export async function withUrl<R extends { id: number | null; temporalUrl: string | null }>(
  pool: Pool,
  places: Places,
  report: R,
): Promise<R> {
  const row = report.id === null ? undefined : await mergeById(pool, report.id)
  const { workflowId, firstRunId } = row ? workflowOf(row) : { workflowId: null, firstRunId: null }
  return { ...report, temporalUrl: places.workflowUrl(workflowId, firstRunId) }
}
