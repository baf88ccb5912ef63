import type { MergeStatus } from '../domain/codes'
import type { UndoReport } from '../domain/request'
import { seenSentence, statusSentence, statusWord, type Language } from '../domain/sentences'
import { countsInWords } from './mergeText'
import { print, styled } from './output'

/** An undo, or its preview, as people read it. */
export function printUndo(report: UndoReport, language: Language): void {
  const { id, keep, remove, status, refusal, attention, back, told, seen } = report
  const word = status === 'preview' ? status : statusWord(status, language)
  print(styled('bold', `Undo of merge ${id ?? '?'}: ${remove ?? '?'} apart from ${keep ?? '?'} — ${word}`))
  if (refusal) print(styled('red', `  refused (${refusal.code}): ${refusal.message}`))
  if (attention) print(styled('red', `  needs attention (${attention.code}): ${attention.message}`))
  if (status === 'undo-waiting-for-portal') {
    const says = statusSentence(status satisfies MergeStatus, { merge: id }, language)
    for (const line of says.split('\n')) print(`  ${line}`)
  }
  const counts = countsInWords(back)
  if (counts) print(`  ${status === 'preview' ? '→' : '✓'} back on ${remove ?? '?'}: ${counts}`)
  for (const { code, message } of told) print(`  ${styled('yellow', '!')} ${message} [${code}]`)
  for (const one of seen) {
    print(`  ${styled('yellow', '!')} ${seenSentence({ ...one, rows: countsInWords(one.rows) || '–' }, language)}`)
  }
  if (report.by) print(`  by ${report.by}${report.reason ? `: ${report.reason}` : ''}`)
  if (report.temporalUrl) print(`  ${report.temporalUrl}`)
}
