import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { problem, type Answer } from './answers'
import { inTransaction, type Tx } from './store'

/** The contract promises 45 days; the rest is a margin for clocks and for callers that count from later on. */
const KEPT_DAYS = 60

export interface OnceAnswer {
  readonly answer: Answer
  /** Whether this call did the work, and not an earlier one with its key. */
  readonly worked: boolean
}

/** The work did nothing, so neither it nor its key is kept. */
class NothingDone extends Error {
  constructor(readonly answer: Answer) {
    super('nothing done')
  }
}

/**
 * Does `work` once for a key: work and key are committed in one transaction, and whoever comes with the same key
 * meanwhile waits on it. `request` is all that makes two requests the same, in a fixed order. Only what was answered
 * with 200 is kept with its key; anything else is rolled back and judged anew the next time.
 */
export async function once(
  pool: Pool,
  key: string,
  request: readonly (string | number)[],
  work: (tx: Tx) => Promise<Answer>,
): Promise<OnceAnswer> {
  // A digest, since the table keeps it for weeks and nobody needs to read account ids in it.
  const digest = createHash('sha256').update(JSON.stringify(request)).digest('hex')
  for (;;) {
    const answered = await tryOnce(pool, key, digest, work)
    if (answered !== undefined) return answered
  }
}

async function tryOnce(
  pool: Pool,
  key: string,
  digest: string,
  work: (tx: Tx) => Promise<Answer>,
): Promise<OnceAnswer | undefined> {
  try {
    return await inTransaction(pool, async (tx) => {
      const taken = await tx.query(
        'insert into idempotency_key (key, request) values ($1, $2) on conflict do nothing',
        [key, digest],
      )
      if (taken.rowCount === 0) return earlier(tx, key, digest)
      const answer = await work(tx)
      if (answer.status !== 200) throw new NothingDone(answer)
      await tx.query('update idempotency_key set answer = $2 where key = $1', [key, JSON.stringify(answer)])
      return { answer, worked: true }
    })
  } catch (error) {
    if (error instanceof NothingDone) return { answer: error.answer, worked: false }
    throw error
  }
}

/** What was answered the first time; undefined where the key has been forgotten at this very moment. */
async function earlier(tx: Tx, key: string, digest: string): Promise<OnceAnswer | undefined> {
  const { rows } = await tx.query<{ request: string; answer: Answer }>(
    'select request, answer from idempotency_key where key = $1',
    [key],
  )
  const row = rows[0]
  if (row === undefined) return undefined
  return { answer: row.request === digest ? row.answer : problem('idempotency-key-reused'), worked: false }
}

/** Forgets keys that are past their time. */
export async function forgetOldKeys(pool: Pool): Promise<void> {
  await pool.query("delete from idempotency_key where at < now() - $1 * interval '1 day'", [KEPT_DAYS])
}
