import type { UndoReport } from '../domain/request'
import {
  countsInWords,
  MERGE_LINES,
  say,
  seenSentence,
  statusSentence,
  UNDO_LINES,
  type Language,
} from '../domain/sentences'
import { print, styled } from './output'

/** An undo, or its preview, as people read it. */
export function printUndo(report: UndoReport, language: Language): void {
  const { id, keep, remove, status, refusal, attention, back, told, seen } = report
  print(styled('bold', say(UNDO_LINES.title, language, { merge: id, remove, keep, status })))
  if (refusal) print(styled('red', `  ${say(MERGE_LINES.refused, language, { ...refusal })}`))
  if (attention) print(styled('red', `  ${say(MERGE_LINES.attention, language, { ...attention })}`))
  if (status === 'undo-waiting-for-portal') {
    for (const line of statusSentence(status, { merge: id }, language).split('\n')) print(`  ${line}`)
  }
  const counts = countsInWords(back, language)
  if (counts) print(`  ${status === 'preview' ? '→' : '✓'} ${say(UNDO_LINES.back, language, { remove, counts })}`)
  for (const { code, message } of told) print(`  ${styled('yellow', '!')} ${message} [${code}]`)
  for (const one of seen) print(`  ${styled('yellow', '!')} ${seenSentence(one, language)}`)
  if (report.by) print(`  ${say(report.reason ? MERGE_LINES.byWhy : MERGE_LINES.by, language, { ...report })}`)
  if (report.temporalUrl) print(`  ${report.temporalUrl}`)
}
