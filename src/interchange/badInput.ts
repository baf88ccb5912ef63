import { sqlState } from '../database/failures'
import { OntdubbelError } from '../domain/errors'
import { IMPORT_PROBLEMS, IMPORT_SENTENCES, say, type Sentence } from '../domain/sentences'

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

/** The error for a line of an interchange file, exit code 2. */
export function badLine({ line, path, says, about = {} }: Problem): OntdubbelError {
  const whole = path === '' ? IMPORT_PROBLEMS.atLine : IMPORT_PROBLEMS.atPath
  const sentence = { en: whole.en.replace('{reason}', () => says.en), nl: whole.nl.replace('{reason}', () => says.nl) }
  return new OntdubbelError('bad-input', sentence, 2, { ...about, line, path, reason: say(says, 'en', about) })
}

/** SQLSTATE classes that mean: this data does not go into these tables. 54: an index row too long. */
const REFUSED_BY_THE_TABLES = ['22', '23', '54', 'OD']

/**
 * The last net: what the tables' own constraints refuse although every check passed (somebody wrote the same key at the
 * same moment). Names the constraint, never the values. Any other error comes back as it is.
 */
export function refusedByTheDatabase(error: unknown): unknown {
  const state = sqlState(error)
  if (state === undefined) return error
  const { constraint, table } = error as { constraint?: string; table?: string }
  if (REFUSED_BY_THE_TABLES.includes(state.slice(0, 2))) {
    const what = constraint ? `${table}: ${constraint}` : `SQLSTATE ${state}`
    const details = { constraint: constraint ?? null, sqlState: state, what }
    return new OntdubbelError('bad-input', IMPORT_SENTENCES.refusedByTables, 2, details)
  }
  if (state === '55P03') return new OntdubbelError('database-busy', IMPORT_SENTENCES.recordInUse)
  return error
}
