import { say, type Language, type Sentence } from './sentences'

/**
 * An error that a person reads: what happened, to which id, what to do next. It never quotes personal data. What staff read
 * is given as a sentence of domain/sentences, with its details; what only ops read may be a text. `message` is English.
 * `exitCode` is what the command line ends with (cli.md): 1 failed, 2 bad input or usage, 3 refused, 4 waits.
 */
export class OntdubbelError extends Error {
  override readonly name = 'OntdubbelError'

  constructor(
    readonly code: string,
    readonly says: Sentence | string,
    readonly exitCode: 1 | 2 | 3 | 4 = 1,
    readonly details: Record<string, unknown> = {},
  ) {
    super(typeof says === 'string' ? says : say(says, 'en', details))
  }
}

/** Whether `error` is an OntdubbelError, by name: errors cross realms under jest and in worker threads. */
export function isOntdubbelError(error: unknown): error is OntdubbelError {
  return error instanceof Error && error.name === 'OntdubbelError'
}

/** What an error says in a language; what only ops read is English in both. */
export function errorIn({ says, details }: OntdubbelError, language: Language): string {
  return typeof says === 'string' ? says : say(says, language, details)
}
