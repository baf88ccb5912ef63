import type { Pool, PoolClient } from 'pg'
import { RecordsBusy, untilFree, type AgainOptions } from '../database/again'
import { inMergeTransaction } from '../database/transaction'
import type { Refusal } from '../domain/codes'
import { OntdubbelError } from '../domain/errors'
import { refusedUndo } from '../domain/reports'
import type { UndoReport } from '../domain/request'
import { ERRORS } from '../domain/sentences'
import { tellTheFeed } from '../steps/retireRecord'
import { undoInTransaction } from '../steps/undo'
import { undoAsked } from './commands'
import { abandonUndo, whyNot } from './openUndo'
import type { ReportOptions } from './report'
import { linksToRevert } from './revertPortal'
import { mergeById, requireMerge } from './store'
import { undoReport } from './undoReport'

/**
 * The database part of an undo that was opened, in one transaction. Null when it is done, now or before; a refusal where a
 * later merge came in between: then the merge is as it was. A retry, a second worker: all find nothing to do.
 */
export async function takeBackMerge(pool: Pool, merge: number, again: AgainOptions = {}): Promise<Refusal | null> {
  return untilFree((limited) => inMergeTransaction(pool, (client) => takeBackOnce(client, merge), { limited }), again)
}

async function takeBackOnce(client: PoolClient, merge: number): Promise<Refusal | null> {
  const asked = await undoAsked(client, merge)
  const { undone, refused } = await undoInTransaction(client, [merge], asked ?? { by: 'unknown', reason: null })
  if (undone.length > 0) {
    await tellTheFeed(client, undone, 'undone')
    return null
  }
  if (refused[0]) {
    await abandonUndo(client, merge)
    return refused[0].refusal
  }
  const row = await mergeById(client, merge)
  if (row?.status === 'undone') return null
  throw new OntdubbelError('merge-not-open', ERRORS.notBeingUndone, 1, { merge })
}

/**
 * What an undo would do: the undo itself, rolled back. So it cannot disagree with it. A merge that is undone already is
 * reported. `back.portalLinks` are the links that would be asked for at the portal.
 * @throws OntdubbelError `unknown-merge` (exit code 2)
 */
export async function previewUndo(
  pool: Pool,
  merge: number,
  { onWait, signal, ...options }: Omit<ReportOptions, 'changes'> & AgainOptions = {},
): Promise<UndoReport> {
  const preview = async (client: PoolClient): Promise<UndoReport> => {
    const row = await requireMerge(client, merge)
    const refused = (refusal: Refusal) =>
      refusedUndo(refusal, { id: merge, keep: row.kept, remove: row.removed }, options.language)
    const refusal = await whyNot(client, row)
    if (refusal) return refused(refusal)
    if (row.status === 'undone') return undoReport(client, merge, options)
    const result = await undoInTransaction(client, [merge], { by: 'preview', reason: null })
    const late = result.refused[0]?.refusal
    if (late) return refused(late)
    if (result.undone.length === 0) throw new RecordsBusy(`merge ${merge} is being undone by somebody else`)
    const report = await undoReport(client, merge, options)
    const portalLinks = (await linksToRevert(client, row)).length
    return { ...report, status: 'preview', by: null, reason: null, back: { ...report.back, portalLinks } }
  }
  return untilFree((limited) => inMergeTransaction(pool, preview, { limited, rollBack: true }), { onWait, signal })
}
