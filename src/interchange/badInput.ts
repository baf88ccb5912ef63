import { sqlState } from '../database/failures'
import { OntdubbelError } from '../domain/errors'

/** What is wrong with a file: where, and what was expected there. Never what stands there: it may be personal data. */
export interface Problem {
  /** From 1. */
  line: number
  /** As `contacts[1].kind`; empty for the line as a whole. */
  path: string
  reason: string
}

/** The error for a line of an interchange file, exit code 2. */
export function badLine({ line, path, reason }: Problem): OntdubbelError {
  const where = path === '' ? `line ${line}` : `line ${line}, ${path}`
  return new OntdubbelError('bad-input', `${where}: ${reason}`, 2, { line, path, reason })
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
    const what = constraint ? `constraint ${constraint} of ${table}` : `SQLSTATE ${state}`
    return new OntdubbelError(
      'bad-input',
      `the database refuses what is in the file (${what}); nothing was loaded`,
      2,
      {
        constraint: constraint ?? null,
        sqlState: state,
      },
    )
  }
  if (state === '55P03') {
    return new OntdubbelError(
      'database-busy',
      'a record that the file names is in use; nothing was loaded, import it again',
      1,
    )
  }
  return error
}
