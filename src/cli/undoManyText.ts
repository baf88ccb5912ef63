import {
  MERGE_LINES,
  notUndoneLines,
  say,
  UNDO_MANY_LINES,
  undoManyLines,
  undoManySentences,
  undoManyTitle,
  CAMPAIGN_LINES,
  type Language,
} from '../domain/sentences'
import type { UndoManyPreview, UndoManyReport } from '../domain/undoMany'
import { print, styled } from './output'

/** How many have had their turn. */
export function endedIn({ merges, outcomes }: UndoManyReport): number {
  return merges - outcomes.pending
}

/** An undo of many as people read it. */
export function printUndoMany(report: UndoManyReport, language: Language): void {
  const { by, reason, startedAt, endedAt } = report
  print(styled('bold', undoManyTitle(report, language)))
  for (const line of undoManyLines(report, language)) print(`  ${line}`)
  for (const line of notUndoneLines(report.notUndoneBy, report.notUndone, language)) print(`    ${line}`)
  for (const line of undoManySentences(report, language)) print(`  ${line}`)
  print(`  ${say(reason ? MERGE_LINES.byWhy : MERGE_LINES.by, language, { by, reason })}`)
  const times = { at: startedAt, until: endedAt }
  print(`  ${say(endedAt === null ? CAMPAIGN_LINES.started : CAMPAIGN_LINES.startedAndEnded, language, times)}`)
  if (report.temporalUrl) print(`  ${report.temporalUrl}`)
}

/** What one would do. */
export function printUndoManyPreview(preview: UndoManyPreview, language: Language): void {
  const { merges, undone, refused, notUndone } = preview
  print(styled('bold', say(UNDO_MANY_LINES.preview, language, { merges })))
  if (merges === 0) return
  print(`  ${say(UNDO_MANY_LINES.wouldBeUndone, language, { undone })}`)
  if (notUndone.length === 0) return
  print(`  ${say(UNDO_MANY_LINES.wouldBeRefused, language, { refused: notUndone.length })}`)
  for (const line of notUndoneLines(refused, notUndone, language)) print(`    ${line}`)
}
