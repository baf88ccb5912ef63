import type { Pool } from 'pg'
import { RecordsBusy, untilFree, type AgainOptions } from '../database/again'
import { inMergeTransaction } from '../database/transaction'
import { STOPPING_WARNINGS, type Refusal, type Warning } from '../domain/codes'
import { refusalReport, withSentences } from '../domain/reports'
import type { MergeReport, NewMerge } from '../domain/request'
import type { Language } from '../domain/sentences'
import { mergeInTransaction } from '../steps/group'
import { previewToken } from '../steps/openMerge'
import { mergeReport } from './report'
import { createMerge, mergeOfPair } from './store'

/**
 * What the merge would do: the very steps of the merge, as a group of one, rolled back. So it cannot disagree with the
 * merge. A pair that is merged already is reported, as the merge would be. What must be accepted by name is taken as
 * accepted, and shows as a warning; other refusals refuse. `portal` are the warnings of the portal, asked before, so that no
 * lock is held meanwhile.
 */
export async function previewMerge(
  pool: Pool,
  asked: Pick<NewMerge, 'keep' | 'remove' | 'on' | 'take' | 'override'>,
  portal: readonly Warning[],
  language: Language,
  again: AgainOptions = {},
): Promise<MergeReport> {
  return untilFree(
    (limited) =>
      inMergeTransaction(
        pool,
        async (client) => {
          const id = await createMerge(client, { ...asked, by: 'preview', accept: [...STOPPING_WARNINGS] }, null)
          if (id === null) throw new Error('a row without a workflow always gets an id')
          let token: string | undefined
          const result = await mergeInTransaction(client, [id], {
            afterTaking: async () => void (token = await previewToken(client, id)),
          })
          if (result.skipped.length > 0) throw new RecordsBusy('a record is in use')
          const report = await mergeReport(client, id, { language, changes: true })
          const refusal = (result.refused[0] ?? result.waiting[0])?.refusal ?? null
          const before =
            refusal?.code === 'already-merged' ? await mergeOfPair(client, asked.keep, asked.remove) : undefined
          const merged = before && (await mergeReport(client, before.id, { language }))
          if (merged) return merged
          return preview(report, refusal, portal, token, language)
        },
        { limited, rollBack: true },
      ),
    again,
  )
}

function preview(
  report: MergeReport,
  refusal: Refusal | null,
  portal: readonly Warning[],
  token: string | undefined,
  language: Language,
): MergeReport {
  const shown = { ...report, id: null, by: null }
  if (refusal)
    return { ...shown, status: 'refused', refusal: refusalReport(refusal, language), ...(token && { token }) }
  const warnings = withSentences([...report.warnings, ...portal], language)
  return { ...shown, status: 'preview', warnings, ...(token && { token }) }
}
