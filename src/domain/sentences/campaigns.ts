import {
  OUTCOMES,
  type CampaignReport,
  type CampaignStatus,
  type Outcome,
  type FollowUpCode,
  type PauseCode,
} from '../campaign'
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

/** What is told while something is asked of a campaign, and while it is followed. */
export const CAMPAIGN_OPERATIONS = {
  reading: { en: 'reading the list: {pairs:pair|pairs}', nl: 'lijst lezen: {pairs:paar|paren}' },
  ordering: { en: 'putting {pairs:pair|pairs} in order', nl: '{pairs:paar|paren} op volgorde zetten' },
  started: {
    en: 'Campaign {campaign} is started: "ontdubbel campaign status {campaign}" says how far it is.',
    nl: 'Campagne {campaign} is gestart: "ontdubbel campaign status {campaign}" zegt hoe ver ze is.',
  },
  noWorker: {
    en: 'No worker is running: campaign {campaign} is started, and runs when one comes ("ontdubbel worker", or "ontdubbel up").',
    nl: 'Er draait geen worker: campagne {campaign} is gestart en loopt zodra er een is ("ontdubbel worker" of "ontdubbel up").',
  },
  noWorkerNotAsked: {
    en: 'No worker is running, so campaign {campaign} could not be asked. Start one ("ontdubbel worker", or "ontdubbel up"), then ask again.',
    nl: 'Er draait geen worker, dus er kon niets aan campagne {campaign} gevraagd worden. Start er een ("ontdubbel worker" of "ontdubbel up") en vraag het dan opnieuw.',
  },
  notFollowed: {
    en: 'No longer followed; campaign {campaign} goes on. "ontdubbel campaign status {campaign}" says how far it is, "ontdubbel campaign pause {campaign}" stops it.',
    nl: 'Wordt niet meer gevolgd; campagne {campaign} gaat verder. "ontdubbel campaign status {campaign}" zegt hoe ver ze is, "ontdubbel campaign pause {campaign}" houdt haar tegen.',
  },
  isSo: {
    en: 'Campaign {campaign} is {stands} already: there is nothing to do.',
    nl: 'Er is niets te doen: de status van campagne {campaign} is al {stands}.',
  },
  notNow: {
    en: 'Campaign {campaign} is {stands}: this cannot be asked of it.',
    nl: 'Dat kan niet gevraagd worden: de status van campagne {campaign} is {stands}.',
  },
  nothingSetAside: {
    en: 'No pair of campaign {campaign} is set aside: there is nothing to try again.',
    nl: 'Geen enkel paar van campagne {campaign} is opzij gezet: er valt niets opnieuw te proberen.',
  },
  /** By its workflow, which says in English why: `why`. */
  refused: { en: 'Campaign {campaign}: {why}', nl: 'Campagne {campaign}: {why}' },
} as const satisfies Record<string, Sentence>

/** What ends a command about campaigns. */
export const CAMPAIGN_ERRORS = {
  unknown: { en: 'There is no campaign {campaign}.', nl: 'Campagne {campaign} bestaat niet.' },
  onlyOnAPair: {
    en: '{option} {code} is given on the pair itself, in the list, never for a whole campaign.',
    nl: '{option} {code} geeft u bij het paar zelf, in de lijst, nooit voor een hele campagne.',
  },
  setWhat: { en: 'Say what to set: {options}.', nl: 'Zeg wat u wilt instellen: {options}.' },
  whichOne: {
    en: 'More than one campaign is under way: give the id of the one to follow.',
    nl: 'Er lopen verschillende campagnes: geef het nummer van de campagne die u wilt volgen.',
  },
  csvOrJson: { en: 'Give --csv or --json, not both.', nl: 'Geef --csv of --json, niet allebei.' },
} as const satisfies Record<string, Sentence>

/** What a campaign's options must be. */
export const CAMPAIGN_WANTED = {
  upTo: { en: 'It is a whole number from 1 to {most}.', nl: 'Het moet een geheel getal van 1 tot {most} zijn.' },
  hoursOrAny: {
    en: 'It is HH:MM-HH:MM in Europe/Brussels, as 22:00-06:00, or "any".',
    nl: 'Het moet UU:MM-UU:MM zijn, Brusselse tijd, zoals 22:00-06:00, of "any" voor elk uur.',
  },
} as const satisfies Record<string, Sentence>

/** What a campaign would do. */
export const CAMPAIGN_PREVIEW = {
  looking: { en: 'looking at the pairs', nl: 'paren bekijken' },
  all: { en: '{pairs:pair|pairs}: what a campaign would do', nl: '{pairs:paar|paren}: wat een campagne zou doen' },
  sample: {
    en: '{pairs:pair|pairs}, of which a sample of {previewed} was looked at ("--all" looks at all): what a campaign would do',
    nl: '{pairs:paar|paren}, waarvan een steekproef van {previewed} bekeken is ("--all" bekijkt alles): wat een campagne zou doen',
  },
  widely: {
    en: 'Not looked at, since too many others hang together with them: {widely:pair|pairs}.',
    nl: 'Niet bekeken, omdat er te veel andere mee samenhangen: {widely:paar|paren}.',
  },
  moves: { en: 'would move: {counts}', nl: 'zou overgezet worden: {counts}' },
} as const satisfies Record<string, Sentence>

/** What people have to do after a campaign. Details: `patron`, `removed`, `library`, `hold`. */
export const FOLLOW_UP_SENTENCES: Record<FollowUpCode, Sentence> = {
  'relabel-hold': {
    en: '{library}: hold {hold} lies ready with the label of {removed}: put the name of {patron} on it.',
    nl: '{library}: reservering {hold} ligt klaar met het etiket van {removed}: zet er {patron} op.',
  },
  register: {
    en: '{library}: patron {patron} is no longer found there: "ontdubbel register {patron} --library {library}".',
    nl: '{library}: klant {patron} wordt er niet meer gevonden: "ontdubbel register {patron} --library {library}".',
  },
  'look-at-block': {
    en: 'Look at the internet block of patron {patron} (merged with {removed}).',
    nl: 'Kijk de internetblokkade van klant {patron} na (ontdubbeld met {removed}).',
  },
  'link-given-up': {
    en: 'The link at the portal still points to {removed}: ask patron {patron} to unlink and link again ({library}).',
    nl: 'De koppeling in Mijn Bibliotheek wijst nog naar {removed}: vraag klant {patron} om te ontkoppelen en opnieuw te koppelen ({library}).',
  },
}

/** What is told when a whole campaign's patrons are registered again. */
export const REGISTERED_MANY = {
  done: {
    en: '{registered:patron was|patrons were} registered again at {library}.',
    nl: 'Opnieuw ingeschreven bij {library}: {registered:klant|klanten}.',
  },
} as const satisfies Record<string, Sentence>
