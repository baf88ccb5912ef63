import type { Sentence } from './language'

/** Why a line of an interchange file cannot be taken. None quotes what stands there: it may be personal data. */
export const IMPORT_PROBLEMS = {
  atLine: { en: 'line {line}: {reason}', nl: 'regel {line}: {reason}' },
  atPath: { en: 'line {line}, {path}: {reason}', nl: 'regel {line}, {path}: {reason}' },

  notUtf8: { en: 'not UTF-8', nl: 'geen UTF-8' },
  lineTooLong: { en: 'longer than {most} MiB', nl: 'langer dan {most} MiB' },
  notJson: { en: 'not JSON', nl: 'geen JSON' },
  notRecord: { en: 'not a record', nl: 'geen record' },
  unknownKey: { en: 'unknown key', nl: 'onbekend gegeven' },
  expected: { en: 'expected {wanted}', nl: 'verwacht: {wanted}' },
  missing: { en: 'missing: expected {wanted}', nl: 'ontbreekt; verwacht: {wanted}' },

  intoItself: { en: 'a record cannot be merged into itself', nl: 'een record kan niet met zichzelf ontdubbeld zijn' },
  mergedHoldsNothing: {
    en: 'a record with mergedInto holds nothing else',
    nl: 'een record met mergedInto bevat verder niets',
  },
  circle: { en: 'leads in a circle', nl: 'leidt in een kring' },
  primaryTwice: { en: 'there is a primary {kind} already', nl: 'er is al een voorkeur ({kind})' },
  preferenceTwice: {
    en: 'there is a preference for this library already',
    nl: 'er is al een voorkeur voor deze bib',
  },
  holdTooLong: {
    en: 'longer than {most} bytes with its library',
    nl: 'langer dan {most} bytes, samen met de bib',
  },
  holdTwice: {
    en: 'there is an open hold for this title and pickup library already',
    nl: 'er is al een open reservering op deze titel met deze afhaalbib',
  },
  chargeOfOthers: {
    en: 'charge {charge} is not among the charges of this record',
    nl: 'kost {charge} staat niet bij de kosten van dit record',
  },
  paidTooMuch: {
    en: 'the payments of charge {charge} are more than its amount',
    nl: 'de betalingen van kost {charge} zijn samen meer dan het bedrag',
  },
  linkTwice: { en: 'the account has this link already', nl: 'het profiel heeft deze koppeling al' },
  accountTooLong: {
    en: 'an account is at most {most} characters long',
    nl: 'een profiel is hoogstens {most} tekens lang',
  },

  twice: { en: 'the same stands in the file before already', nl: 'hetzelfde staat al eerder in het bestand' },
  inStore: { en: 'the same is in the store already', nl: 'hetzelfde staat al in de databank' },
  patronInStore: { en: 'patron {patron} is in the store already', nl: 'klant {patron} staat al in de databank' },
  patronMerged: {
    en: 'patron {patron} was merged into {into}',
    nl: 'klant {patron} is ontdubbeld en is nu {into}',
  },
  noSuchPatron: { en: 'there is no patron {patron}', nl: 'klant {patron} bestaat niet' },
  noSuchLibrary: { en: 'there is no such library', nl: 'die bib bestaat niet' },
  nationalNumber: {
    en: 'its check digits, or its month, are those of no national number',
    nl: 'met dit controlegetal of deze maand is het geen rijksregisternummer',
  },
  noReferencePortal: {
    en: 'portal accounts cannot be loaded: there is no reference portal',
    nl: 'profielen van Mijn Bibliotheek kunnen niet geladen worden: er is geen referentieportaal',
  },
  noPortalForAccounts: {
    en: 'portal accounts need a portal, and none is known: set PORTAL_URL',
    nl: 'profielen van Mijn Bibliotheek vragen een portaal, en er is geen bekend: stel PORTAL_URL in',
  },
} as const satisfies Record<string, Sentence>

/** What is expected of a value in an interchange file. */
export const IMPORT_WANTS = {
  id: { en: 'a whole number from 1 to 2^53 - 1', nl: 'een geheel getal van 1 tot 2^53 - 1' },
  key: {
    en: 'a text of 1 to {most} characters without control characters',
    nl: 'een tekst van 1 tot {most} tekens zonder stuurtekens',
  },
  text: {
    en: 'a text without NUL and without half surrogate pairs',
    nl: 'een tekst zonder NUL en zonder halve surrogaatparen',
  },
  contact: {
    en: 'a text of at most {most} characters, without NUL and half surrogate pairs',
    nl: 'een tekst van hoogstens {most} tekens, zonder NUL en halve surrogaatparen',
  },
  date: { en: 'a date that the calendar has, as YYYY-MM-DD', nl: 'een bestaande datum, als JJJJ-MM-DD' },
  instant: {
    en: 'an instant in ISO 8601 with its offset, as 2026-11-01T10:00:00+01:00',
    nl: 'een tijdstip in ISO 8601 met tijdzone, zoals 2026-11-01T10:00:00+01:00',
  },
  cents: {
    en: 'euro cents, a whole number from 0 to 2^53 - 1',
    nl: 'eurocent, een geheel getal van 0 tot 2^53 - 1',
  },
  flag: { en: 'true or false', nl: 'true of false' },
  count: { en: 'a whole number from 0 to {most}', nl: 'een geheel getal van 0 tot {most}' },
  oneOf: { en: 'one of {values}', nl: 'één van {values}' },
  list: { en: 'a list', nl: 'een lijst' },
  object: { en: 'an object', nl: 'een object' },
  nationalNumber: { en: 'a national number, as eleven digits', nl: 'een rijksregisternummer, elf cijfers' },
  anyText: { en: 'a text', nl: 'een tekst' },
} as const satisfies Record<string, Sentence>
export type ImportWant = keyof typeof IMPORT_WANTS
