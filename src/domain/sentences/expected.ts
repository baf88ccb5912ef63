import type { Sentence } from './language'

/** What was expected where something else was given: the code `expected` of `bad-input`, with its details beside it. */
export const EXPECTED = {
  'no-such-key': { en: 'no such key', nl: 'geen gegeven met die naam' },
  'one-of': { en: 'one of {values}', nl: 'één van {values}' },
  'at-most': { en: 'at most {most}', nl: 'hoogstens {most}' },
  'at-least': { en: 'at least {least}', nl: 'minstens {least}' },
  'at-most-characters': { en: 'at most {most:character|characters}', nl: 'hoogstens {most:teken|tekens}' },
  'at-least-characters': { en: 'at least {least:character|characters}', nl: 'minstens {least:teken|tekens}' },
  date: { en: 'a date YYYY-MM-DD', nl: 'een datum JJJJ-MM-DD' },
  request: { en: 'an object {keep, remove, by, …}', nl: 'een object {keep, remove, by, …}' },
  number: { en: 'a number', nl: 'een getal' },
  int: { en: 'a whole number', nl: 'een geheel getal' },
  string: { en: 'a text', nl: 'een tekst' },
  array: { en: 'a list', nl: 'een lijst' },
  'something-else': { en: 'something else', nl: 'iets anders' },
  'no-national-number': { en: 'no national number in it', nl: 'dat er geen rijksregisternummer in staat' },
  'no-email-address': { en: 'no e-mail address in it', nl: 'dat er geen e-mailadres in staat' },
} as const satisfies Record<string, Sentence>
export type Expected = keyof typeof EXPECTED
