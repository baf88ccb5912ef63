import type { Pool, PoolClient } from 'pg'
import { inLongTransaction } from '../database/longTransaction'
import { StagedTables } from '../database/stagedTables'
import { runOne, statement } from '../database/statement'
import type { CampaignOptions } from '../domain/campaign'
import { OntdubbelError } from '../domain/errors'
import { isWithin, parseHours } from '../domain/hours'
import { IMPORT_SENTENCES, LIST_PROBLEMS } from '../domain/sentences'
import { badLine } from '../input/badLine'
import type { NumberedPair } from './pairList'

export interface LoadProgress {
  /** Then it is put in order, which takes some ten seconds for a million. */
  stage: 'reading' | 'ordering'
  pairs: number
}

export interface LoadOptions {
  /** Called now and then while the list is read, and when it is put in order. */
  onProgress?: (progress: LoadProgress) => void
  /** Stops; before the commit nothing is stored. */
  signal?: AbortSignal | undefined
}

const PROGRESS_EVERY_PAIRS = 1_000

const STAGED = new Map([
  [
    'staged_pair',
    ['n int', 'line int', 'kept bigint', 'removed bigint', 'take text[]', 'accept text[]', 'override text[]'],
  ],
])

const insertCampaign = statement<{ id: number }>(
  'campaign.insert',
  `insert into campaign (name, on_date, accept, override, lanes, pace, hours, within_hours, first, by, reason, pairs)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning id`,
)

/** The lowest line whose pair stands in an earlier one. */
const SAME_PAIR = `
  with doubled as (select kept, removed from staged_pair group by kept, removed having count(*) > 1),
  numbered as (
    select line, first_value(line) over same as before, row_number() over same as nth
    from staged_pair join doubled using (kept, removed) window same as (partition by kept, removed order by n))
  select line, before from numbered where nth > 1 order by line limit 1`

/**
 * campaigns.md: pairs that share a patron keep their order. Of each pair's two patrons (one, where it names one twice) the
 * pairs before and after, on whichever side the patron stands there.
 */
const INSERT_PAIRS = `
  with side as (
    select n, kept as patron, true as of_kept from staged_pair
    union all select n, removed, false from staged_pair where removed <> kept),
  neighbours as (
    select n, of_kept, lag(n) over by_patron as before, lead(n) over by_patron as after
    from side window by_patron as (partition by patron order by n)),
  waits as (
    select n, max(before) filter (where of_kept) as before, max(before) filter (where not of_kept) as also_before,
      count(after) > 0 as followed
    from neighbours group by n)
  insert into campaign_pair
    (campaign, n, kept, removed, take, accept, override, before, also_before, followed, state)
  select $1, n, kept, removed, take, accept, override, before, nullif(also_before, before), followed,
    case when before is null and also_before is null then 'ready' else 'blocked' end
  from staged_pair join waits using (n) order by n`

/**
 * Stores a campaign with its pairs, all or nothing, in one transaction; gives its id. Nothing runs yet. The pairs keep the
 * order of `pairs`; `line` is only for what is told. The pool is an ordinary one, not a pipelined one, with a connection to
 * spare. What `pairs` reads from stays the caller's: after `signal` it may still wait for it, until the caller closes it.
 *
 * Rejects with an OntdubbelError: `bad-input` (exit code 2) where a pair stands there twice, naming both lines, or none
 * at all; `stopped` (1) where `signal` was aborted; `no-temporary-tables` (1). Else with the error of `pairs`, or of `pg`.
 */
export async function loadCampaign(
  pool: Pool,
  pairs: AsyncIterable<NumberedPair>,
  options: CampaignOptions,
  { onProgress, signal }: LoadOptions = {},
): Promise<number> {
  try {
    return await inLongTransaction(
      pool,
      async (client) => {
        const staged = await StagedTables.create(client, STAGED)
        try {
          const count = await stage(staged, untilAborted(pairs, signal), onProgress)
          onProgress?.({ stage: 'ordering', pairs: count })
          await staged.finish()
          return await insertStaged(client, options, count)
        } finally {
          await staged.stop()
        }
      },
      signal,
    )
  } catch (error) {
    if (signal?.aborted) throw new OntdubbelError('stopped', IMPORT_SENTENCES.stopped, 1)
    throw error
  }
}

async function stage(
  staged: StagedTables,
  pairs: AsyncIterable<NumberedPair>,
  onProgress: LoadOptions['onProgress'],
): Promise<number> {
  let n = 0
  for await (const { line, pair } of pairs) {
    n += 1
    const lists = [pair.take, pair.accept, pair.override].map(arrayText)
    staged.row('staged_pair', [n, line, pair.keep, pair.remove, ...lists])
    await staged.ready()
    if (n % PROGRESS_EVERY_PAIRS === 0) onProgress?.({ stage: 'reading', pairs: n })
  }
  return n
}

async function insertStaged(client: PoolClient, options: CampaignOptions, count: number): Promise<number> {
  if (count === 0) throw new OntdubbelError('bad-input', LIST_PROBLEMS.noPairs, 2)
  const [same] = (await client.query<{ line: number; before: number }>(SAME_PAIR)).rows
  if (same) {
    throw badLine({ line: same.line, path: '', says: LIST_PROBLEMS.samePair, about: { before: same.before } })
  }
  const { name, on, accept, override, lanes, pace, hours, first, by, reason } = options
  const within = isWithin(parseHours(hours), new Date())
  const values = [name, on, accept, override, lanes, pace, hours, within, first, by, reason, count]
  const made = await runOne(client, insertCampaign, values)
  if (!made) throw new Error('campaign takes no rows')
  await client.query(INSERT_PAIRS, [made.id])
  await client.query('analyze campaign_pair')
  return made.id
}

/** As PostgreSQL writes an array of codes, which hold no character that it would quote; null for none. */
function arrayText(codes: readonly string[]): string | null {
  return codes.length === 0 ? null : `{${codes.join(',')}}`
}

/**
 * The same values; throws as soon as `signal` is aborted, though the next one may never come. One listener for all: a race
 * for each of a million values would keep each until the end.
 */
async function* untilAborted<T>(values: AsyncIterable<T>, signal: AbortSignal | undefined): AsyncGenerator<T> {
  const iterator = values[Symbol.asyncIterator]()
  let giveUp = (_: unknown) => {}
  const abort = () => giveUp(signal?.reason)
  signal?.addEventListener('abort', abort)
  let waiting = false
  try {
    for (;;) {
      signal?.throwIfAborted()
      waiting = true
      const next = await new Promise<IteratorResult<T>>((resolve, reject) => {
        giveUp = reject
        iterator.next().then(resolve, reject)
      })
      waiting = false
      if (next.done) return
      yield next.value
    }
  } finally {
    signal?.removeEventListener('abort', abort)
    const returned = Promise.resolve(iterator.return?.())
    // what waits for a value that may never come returns after it
    if (waiting) returned.catch(() => {})
    else await returned
  }
}
