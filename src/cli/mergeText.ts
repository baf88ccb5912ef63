import { STEPS } from '../domain/codes'
import type { MergeReport, StepReport } from '../domain/request'
import type { MergeStatus } from '../domain/codes'
import { statusSentence, statusWord, stepSentence, type Language } from '../domain/sentences'
import type { RecordedCommand } from '../merges/commands'
import { print, styled } from './output'

const STEP_MARK: Record<StepReport['status'], string> = { pending: '·', running: '…', done: '✓', failed: '✗' }

/** One step on one line, in words: what it does, and the counts of what moved. */
export function stepLine(
  { step, status, attempts, counts }: StepReport,
  language: Language,
  mark = STEP_MARK[status],
): string {
  const tries = attempts > 1 ? `  (attempt ${attempts})` : ''
  return `  ${mark} ${stepSentence(step, language).padEnd(34)} ${countsInWords(counts)}${tries}`.trimEnd()
}

/** "2 loans, 1 collapsed": what is 0 is left out. */
export function countsInWords(counts: Record<string, unknown>): string {
  return Object.entries(counts)
    .filter(([, count]) => typeof count === 'number' && count > 0)
    .map(([name, count]) => `${String(count)} ${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)}`)
    .join(', ')
}

/** A merge on one line of a list. */
export function mergeLine(
  { id, remove, keep, on, status, refusal, attention }: MergeReport,
  language: Language,
): string {
  const word = statusWord(status as MergeStatus, language)
  const code = refusal?.code ?? attention?.code ?? ''
  return `${String(id).padStart(8)}  ${remove ?? '?'} into ${keep ?? '?'}  ${on ?? ''}  ${word}  ${code}`.trimEnd()
}

/** Who did what to a merge, and when: for people, not part of the object that programs read. */
export interface Audit {
  /** ISO 8601; null where the portal was never waited for. */
  waitingSince: string | null
  /** What was asked for when it began: fields taken over, warnings accepted, refusals overridden. */
  asked: string | null
  commands: readonly RecordedCommand[]
}

/** A merge, or a preview, as people read it. `steps` false where they have been told as they were done. */
export function printMerge(
  report: MergeReport,
  language: Language,
  { steps = true, audit }: { steps?: boolean; audit?: Audit } = {},
): void {
  // a preview has steps and no id
  const preview = report.id === null && report.steps.length > 0
  const title = preview ? 'Preview' : `Merge ${report.id ?? ''}`.trim()
  print(
    styled(
      'bold',
      `${title}: ${report.remove ?? '?'} into ${report.keep ?? '?'}, on ${report.on ?? '?'} — ${report.status === 'preview' ? report.status : statusWord(report.status, language)}`,
    ),
  )
  if (report.refusal) print(styled('red', `  refused (${report.refusal.code}): ${report.refusal.message}`))
  if (report.attention)
    print(styled('red', `  needs attention (${report.attention.code}): ${report.attention.message}`))
  if (['waiting-for-portal', 'undo-waiting-for-portal', 'portal-skipped', 'abandoned'].includes(report.status)) {
    const details = { merge: report.id, since: audit?.waitingSince ?? undefined }
    const says = statusSentence(report.status as MergeStatus, details, language)
    for (const line of says.split('\n')) print(`  ${line}`)
  }
  for (const { code, message } of report.warnings) print(`  ${styled('yellow', '!')} ${message} [${code}]`)
  const shown = [...report.steps].sort((a, b) => STEPS.indexOf(a.step) - STEPS.indexOf(b.step))
  for (const step of report.refusal || !steps ? [] : shown) {
    print(stepLine(step, language, preview && step.status === 'done' ? '→' : undefined))
    for (const change of step.changes ?? [])
      print(`      ${change.table} ${String(change.id)}: ${changeInWords(change)}`)
  }
  if (report.by) print(`  by ${report.by}${report.reason ? `: ${report.reason}` : ''}`)
  if (audit?.asked) print(`  ${audit.asked}`)
  for (const { command, by, reason, at } of audit?.commands ?? [])
    print(`  ${command} by ${by}${reason ? `: ${reason}` : ''} (${at})`)
  if (report.token)
    print(
      `  token ${report.token}   (merge … --if ${report.token.slice(0, 8)}… merges only what this preview saw; give it whole)`,
    )
  if (report.temporalUrl) print(`  ${report.temporalUrl}`)
}

function changeInWords({ was, now }: { was: unknown; now: unknown }): string {
  if (now === null) return 'deleted'
  const before = was as Record<string, unknown>
  return Object.entries(now as Record<string, unknown>)
    .map(([column, value]) => `${column} ${JSON.stringify(before[column] ?? null)} → ${JSON.stringify(value)}`)
    .join(', ')
}
