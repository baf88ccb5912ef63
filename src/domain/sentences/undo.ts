import type { UndoCode } from '../codes'
import { inBrussels } from '../moments'
import { fill, type Language, type Sentence } from './fill'

const UNDO_SENTENCES: Record<UndoCode, Sentence> = {
  'history-not-restored': {
    en: 'The loan history that the merge erased does not come back: {loans} loans ({libraries}).',
    nl: 'De leenhistoriek die de ontdubbeling wiste, komt niet terug: {loans} uitleningen ({libraries}).',
  },
  'hold-not-restored': {
    en: 'Holds that are not put back, since their copies were collected or another hold stands there by now: {holds}. Ask the patron.',
    nl: 'Reserveringen die niet terugkomen, omdat ze zijn afgehaald of er intussen een andere staat: {holds}. Vraag het de klant.',
  },
  'contact-not-restored': {
    en: 'Contacts that are not put back, since the same stands there by now: {contacts}.',
    nl: 'Contactgegevens die niet terugkomen, omdat hetzelfde er intussen staat: {contacts}.',
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
    nl: 'Sinds de ontdubbeling gewijzigd en zo gelaten: {what}. Kijk het na op beide records.',
  },
  'went-with-removed': {
    en: 'Dated {since} or later and now on patron {patron}: {what}.',
    nl: 'Van {since} of later en nu bij klant {patron}: {what}.',
  },
  'stays-with-kept': {
    en: 'Dated {since} or later and left on patron {patron}: {what}. Move by hand what belongs to the other.',
    nl: 'Van {since} of later en bij klant {patron} gelaten: {what}. Zet met de hand over wat van de ander is.',
  },
  'portal-links-left': {
    en: 'Links at the portal that the patron changed since the merge and that stay as they are: {links} ({libraries}).',
    nl: 'Koppelingen in Mijn Bibliotheek die de klant sinds de ontdubbeling wijzigde en die zo blijven: {links} ({libraries}).',
  },
  'portal-links-given-up': {
    en: 'Links at the portal that were given up and may still point to the other record: {links} ({libraries}). A notice tells the desk.',
    nl: 'Koppelingen in Mijn Bibliotheek die zijn opgegeven en nog naar het andere record kunnen wijzen: {links} ({libraries}). Een melding zegt het de balie.',
  },
}

/** The sentence of what an undo tells; of `changed-since` and what came since, the lists and counts in words. */
export function undoSentence(code: UndoCode, details: Record<string, unknown>, language: Language): string {
  const what = 'rows' in details ? details.rows : details
  return fill(UNDO_SENTENCES[code][language], { ...details, what: listed(what) })
}

function listed(what: unknown): string {
  const entries = Object.entries((what ?? {}) as Record<string, unknown>)
  return entries.map(([kind, value]) => `${kind} ${Array.isArray(value) ? value.join(', ') : String(value)}`).join('; ')
}

const SEEN: Sentence = {
  en: 'From {from} to {to} whoever used a card or login of patron {patron} could see of patron {of}: {rows}.',
  nl: 'Van {from} tot {to} kon wie een pas of login van klant {patron} gebruikte van klant {of} zien: {rows}.',
}

/** Who could see what of the other, and how long. `rows` in words. */
export function seenSentence(
  details: { patron: number; of: number; from: string; to: string; rows: string },
  language: Language,
): string {
  return fill(SEEN[language], {
    ...details,
    from: inBrussels(new Date(details.from)),
    to: inBrussels(new Date(details.to)),
  })
}
