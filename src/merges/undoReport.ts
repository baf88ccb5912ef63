import { run, runOne, statement, type Queryable } from '../database/statement'
import type { Told, UndoCode } from '../domain/codes'
import { attentionReport, toldByUndo } from '../domain/reports'
import type { UndoReport } from '../domain/request'
import { undoAsked } from './commands'
import { attentionOf, type ReportOptions } from './report'
import { requireMerge, workflowOf } from './store'

interface UndoRow {
  back: Record<string, number>
  told: Told<UndoCode>[]
  seen: UndoReport['seen']
}

const undoRow = statement<UndoRow>('undo.row', `select back, told, seen from undo where merge = $1`)

const add = statement('undo.add', `update undo set back = back || $2::jsonb, told = told || $3::jsonb where merge = $1`)

/** Adds what came of the portal's part to what an undo tells. */
export async function addToUndo(
  db: Queryable,
  merge: number,
  back: Record<string, number>,
  told: readonly Told<UndoCode>[],
): Promise<void> {
  await run(db, add, [merge, JSON.stringify(back), JSON.stringify(told)])
}

/**
 * The object of `undo --json` of a merge, from the database.
 * @throws OntdubbelError `unknown-merge` (exit code 2)
 */
export async function undoReport(
  db: Queryable,
  merge: number,
  { language = 'en', urlOf = () => null }: Omit<ReportOptions, 'changes'> = {},
): Promise<UndoReport> {
  const row = await requireMerge(db, merge)
  const undo = await runOne(db, undoRow, [merge])
  const asked = await undoAsked(db, merge)
  return {
    id: row.id,
    status: row.shown,
    keep: row.kept,
    remove: row.removed,
    by: asked?.by ?? null,
    reason: asked?.reason ?? null,
    back: undo?.back ?? {},
    told: toldByUndo(undo?.told ?? [], language),
    seen: undo?.seen ?? [],
    refusal: null,
    attention: attentionReport(attentionOf(row), language),
    temporalUrl: urlOf(workflowOf(row)),
  }
}
