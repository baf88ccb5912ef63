import { OntdubbelError } from '../domain/errors'
import { MAX_REASON_CHARACTERS } from '../domain/request'
import { ERRORS, type Expected } from '../domain/sentences'
import { runOne, statement, type Queryable } from './statement'

const textHolds = statement<{ number: boolean; email: boolean }>(
  'reason.holds',
  `select national_number_in($1) is not null as number, $1 ~ '[^[:space:]@]+@[^[:space:]@]+' as email`,
)
/** What is expected of a reason that holds what must not stand in it (a national number, an e-mail address); else null. */
export async function expectedOfReason(db: Queryable, reason: string): Promise<Expected | null> {
  const holds = await runOne(db, textHolds, [reason])
  return holds?.number ? 'no-national-number' : holds?.email ? 'no-email-address' : null
}

/**
 * Refuses a reason (or another free text: `where` names it) that is too long, or holds what must not stand in it, before it is
 * recorded or sent anywhere.
 * @throws OntdubbelError `bad-input` (exit code 2)
 */
export async function checkReason(db: Queryable, reason: string | undefined, where = 'reason'): Promise<void> {
  if (reason === undefined) return
  const tooLong = reason.length > MAX_REASON_CHARACTERS
  const expected: Expected | null = tooLong ? 'at-most-characters' : await expectedOfReason(db, reason)
  if (expected === null) return
  const details = { where, expected, ...(tooLong && { most: MAX_REASON_CHARACTERS }) }
  throw new OntdubbelError('bad-input', ERRORS.badInput, 2, details)
}
