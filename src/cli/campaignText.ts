import type { RecordedCampaignCommand } from '../campaigns/report'
import type { ToldPair } from '../campaigns/pairReport'
import type { Told } from '../domain/codes'
import { MOVED, type CampaignReport, type Outcome, type PairReport } from '../domain/campaign'
import {
  CAMPAIGN_LINES,
  campaignSentences,
  countsInWords,
  dayIn,
  failureSentence,
  isFailureCode,
  MERGE_LINES,
  momentIn,
  outcomeLines,
  say,
  valueWord,
  type Language,
} from '../domain/sentences'
import { print, styled } from './output'

const NOT_DONE: readonly Outcome[] = ['pending', 'waiting', 'not-run']

/** How many of its pairs are through the database: a batch's pairs wait for their last call at the portal together. */
export function doneIn({ pairs, outcomes }: CampaignReport): number {
  return NOT_DONE.reduce((left, outcome) => left - outcomes[outcome], pairs)
}

/** A campaign as people read it. `commands` is what was asked of it since it began. */
export function printCampaign(
  report: CampaignReport,
  language: Language,
  commands: readonly RecordedCampaignCommand[] = [],
): void {
  const { id, name, pairs, on, status, lanes, pace, hours, by, reason, startedAt, endedAt } = report
  print(styled('bold', say(CAMPAIGN_LINES.title, language, { campaign: id, name, pairs, on, stands: status })))
  for (const line of outcomeLines(report, language)) print(`  ${line}`)
  for (const line of campaignSentences(report, language)) print(`  ${line}`)
  const when = hours === null ? say(CAMPAIGN_LINES.anyHour, language) : say(CAMPAIGN_LINES.hours, language, { hours })
  print(`  ${say(CAMPAIGN_LINES.settings, language, { lanes, pace, hours: when })}`)
  print(`  ${say(reason ? MERGE_LINES.byWhy : MERGE_LINES.by, language, { by, reason })}`)
  const times = { at: startedAt, until: endedAt }
  print(`  ${say(endedAt === null ? CAMPAIGN_LINES.started : CAMPAIGN_LINES.startedAndEnded, language, times)}`)
  for (const command of commands) print(`  ${commandLine(command, language)}`)
  if (report.temporalUrl) print(`  ${report.temporalUrl}`)
}

function commandLine({ command, by, reason, at }: RecordedCampaignCommand, language: Language): string {
  const word = valueWord('campaignCommand', command, language)
  const details = { command: word, by, reason, at: momentIn(at, language) }
  return say(reason ? MERGE_LINES.commandWhy : MERGE_LINES.command, language, details)
}

/** A campaign on one line of a list. */
export function campaignLine(report: CampaignReport, language: Language): string {
  const { id, on, status, pairs, name } = report
  const done = say(CAMPAIGN_LINES.done, language, { done: doneIn(report), pairs })
  const word = valueWord('campaignStatus', status, language)
  return [String(id).padStart(8), dayIn(on, language), word, done, name ?? ''].join('  ').trimEnd()
}

/** A pair on one line: what became of it and why, the merge, what moved, and the warnings. */
export function pairLine({ report, why }: ToldPair, language: Language): string {
  const { keep, remove, outcome, reason, warnings, merge, moved } = report
  // one that waits names the merge that it waits for
  const [named, inWords] =
    outcome === 'waiting' ? [why?.details.merge, CAMPAIGN_LINES.waitsForMerge] : [merge, MERGE_LINES.inList]
  return [
    say(MERGE_LINES.pair, language, { remove, keep }),
    valueWord('outcome', outcome, language),
    reason,
    named == null ? null : say(inWords, language, { merge: named }),
    // it has no merge that could be asked
    outcome === 'set-aside' && why ? whatFailed(why, language) : null,
    countsInWords(moved, language),
    warnings.length > 0 ? `! ${warnings.join(', ')}` : null,
  ]
    .filter(Boolean)
    .join('  ')
}

function whatFailed({ code, details }: Told, language: Language): string | null {
  if (code === 'step-failed') return say(CAMPAIGN_LINES.pairFailed, language, details)
  return isFailureCode(code) ? failureSentence(code, details, language) : null
}

/** The columns of `report --csv`: those of a line, then one for each kind of row that moved. */
export const CSV_COLUMNS = ['keep', 'remove', 'outcome', 'reason', 'warnings', 'merge', ...MOVED]

/** A pair under those columns; a list is separated by spaces, what is not known is empty. */
export function csvRow({ warnings, moved, ...rest }: PairReport): Record<string, string | number | null> {
  return { ...rest, warnings: warnings.join(' '), ...moved }
}
