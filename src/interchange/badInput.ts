import { sqlState } from '../database/failures'
import { OntdubbelError } from '../domain/errors'
import { IMPORT_SENTENCES } from '../domain/sentences'

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
