import { OUTCOMES, type CampaignReport, type CampaignStatus, type Outcome, type PauseCode } from '../campaign'
import { say } from './fill'
import { decimalIn } from './formats'
import type { Language, Sentence } from './language'
import { UNDO_MANY_LINES } from './undoMany'
import { valueWord } from './values'

/** Why a campaign pauses, and what can be done. Details: `campaign`, and those of the pause. */
export const PAUSE_SENTENCES: Record<PauseCode, Sentence> = {
  asked: {
    en: 'It was asked to pause (by {by}). "ontdubbel campaign resume {campaign}" goes on.',
    nl: 'Er werd gevraagd om te pauzeren (door {by}). "ontdubbel campaign resume {campaign}" gaat verder.',
  },
  'first-pairs': {
    en: 'The first pairs of the list are done ({first}), for a look: "ontdubbel campaign report {campaign}". "ontdubbel campaign resume {campaign}" goes on.',
    nl: 'De eerste paren van de lijst zijn klaar ({first}) en kunnen bekeken worden: "ontdubbel campaign report {campaign}". "ontdubbel campaign resume {campaign}" gaat verder.',
  },
  'too-many-bad': {
    en: 'Too many of the last pairs were set aside or need attention ({bad} of {of}): see "ontdubbel campaign report {campaign} --outcome set-aside". "ontdubbel campaign resume {campaign}" goes on all the same.',
    nl: 'Te veel van de laatste paren zijn opzij gezet of vragen aandacht ({bad} van {of}): zie "ontdubbel campaign report {campaign} --outcome set-aside". "ontdubbel campaign resume {campaign}" gaat toch verder.',
  },
  unforeseen: {
    en: 'Something failed that nobody foresaw ({failure}): see the log of the worker. When its cause is gone: "ontdubbel campaign resume {campaign}".',
    nl: 'Er ging iets mis dat niemand voorzag ({failure}): zie het logboek van de worker. Als de oorzaak weg is: "ontdubbel campaign resume {campaign}".',
  },
}

/** Why a campaign pauses, its details filled in. */
export function pauseSentence(code: PauseCode, details: Record<string, unknown>, language: Language): string {
  return say(PAUSE_SENTENCES[code], language, details)
}

/** What stands around a campaign's counts, on the command line and in the Temporal UI. */
export const CAMPAIGN_LINES = {
  /** All steps of a pair are one transaction: which of them it was is not told. */
  pairFailed: {
    en: 'The database refuses this pair (SQLSTATE {sqlState}) (table {table}) (rule {constraint}). Nothing of it was done.',
    nl: 'De databank weigert dit paar (SQLSTATE {sqlState}) (tabel {table}) (regel {constraint}). Er is niets van gedaan.',
  },
  waitsForMerge: { en: '(waits for merge {merge})', nl: '(wacht op ontdubbeling {merge})' },
  title: {
    en: 'Campaign {campaign} ({name}): {pairs:pair|pairs}, on {on} — {stands}',
    nl: 'Campagne {campaign} ({name}): {pairs:paar|paren}, {on} — {stands}',
  },
  whichAndWhy: {
    en: '{count}   ("ontdubbel campaign report {campaign} --outcome {code}" says which and why)',
    nl: '{count}   ("ontdubbel campaign report {campaign} --outcome {code}" zegt welke en waarom)',
  },
  rate: { en: '{rate} pairs a second.', nl: '{rate} paren per seconde.' },
  rateAndLeft: {
    en: '{rate} pairs a second, some {time} left.',
    nl: '{rate} paren per seconde, nog ongeveer {time}.',
  },
  /** Beside a progress bar. */
  rateBeside: { en: '{rate} pairs/s', nl: '{rate} paren/s' },
  left: { en: 'some {time} left', nl: 'nog ongeveer {time}' },
  outsideHours: {
    en: 'Outside of its hours ({hours}): it goes on by itself.',
    nl: 'Buiten de uren ({hours}): de campagne gaat vanzelf verder.',
  },
  first: {
    en: 'It pauses after the first {first:pair|pairs}, for a look.',
    nl: 'De campagne pauzeert na {first:paar|paren}, om te kijken.',
  },
  waitsFor: {
    en: 'Pairs wait for merges that are not finished: {merges}. "ontdubbel merge show {merge}" says what that one needs. The pairs are taken up afterwards.',
    nl: 'Er zijn paren die wachten op ontdubbelingen die nog niet klaar zijn: {merges}. "ontdubbel merge show {merge}" zegt wat er daar nodig is. Daarna komen die paren aan de beurt.',
  },
  setAside: {
    en: '"ontdubbel campaign retry {campaign}" tries again what was set aside.',
    nl: '"ontdubbel campaign retry {campaign}" probeert opnieuw wat opzij gezet is.',
  },
  cancelled: {
    en: 'It was cancelled. What was merged stays merged.',
    nl: 'De campagne is geannuleerd. Wat ontdubbeld is, blijft ontdubbeld.',
  },
  settings: {
    en: '{lanes:lane|lanes}, pace {pace}, {hours}',
    nl: '{lanes:spoor|sporen}, tempo {pace}, {hours}',
  },
  hours: { en: 'only {hours}', nl: 'alleen {hours}' },
  anyHour: { en: 'at any hour', nl: 'op elk uur' },
  started: { en: 'started on {at}', nl: 'gestart op {at}' },
  startedAndEnded: { en: 'started on {at}, ended on {until}', nl: 'gestart op {at}, geëindigd op {until}' },
  done: { en: '{done} of {pairs}', nl: '{done} van {pairs}' },
  none: { en: 'There is no campaign.', nl: 'Er is geen campagne.' },
} as const satisfies Record<string, Sentence>

/** What people look into: of these it is said how to see the pairs. */
const LOOKED_INTO: readonly Outcome[] = ['refused', 'needs-acceptance', 'set-aside', 'waiting', 'needs-attention']

/** `40 refused`: a line for each outcome that there is. */
export function outcomeLines({ id, outcomes }: CampaignReport, language: Language): string[] {
  const width = Math.max(...OUTCOMES.map((outcome) => String(outcomes[outcome]).length))
  return OUTCOMES.filter((outcome) => outcomes[outcome] > 0).map((outcome) => {
    const count = `${String(outcomes[outcome]).padStart(width)} ${valueWord('outcome', outcome, language)}`
    if (!LOOKED_INTO.includes(outcome)) return count
    return say(CAMPAIGN_LINES.whichAndWhy, language, { count, campaign: id, code: outcome })
  })
}

/** What holds a campaign up, and what can be done about it: a sentence each. */
export function heldUpBy(report: CampaignReport, language: Language): string[] {
  const { id, status, withinHours, hours, paused, waitsFor } = report
  const waits = { campaign: id, merges: waitsFor, merge: waitsFor[0] }
  return [
    ...(paused === null ? [] : [paused.message]),
    ...(status === 'running' && !withinHours ? [say(CAMPAIGN_LINES.outsideHours, language, { hours })] : []),
    ...(waitsFor.length > 0 ? [say(CAMPAIGN_LINES.waitsFor, language, waits)] : []),
  ]
}

/** In these, what was set aside may be tried again. */
const RETRIED: readonly CampaignStatus[] = ['running', 'pausing', 'paused', 'completed']

/** How fast a campaign is, what holds it up, and what can be done: a sentence each. */
export function campaignSentences(report: CampaignReport, language: Language): string[] {
  const { id, status, outcomes, pairsPerSecond, secondsLeft, first, undo } = report
  const atWork = status === 'running' || status === 'pausing'
  const rate = pairsPerSecond === null || !atWork ? null : decimalIn(pairsPerSecond, language)
  const time = secondsLeft === null ? null : durationIn(secondsLeft, language)
  const said: (Sentence | null)[] = [
    rate === null ? null : time === null ? CAMPAIGN_LINES.rate : CAMPAIGN_LINES.rateAndLeft,
    status === 'running' && first !== null ? CAMPAIGN_LINES.first : null,
    RETRIED.includes(status) && outcomes['set-aside'] > 0 ? CAMPAIGN_LINES.setAside : null,
    status === 'cancelled' ? CAMPAIGN_LINES.cancelled : null,
    status === 'undoing' ? UNDO_MANY_LINES.campaignUndoing : null,
    status === 'undone' ? UNDO_MANY_LINES.campaignUndone : null,
    status === 'undone' && undo !== null && undo.notUndone > 0 ? UNDO_MANY_LINES.campaignNotUndone : null,
  ]
  const details = { campaign: id, rate, time, first, ...undo }
  return [
    ...heldUpBy(report, language),
    ...said.flatMap((sentence) => (sentence === null ? [] : [say(sentence, language, details)])),
  ]
}

/** The counts and the sentences in Markdown, for whoever opens its workflow in the Temporal UI. */
export function campaignDetails(report: CampaignReport, language: Language): string {
  const counts = outcomeLines(report, language).map((line) => `- ${line.trimStart()}`)
  return [counts.join('\n'), ...campaignSentences(report, language)].join('\n\n')
}

/** How long something lasts, roughly. */
export const DURATIONS = {
  seconds: { en: '{n:second|seconds}', nl: '{n:seconde|seconden}' },
  minutes: { en: '{n:minute|minutes}', nl: '{n:minuut|minuten}' },
  hours: { en: '{hours} h {minutes} min', nl: '{hours} u {minutes} min' },
} as const satisfies Record<string, Sentence>

const SECONDS_PER_MINUTE = 60
const SECONDS_PER_HOUR = 3_600

/** `40 seconds`, `12 minutes`, `3 h 20 min`. */
export function durationIn(seconds: number, language: Language): string {
  if (seconds < 2 * SECONDS_PER_MINUTE) return say(DURATIONS.seconds, language, { n: Math.ceil(seconds) })
  const minutes = Math.ceil(seconds / SECONDS_PER_MINUTE)
  if (seconds < 2 * SECONDS_PER_HOUR) return say(DURATIONS.minutes, language, { n: minutes })
  return say(DURATIONS.hours, language, { hours: Math.floor(minutes / 60), minutes: minutes % 60 })
}
