import type { Pool } from 'pg'
import { OntdubbelError } from '../domain/errors'
import type { MergeReport } from '../domain/request'
import { ERRORS, type Language } from '../domain/sentences'
import { mergeReport } from '../merges/report'
import type { Places } from './context'
import { EXIT } from './exitCodes'

/** A merge as `merge --json` prints it. Rejects with `unknown-merge` (exit code 2) where there is none. */
export async function wholeReport(pool: Pool, places: Places, merge: number, language: Language): Promise<MergeReport> {
  const report = await mergeReport(pool, merge, { language, urlOf: places.urlOf })
  if (!report) throw new OntdubbelError('unknown-merge', ERRORS.unknownMerge, EXIT.badInput, { merge })
  return report
}
