import { OntdubbelError } from '../domain/errors'
import { IMPORT_PROBLEMS, say, type Sentence } from '../domain/sentences'

/** Why something in a file cannot be taken. Never what stands there: it may be personal data. */
export interface Reason {
  says: Sentence
  /** Of the sentence: ids, limits, what was expected. */
  about?: Readonly<Record<string, unknown>>
}

/** Where in a record, and why it cannot be taken. */
export interface Contradiction extends Reason {
  /** As `contacts[1].kind`; empty for the line as a whole. */
  path: string
}

/** What is wrong with a file. */
export interface Problem extends Contradiction {
  /** From 1. */
  line: number
}

/** The error for a line of a file, exit code 2. */
export function badLine({ line, path, says, about = {} }: Problem): OntdubbelError {
  const whole = path === '' ? IMPORT_PROBLEMS.atLine : IMPORT_PROBLEMS.atPath
  const sentence = { en: whole.en.replace('{reason}', () => says.en), nl: whole.nl.replace('{reason}', () => says.nl) }
  return new OntdubbelError('bad-input', sentence, 2, { ...about, line, path, reason: say(says, 'en', about) })
}
