import type { Refusal, Told } from '../codes'
import { UNDO_MANY_OUTCOMES, type UndoManyReport } from '../undoMany'
import { failureSentence, isFailureCode } from './failures'
import { say } from './fill'
import type { Language, Sentence } from './language'
import { refusalSentence } from './refusals'
import { valueWord } from './values'

/** What stands around an undo of many, on the command line and in the Temporal UI. */
export const UNDO_MANY_LINES = {
  ofCampaign: {
    en: 'Undo of campaign {campaign}: {merges:merge|merges}, latest first — {stands}',
    nl: 'Campagne {campaign} ongedaan maken: {merges:ontdubbeling|ontdubbelingen}, de laatste eerst — {stands}',
  },
  ofOthers: {
    en: 'Undo of many {undo} (approved by {approvedBy}) (made from {from} on) (made before {to}): {merges:merge|merges}, latest first — {stands}',
    nl: 'Reeks {undo} ongedaan maken (goedgekeurd door {approvedBy}) (gemaakt vanaf {from}) (gemaakt voor {to}): {merges:ontdubbeling|ontdubbelingen}, de laatste eerst — {stands}',
  },
  preview: {
    en: 'What an undo would do, as things are now: {merges:merge|merges}',
    nl: 'Wat ongedaan maken nu zou doen: {merges:ontdubbeling|ontdubbelingen}',
  },
  wouldBeUndone: { en: '{undone} would be undone', nl: '{undone} worden ongedaan gemaakt' },
  wouldBeRefused: { en: '{refused} would be refused', nl: '{refused} worden geweigerd' },
  byCode: { en: '{count} {code}: merges {ids}', nl: '{count} {code}: ontdubbelingen {ids}' },
  byCodeAndMore: {
    en: '{count} {code}: merges {ids}, and {more} more (--json has all)',
    nl: '{count} {code}: ontdubbelingen {ids}, en nog {more} (--json toont alles)',
  },
  done: { en: '{done} of {merges}', nl: '{done} van {merges}' },
  waits: {
    en: 'Apart again, but the links at the portal are still to be brought back: {waits}. They are tried again each minute, by themselves. At once: "ontdubbel merge retry-portal --status undo-waiting-for-portal".',
    nl: 'Weer apart, maar de koppelingen in Mijn Bibliotheek moeten nog terug: {waits}. Ze worden elke minuut vanzelf opnieuw geprobeerd. Meteen: "ontdubbel merge retry-portal --status undo-waiting-for-portal".',
  },
  attention: {
    en: 'Apart again, but the portal refuses, or did not do its part for 30 days: {attention}. "ontdubbel merge list --status needs-attention" says which.',
    nl: 'Weer apart, maar Mijn Bibliotheek weigert, of deed 30 dagen lang zijn deel niet: {attention}. "ontdubbel merge list --status needs-attention" zegt welke.',
  },
  campaignUndoing: {
    en: 'It is being undone: {undone} of {merges} so far.',
    nl: 'Ze wordt ongedaan gemaakt: al {undone} van {merges}.',
  },
  campaignUndone: {
    en: 'It was undone: {undone} of {merges}.',
    nl: 'Ze is ongedaan gemaakt: {undone} van {merges}.',
  },
  campaignNotUndone: {
    en: 'Not undone: {notUndone}. "ontdubbel campaign undo {campaign} --preview" says what stands in the way of which; "ontdubbel campaign undo {campaign}" tries them again.',
    nl: 'Niet ongedaan gemaakt: {notUndone}. "ontdubbel campaign undo {campaign} --preview" zegt waarom; "ontdubbel campaign undo {campaign}" probeert ze opnieuw.',
  },
  /** What a person does about one that failed. */
  onceMore: {
    en: 'When its cause is gone: "ontdubbel undo {merge}".',
    nl: 'Als de oorzaak weg is: "ontdubbel undo {merge}".',
  },
} as const satisfies Record<string, Sentence>

/** What is told while many are undone. */
export const UNDO_MANY_OPERATIONS = {
  begins: {
    en: 'Undoing {merges:merge|merges}, latest first.',
    nl: 'Worden ongedaan gemaakt, de laatste eerst: {merges:ontdubbeling|ontdubbelingen}.',
  },
  joined: {
    en: 'The same is being undone already: it is followed.',
    nl: 'Hetzelfde wordt al ongedaan gemaakt: dat wordt gevolgd.',
  },
  nothing: {
    en: 'There is no merge to undo.',
    nl: 'Er is geen ontdubbeling om ongedaan te maken.',
  },
  noWorker: {
    en: 'No worker is running: the undo is started, and runs when one comes ("ontdubbel worker", or "ontdubbel up").',
    nl: 'Er draait geen worker: het ongedaan maken is gestart en loopt zodra er een is ("ontdubbel worker" of "ontdubbel up").',
  },
  notFollowed: {
    en: 'No longer followed; the undo goes on. The same command follows it again.',
    nl: 'Wordt niet meer gevolgd; het ongedaan maken gaat verder. Dezelfde opdracht volgt het opnieuw.',
  },
  gone: {
    en: 'The workflow of the undo has ended before it was done: see the log of the worker. The same command goes on with it.',
    nl: 'De workflow van het ongedaan maken is gestopt voor hij klaar was: zie het logboek van de worker. Dezelfde opdracht gaat ermee verder.',
  },
} as const satisfies Record<string, Sentence>

/** What ends a command about an undo of many. */
export const UNDO_MANY_ERRORS = {
  unknown: { en: 'There is no undo of many {undo}.', nl: 'Er is geen reeks {undo} om ongedaan te maken.' },
  campaignRuns: {
    en: 'Campaign {campaign} is still merging. Stop it first: "ontdubbel campaign pause {campaign}" or "ontdubbel campaign cancel {campaign}".',
    nl: 'Campagne {campaign} is nog bezig. Hou haar eerst tegen: "ontdubbel campaign pause {campaign}" of "ontdubbel campaign cancel {campaign}".',
  },
  endsBefore: { en: 'The time of --to must be after that of --from.', nl: '--to moet na --from komen.' },
  oneOrMany: {
    en: 'Give the id of a merge, or which merges: --approved-by, --from (and --to).',
    nl: 'Geef het nummer van een ontdubbeling, of welke: --approved-by, --from (en --to).',
  },
} as const satisfies Record<string, Sentence>

/** What --from and --to must be. */
export const UNDO_MANY_WANTED = {
  moment: {
    en: 'It is a date YYYY-MM-DD (from its beginning in Europe/Brussels), or a moment with its zone, as 2026-11-27T14:30+01:00.',
    nl: 'Het moet een datum JJJJ-MM-DD zijn (vanaf het begin van die dag in Brussel), of een tijdstip met zijn zone, zoals 2026-11-27T14:30+01:00.',
  },
} as const satisfies Record<string, Sentence>

/** Why a merge was not undone with the others, and what can be done. */
export function notUndoneSentence({ code, details }: Told, language: Language): string {
  if (!isFailureCode(code)) return refusalSentence(code as Refusal['code'], details, language)
  return `${failureSentence(code, details, language)} ${say(UNDO_MANY_LINES.onceMore, language, details)}`
}

type Shown = Omit<UndoManyReport, 'temporalUrl'>

/** What it is an undo of, and how it stands. */
export function undoManyTitle(report: Shown, language: Language): string {
  const { id, campaign, approvedBy, from, to, merges, status } = report
  const sentence = campaign === null ? UNDO_MANY_LINES.ofOthers : UNDO_MANY_LINES.ofCampaign
  return say(sentence, language, { undo: id, campaign, approvedBy, from, to, merges, stands: status })
}

/** `40 refused`: a line for each outcome that there is. */
export function undoManyLines({ outcomes }: Shown, language: Language): string[] {
  const width = Math.max(...UNDO_MANY_OUTCOMES.map((outcome) => String(outcomes[outcome]).length))
  return UNDO_MANY_OUTCOMES.filter((outcome) => outcomes[outcome] > 0).map(
    (outcome) => `${String(outcomes[outcome]).padStart(width)} ${valueWord('undoManyOutcome', outcome, language)}`,
  )
}

/** So many ids are named of those with one code. */
const IDS_NAMED = 5

/** `3 later-merge: merges 17, 18, 19`: a line for each code. `counts` may be of more than `named`. */
export function notUndoneLines(
  counts: Readonly<Record<string, number>>,
  named: UndoManyReport['notUndone'],
  language: Language,
): string[] {
  return Object.entries(counts).map(([code, count]) => {
    const ids = named.filter((one) => one.code === code).slice(0, IDS_NAMED)
    const more = count - ids.length
    const sentence = more > 0 ? UNDO_MANY_LINES.byCodeAndMore : UNDO_MANY_LINES.byCode
    return say(sentence, language, { count, code, ids: ids.map(({ merge }) => merge), more })
  })
}

/** What waits, and what can be done about it: a sentence each. */
export function undoManySentences({ waitsForPortal, needsAttention, status }: Shown, language: Language): string[] {
  return [
    // until then it has not been tried
    ...(waitsForPortal > 0 && status === 'undone'
      ? [say(UNDO_MANY_LINES.waits, language, { waits: waitsForPortal })]
      : []),
    ...(needsAttention > 0 ? [say(UNDO_MANY_LINES.attention, language, { attention: needsAttention })] : []),
  ]
}

/** The counts and the sentences in Markdown, for whoever opens its workflow in the Temporal UI. */
export function undoManyDetails(report: Shown, language: Language): string {
  const counts = undoManyLines(report, language).map((line) => `- ${line.trimStart()}`)
  const others = notUndoneLines(report.notUndoneBy, report.notUndone, language).map((line) => `  - ${line}`)
  return [[...counts, ...others].join('\n'), ...undoManySentences(report, language)].join('\n\n')
}
