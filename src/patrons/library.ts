import { runOne, statement, type Queryable } from '../database/statement'
import { OntdubbelError } from '../domain/errors'
import { ERRORS } from '../domain/sentences'

const known = statement<{ id: string }>('patrons.library', `select id from library where id = $1`)

/** Rejects with `unknown-library` (exit code 2) where there is no library of this id. */
export async function requireLibrary(db: Queryable, library: string): Promise<void> {
  if ((await runOne(db, known, [library])) === undefined) {
    throw new OntdubbelError('unknown-library', ERRORS.unknownLibrary, 2, { library })
  }
}
