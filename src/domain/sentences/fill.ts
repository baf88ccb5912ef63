import { EXPECTED } from './expected'
import { datesIn } from './formats'
import type { Language, Sentence } from './language'
import { STEP_SENTENCES } from './steps'
import { VALUES } from './values'

type Details = Readonly<Record<string, unknown>>

/** Details that are dates or moments. What somebody typed is told as it was typed. */
const WHEN: ReadonlySet<string> = new Set(['on', 'from', 'to', 'until', 'today', 'since', 'at'])

/** Details whose values are codes, by their names: a sentence says them in words. */
const IN_WORDS: Record<string, Record<string, Sentence>> = {
  fields: VALUES.field,
  because: VALUES.because,
  step: STEP_SENTENCES,
  expected: EXPECTED,
  status: VALUES.status,
  stands: VALUES.campaignStatus,
  pace: VALUES.pace,
}

/** A sentence in a language, its details filled in: see `fill`. */
export function say(sentence: Sentence, language: Language, details: Details = {}): string {
  return fill(sentence[language], details, language)
}

/**
 * Puts details in the place of {names}; a bracket whose name has no detail goes with it; {n:loan|loans} is a number with the
 * word for it. Dates (WHEN) come out as people read them, codes that IN_WORDS knows as words. A detail may be a sentence,
 * whose own details stand beside it.
 */
export function fill(sentence: string, details: Details, language: Language = 'en'): string {
  const has = (name: string) => (details[name] ?? null) !== null
  const value = (name: string) => {
    const detail = details[name]
    return isSentence(detail) ? fill(detail[language], { ...details, [name]: undefined }, language) : detail
  }
  return sentence
    .replace(/ \([^(){}]*\{(\w+)\}[^(){}]*\)/g, (whole, name: string) => (has(name) ? whole : ''))
    .replace(/\{(\w+):([^|{}]*)\|([^{}]*)\}/g, (_, name: string, one: string, many: string) =>
      [shown(details[name]), details[name] === 1 ? one : many].join(' '),
    )
    .replace(/\{(\w+)\}/g, (_, name: string) => shown(value(name), (text) => inWords(name, text, details, language)))
}

function isSentence(value: unknown): value is Sentence {
  return typeof value === 'object' && value !== null && 'en' in value && typeof value.en === 'string' && 'nl' in value
}

function inWords(name: string, text: string, details: Details, language: Language): string {
  const sentence = IN_WORDS[name]?.[text]
  if (!sentence) return WHEN.has(name) ? datesIn(text, language) : text
  // its own details stand beside it, as `most` of an expectation; it is none of them
  return fill(sentence[language], { ...details, [name]: undefined }, language)
}

function shown(value: unknown, inWords: (text: string) => string = String): string {
  if (value === null || value === undefined) return '?'
  if (typeof value === 'string') return inWords(value)
  if (Array.isArray(value)) return value.map((one) => shown(one, inWords)).join(', ')
  if (typeof value === 'object') {
    const parts = Object.entries(value).map(([key, one]) =>
      key === 'hold' || key === 'library' ? shown(one, inWords) : `${key}: ${shown(one, inWords)}`,
    )
    return parts.join(' ')
  }
  return String(value as number | boolean)
}
