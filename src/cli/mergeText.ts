import { STEPS } from '../domain/codes'
import type { MergeReport, StepReport } from '../domain/request'
import {
  columnInWords,
  countsInWords,
  dayIn,
  MERGE_LINES,
  momentIn,
  say,
  statusSentence,
  statusWord,
  stepSentence,
  stepWidth,
  tableWord,
  valueWord,
  type Language,
} from '../domain/sentences'
import type { RecordedCommand } from '../merges/commands'
import { print, styled } from './output'

const STEP_MARK: Record<StepReport['status'], string> = { pending: '·', running: '…', done: '✓', failed: '✗' }

/** One step on one line, in words: what it does, and the counts of what moved. */
export function stepLine(
  { step, status, attempts, counts }: StepReport,
  language: Language,
  mark = STEP_MARK[status],
): string {
  const tries = attempts > 1 ? `  (${say(MERGE_LINES.attempt, language, { n: attempts })})` : ''
  return `  ${mark} ${stepSentence(step, language).padEnd(stepWidth(language))} ${countsInWords(counts, language)}${tries}`.trimEnd()
}

/** A merge on one line of a list. */
export function mergeLine(
  { id, remove, keep, on, status, refusal, attention }: MergeReport,
  language: Language,
): string {
  const pair = say(MERGE_LINES.pair, language, { remove, keep })
  const day = on === null ? '' : dayIn(on, language)
  const code = refusal?.code ?? attention?.code ?? ''
  return `${String(id).padStart(8)}  ${pair}  ${day}  ${statusWord(status, language)}  ${code}`.trimEnd()
}

/** Who did what to a merge, and when: for people, not part of the object that programs read. */
export interface Audit {
  /** ISO 8601; null where the portal was never waited for. */
  waitingSince: string | null
  /** When it was asked for, ISO 8601; null where it has no row. */
  askedAt: string | null
  /** What it was asked for with, as it was typed: fields taken over, warnings accepted, refusals overridden. */
  options: readonly string[]
  commands: readonly RecordedCommand[]
}

/** A merge, or a preview, as people read it. `steps` false where they have been told as they were done. */
export function printMerge(
  report: MergeReport,
  language: Language,
  { steps = true, audit }: { steps?: boolean; audit?: Audit } = {},
): void {
  const { refusal, attention, status, token } = report
  // a preview has steps and no id
  const preview = report.id === null && report.steps.length > 0
  print(styled('bold', titleOf(report, preview, language)))
  if (refusal) print(styled('red', `  ${say(MERGE_LINES.refused, language, { ...refusal })}`))
  if (attention) print(styled('red', `  ${say(MERGE_LINES.attention, language, { ...attention })}`))
  if (
    status === 'waiting-for-portal' ||
    status === 'undo-waiting-for-portal' ||
    status === 'portal-skipped' ||
    status === 'abandoned'
  ) {
    const says = statusSentence(status, { merge: report.id, since: audit?.waitingSince }, language)
    for (const line of says.split('\n')) print(`  ${line}`)
  }
  for (const { code, message } of report.warnings) print(`  ${styled('yellow', '!')} ${message} [${code}]`)
  const shown = [...report.steps].sort((a, b) => STEPS.indexOf(a.step) - STEPS.indexOf(b.step))
  for (const step of refusal || !steps ? [] : shown) {
    print(stepLine(step, language, preview && step.status === 'done' ? '→' : undefined))
    for (const change of step.changes ?? []) print(`      ${changeInWords(change, language)}`)
  }
  if (report.by) print(`  ${say(report.reason ? MERGE_LINES.byWhy : MERGE_LINES.by, language, { ...report })}`)
  if (audit?.askedAt) {
    print(`  ${[say(MERGE_LINES.asked, language, { at: audit.askedAt }), ...audit.options].join('  ')}`)
  }
  for (const command of audit?.commands ?? []) print(`  ${commandLine(command, language)}`)
  if (token) print(`  ${say(MERGE_LINES.token, language, { token, begin: token.slice(0, 8) })}`)
  if (report.temporalUrl) print(`  ${report.temporalUrl}`)
}

function titleOf({ id, remove, keep, on, status }: MergeReport, preview: boolean, language: Language): string {
  const details = { merge: id, remove, keep, on, status }
  if (preview) return say(MERGE_LINES.preview, language, details)
  if (remove === null || keep === null) return say(MERGE_LINES.titleWithoutPair, language, details)
  return say(id === null ? MERGE_LINES.titleWithoutId : MERGE_LINES.title, language, details)
}

function commandLine({ command, by, reason, at }: RecordedCommand, language: Language): string {
  const details = { command: valueWord('command', command, language), by, reason, at: momentIn(at, language) }
  return say(reason ? MERGE_LINES.commandWhy : MERGE_LINES.command, language, details)
}

type Change = NonNullable<StepReport['changes']>[number]

function changeInWords({ table, id, was, now }: Change, language: Language): string {
  const row = `${tableWord(table, language)} ${String(id)}`
  if (now === null) return `${row}: ${say(MERGE_LINES.deleted, language)}`
  const before = was as Record<string, unknown>
  const columns = Object.entries(now as Record<string, unknown>)
  return `${row}: ${columns.map(([name, value]) => columnInWords(name, before[name], value, language)).join(', ')}`
}
