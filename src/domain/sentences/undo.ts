import type { UndoCode } from '../codes'
import { countsInWords } from './counts'
import { say } from './fill'
import type { Language, Sentence } from './language'

export const UNDO_SENTENCES: Record<UndoCode, Sentence> = {
  'history-not-restored': {
    en: 'The loan history that the merge erased does not come back: {loans:loan|loans} ({libraries}).',
    nl: 'De leenhistoriek die de ontdubbeling wiste, komt niet terug: {loans:uitlening|uitleningen} ({libraries}).',
  },
  'hold-not-restored': {
    en: 'Holds that are not put back, since their copies were collected or another hold stands there by now: {holds}. Ask the patron.',
    nl: 'Reserveringen die niet terugkomen, omdat ze afgehaald zijn of omdat er intussen een andere staat: {holds}. Vraag het aan de klant.',
  },
  'contact-not-restored': {
    en: 'Contacts that are not put back, since the same stands there by now: {contacts}.',
    nl: 'Contactgegevens die niet terugkomen, omdat ze er intussen al staan: {contacts}.',
  },
  'subscription-not-restored': {
    en: 'Subscriptions that are not put back: {subscriptions}.',
    nl: 'Abonnementen die niet terugkomen: {subscriptions}.',
  },
  'preference-not-restored': {
    en: 'The loan-history preference is not put back at: {libraries}.',
    nl: 'De voorkeur voor de leenhistoriek komt niet terug bij: {libraries}.',
  },
  'changed-since': {
    en: 'Changed since the merge, and left as it is now: {what}. Check it on both records.',
    nl: 'Sinds de ontdubbeling gewijzigd en zo gelaten: {what}. Kijk het na bij beide records.',
  },
  'went-with-removed': {
    en: 'Dated {since} or later and now on patron {patron}: {what}.',
    nl: 'Van {since} of later en nu bij klant {patron}: {what}.',
  },
  'stays-with-kept': {
    en: 'Dated {since} or later and left on patron {patron}: {what}. Move by hand what belongs to the other.',
    nl: 'Van {since} of later en bij klant {patron} gelaten: {what}. Zet met de hand over wat van de andere klant is.',
  },
  'portal-links-left': {
    en: 'Links at the portal that the patron changed since the merge and that stay as they are: {links} ({libraries}).',
    nl: 'Koppelingen in Mijn Bibliotheek die de klant sinds de ontdubbeling wijzigde en die zo blijven: {links} ({libraries}).',
  },
  'portal-links-given-up': {
    en: 'Links at the portal that were given up and may still point to the other record: {links} ({libraries}). A notice tells the desk.',
    nl: 'Koppelingen in Mijn Bibliotheek die zijn opgegeven en nog naar het andere record kunnen wijzen: {links} ({libraries}). Een melding zegt het aan de balie.',
  },
}

/** What `changed-since` lists, each by its ids or names. */
export const CHANGED_LISTS = {
  fields: { en: 'details ({fields})', nl: 'gegevens ({fields})' },
  holds: { en: 'holds ({holds})', nl: 'reserveringen ({holds})' },
  contacts: { en: 'contacts ({contacts})', nl: 'contactgegevens ({contacts})' },
  subscriptions: { en: 'subscriptions ({subscriptions})', nl: 'abonnementen ({subscriptions})' },
  preferences: {
    en: 'loan-history preferences ({preferences})',
    nl: 'voorkeuren voor de leenhistoriek ({preferences})',
  },
} as const satisfies Record<string, Sentence>

/** What stands around that on the command line. */
export const UNDO_LINES = {
  title: {
    en: 'Undo of merge {merge}: {remove} apart from {keep} — {status}',
    nl: 'Ontdubbeling {merge} ongedaan maken: {remove} weer los van {keep} — {status}',
  },
  back: { en: 'back on {remove}: {counts}', nl: 'terug bij {remove}: {counts}' },
  seen: {
    en: 'From {from} to {to} whoever used a card or login of patron {patron} could see of patron {of}: {rows}.',
    nl: 'Van {from} tot {to} kon wie een pas of login van klant {patron} gebruikte, van klant {of} dit zien: {rows}.',
  },
  started: { en: 'The undo is started.', nl: 'Het ongedaan maken is gestart.' },
  runningAlready: {
    en: 'An undo of this merge is running already.',
    nl: 'Deze ontdubbeling wordt al ongedaan gemaakt.',
  },
  noWorker: {
    en: 'No worker is running: the undo is started, and runs when one comes ("ontdubbel worker", or "ontdubbel up").',
    nl: 'Er draait geen worker: het ongedaan maken is gestart en loopt zodra er een is ("ontdubbel worker" of "ontdubbel up").',
  },
} as const satisfies Record<string, Sentence>

/** The sentence of what an undo tells; of `changed-since` and what came since, the lists and counts in words. */
export function undoSentence(code: UndoCode, details: Record<string, unknown>, language: Language): string {
  const what = 'rows' in details ? countsInWords(details.rows as object, language) : listed(details, language)
  return say(UNDO_SENTENCES[code], language, { ...details, what })
}

function listed(details: Record<string, unknown>, language: Language): string {
  return Object.entries(CHANGED_LISTS)
    .filter(([name]) => name in details)
    .map(([, sentence]) => say(sentence, language, details))
    .join('; ')
}

/** Who could see what of the other, and how long; `rows` are counts. */
export function seenSentence(
  { rows, ...details }: { patron: number; of: number; from: string; to: string; rows: Record<string, number> },
  language: Language,
): string {
  return say(UNDO_LINES.seen, language, { ...details, rows: countsInWords(rows, language) || '–' })
}
