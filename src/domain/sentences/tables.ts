import { datesIn } from './formats'
import type { Language, Sentence } from './language'
import { VALUES, valueWord, type ValueKind } from './values'

/** What a preview says it alters or deletes: the tables of which a step notes changes. */
export const TABLES = {
  patron: { en: 'patron', nl: 'klant' },
  hold: { en: 'hold', nl: 'reservering' },
  contact: { en: 'contact', nl: 'contactgegeven' },
  subscription: { en: 'subscription', nl: 'abonnement' },
  history_preference: { en: 'loan-history preference at', nl: 'voorkeur leenhistoriek in' },
} as const satisfies Record<string, Sentence>

/** The columns that a step may alter, of these tables. */
export const COLUMNS = {
  last_name: { en: 'last name', nl: 'naam' },
  first_name: { en: 'first name', nl: 'voornaam' },
  gender: { en: 'gender', nl: 'geslacht' },
  birth_date: { en: 'birth date', nl: 'geboortedatum' },
  street: { en: 'street', nl: 'straat' },
  house_number: { en: 'number', nl: 'huisnummer' },
  box: { en: 'box', nl: 'bus' },
  postcode: { en: 'postcode', nl: 'postnummer' },
  city: { en: 'city', nl: 'gemeente' },
  national_number: { en: 'national number', nl: 'rijksregisternummer' },
  registered_on: { en: 'registered on', nl: 'ingeschreven op' },
  last_activity_on: { en: 'last activity', nl: 'laatste activiteit' },
  internet_block: { en: 'internet block', nl: 'internetblokkade' },
  status: { en: 'status', nl: 'status' },
  reason: { en: 'reason', nl: 'reden' },
  stopped_on: { en: 'stopped on', nl: 'stopgezet op' },
  is_primary: { en: 'primary', nl: 'voorkeur' },
} as const satisfies Record<string, Sentence>

/** The columns whose values are codes. */
const KINDS: Partial<Record<string, ValueKind>> = {
  gender: 'gender',
  internet_block: 'internetBlock',
  status: 'hold',
  reason: 'holdReason',
  is_primary: 'flag',
}

/** A table as people read it; the name itself where it is none of TABLES. */
export function tableWord(table: string, language: Language): string {
  return TABLES[table as keyof typeof TABLES]?.[language] ?? table
}

/** `status waiting → cancelled`: one column of a row that is altered. */
export function columnInWords(column: string, was: unknown, now: unknown, language: Language): string {
  const word = COLUMNS[column as keyof typeof COLUMNS]?.[language] ?? column
  return `${word} ${cell(column, was, language)} → ${cell(column, now, language)}`
}

function cell(column: string, value: unknown, language: Language): string {
  if (value === null || value === undefined) return '–'
  const text = String(value as string | number | boolean)
  const kind = KINDS[column]
  return kind && text in VALUES[kind] ? valueWord(kind, text, language) : datesIn(text, language)
}
