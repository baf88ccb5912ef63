import { OntdubbelError } from '../domain/errors'
import { MAX_REASON_CHARACTERS } from '../domain/request'
import { runOne, statement, type Queryable } from './statement'

const textHolds = statement<{ number: boolean; email: boolean }>(
  'reason.holds',
  `select national_number_in($1) is not null as number, $1 ~ '[^[:space:]@]+@[^[:space:]@]+' as email`,
)
/** Whether a reason holds what must not stand in it: a national number or an e-mail address. */
export async function reasonRefused(
  db: Queryable,
  reason: string,
): Promise<'national number' | 'e-mail address' | null> {
  const holds = await runOne(db, textHolds, [reason])
  return holds?.number ? 'national number' : holds?.email ? 'e-mail address' : null
}

/**
 * Refuses a reason that is too long, or holds what must not stand in it, before it is recorded or sent anywhere.
 * @throws OntdubbelError `bad-input` (exit code 2)
 */
export async function checkReason(db: Queryable, reason: string | undefined): Promise<void> {
  if (reason === undefined) return
  const wrong =
    reason.length > MAX_REASON_CHARACTERS
      ? `at most ${MAX_REASON_CHARACTERS} characters`
      : await reasonRefused(db, reason)
  if (wrong === null) return
  const expected = reason.length > MAX_REASON_CHARACTERS ? wrong : `no ${wrong} in it`
  throw new OntdubbelError('bad-input', `Wrong input at reason: expected ${expected}.`, 2)
}
