import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import { run, statement } from '../../src/database/statement'
import type { Desk } from './desk'
import type { Pair } from './way'

const LOOK_EVERY_MS = 50
/** Of a batch one merge in so many is looked at: whether it has had its turn. To look at all would cost the campaign. */
const LOOKED_AT_EVERY = 25
/** So many pairs before and after where a batch has come to are told: a group or two. */
const AROUND = 50

/** So many patrons are in the hands of a campaign of two lanes at a moment, or in the next one. */
export const PATRONS_UNDER_WAY = 400

const openBatches = statement<{ id: number }>(
  'bench.openBatches',
  `select id from campaign_batch where campaign = $1 and ended_at is null order by id limit $2`,
)
const pairsOf = statement<Pair & { merge: number }>(
  'bench.pairsOfBatch',
  `select merge, kept as keep, removed as remove from campaign_pair where batch = $1 order by n`,
)
const stillNew = statement<{ id: number }>(
  'bench.stillNew',
  `select id from merge where id = any($1::bigint[]) and status = 'new'`,
)

/** Tells the desks which pairs a campaign has at hand, from the database, until `signal`. */
export async function tellUnderWay(
  pool: Pool,
  campaign: number,
  lanes: number,
  desk: Desk,
  signal: AbortSignal,
): Promise<void> {
  const batches = new Map<number, (Pair & { merge: number })[]>()
  const known = async (batch: number) => {
    const pairs = batches.get(batch) ?? (await run(pool, pairsOf, [batch]))
    batches.set(batch, pairs)
    return pairs
  }
  while (!signal.aborted) {
    // in the order in which they are begun; one more is planned
    const open = await run(pool, openBatches, [campaign, lanes])
    const ofBatches = await Promise.all(open.map(({ id }) => known(id)))
    const looked = ofBatches.map((pairs) => pairs.filter((_, at) => at % LOOKED_AT_EVERY === 0))
    const ids = looked.flat().map(({ merge }) => merge)
    const waiting = new Set((await run(pool, stillNew, [ids])).map(({ id }) => id))
    const now = ofBatches.flatMap((pairs, batch) => {
      const next = looked[batch]!.findIndex(({ merge }) => waiting.has(merge))
      if (next < 0) return []
      const at = next * LOOKED_AT_EVERY
      return pairs.slice(Math.max(0, at - AROUND), at + AROUND)
    })
    if (now.length > 0) desk.underWay(now)
    await sleep(LOOK_EVERY_MS)
  }
}
