import type { Pool, PoolClient } from 'pg'
import { UNIQUE_ERRORS } from '../database/again'
import { faultCode, faultDetails, sqlState } from '../database/failures'
import { run, runOne, statement } from '../database/statement'
import { inPlainTransaction } from '../database/transaction'
import type { Pace } from '../domain/campaign'
import type { Told } from '../domain/codes'
import { mergeGroup, type GroupResult } from '../steps/group'
import { unlessOver } from '../steps/groupTransaction'
import { brakeIfBad, tally } from './brake'
import { GROUP_MS, inGroups } from './inGroups'
import { endBatch } from './plan'

/** How far a batch is: what a heartbeat tells. */
export interface BatchProgress {
  pairs: number
  merged: number
}

interface Pair {
  merge: number
  kept: number
  removed: number
}

const campaignOf = statement<{ campaign: number }>(
  'batch.campaign',
  `select campaign from campaign_batch where id = $1`,
)
const pairsLeft = statement<Pair>(
  'batch.pairsLeft',
  `select m.id as merge, m.kept, m.removed from campaign_pair p join merge m on m.id = p.merge
   where p.batch = $1 and p.state = 'batched' and m.status = 'new' order by p.n`,
)
/** Whether the campaign goes on. Whoever ends the batch waits for the group that has asked this, and none begins after. */
const goes = statement<{ pace: Pace }>(
  'batch.goes',
  `select c.pace from campaign_batch b join campaign c on c.id = b.campaign
   where b.id = $1 and b.ended_at is null and c.status = 'running' and c.within_hours for share of b`,
)
const waiting = statement(
  'batch.waiting',
  `with still as materialized (select id from merge where id = any($2) and status = 'new' for no key update)
   update campaign_pair p set state = 'waiting', batch = null, why = x.why
   from unnest($2::bigint[], $3::jsonb[]) x (merge, why) join still on still.id = x.merge
   where p.batch = $1 and p.state = 'batched' and p.merge = x.merge`,
)
const setAside = statement<{ id: number }>(
  'batch.setAside',
  // a doubled activity may be merging it at this moment
  `with still as materialized (select id from merge where id = $2 and status = 'new' for no key update),
   aside as (
     update campaign_pair p set state = 'set-aside', batch = null, why = $3 from still
     where p.batch = $1 and p.merge = still.id and p.state = 'batched'
     returning p.campaign)
   insert into campaign_tally (campaign, ended, bad) select campaign, 1, 1 from aside returning id`,
)
const uniqueError = statement<{ times: number }>(
  'batch.uniqueError',
  `update campaign_pair set unique_errors = unique_errors + 1 where batch = $1 and merge = $2 returning unique_errors as times`,
)

/**
 * Merges the pairs of a batch in groups (see inGroups); a pair at fault is set aside. Before each group it looks whether the
 * campaign still runs. Done twice, or twice at once, it finds nothing to do. Ends the batch: what it could not take goes back
 * among the ready. Rejects with what nobody foresaw, or the signal's reason; what was committed stays.
 */
export async function mergeBatch(
  pool: Pool,
  batch: number,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (progress: BatchProgress) => void } = {},
): Promise<BatchProgress> {
  const campaign = (await runOne(pool, campaignOf, [batch]))?.campaign
  if (campaign === undefined) throw new Error(`there is no batch ${batch}`)
  const pairs = await run(pool, pairsLeft, [batch])
  const progress = { pairs: pairs.length, merged: 0 }
  // looked at before every group from the first bad pair on: how many are too many turns out when others have ended
  let bad = false
  await inGroups(pool, pairs, {
    signal,
    once: async (client, group, limited) => {
      if (bad) await brakeIfBad(client, campaign)
      const done = await mergeOnce(client, campaign, batch, group, limited)
      if (!done) return undefined
      progress.merged += done.result.merged.length
      onProgress?.(progress)
      const skipped = new Set(done.result.skipped)
      return { busy: group.filter(({ merge }) => skipped.has(merge)), groupMs: GROUP_MS[done.pace] }
    },
    atFault: async (client, { merge }, error, unique) => {
      if (unique && ((await runOne(client, uniqueError, [batch, merge]))?.times ?? 0) < UNIQUE_ERRORS) return true
      const why: Told = { code: faultCode(sqlState(error)), details: faultDetails(error) }
      bad = (await runOne(client, setAside, [batch, merge, JSON.stringify(why)])) !== undefined || bad
      return false
    },
  })
  await inPlainTransaction(pool, (client) => endBatch(client, batch))
  return progress
}

/** One group, committed. Whose records are in an unfinished merge waits for that. Undefined where the campaign does not go on. */
async function mergeOnce(
  client: PoolClient,
  campaign: number,
  batch: number,
  group: readonly Pair[],
  limited: boolean,
): Promise<{ result: GroupResult; pace: Pace } | undefined> {
  let pace: Pace | undefined
  const result = await unlessOver(() =>
    mergeGroup(
      client,
      group.map(({ merge }) => merge),
      {
        limited,
        ifSo: async () => (pace = (await runOne(client, goes, [batch]))?.pace) !== undefined,
        also: ({ merged, refused }) => tally(client, campaign, { ended: merged.length + refused.length, bad: 0 }),
      },
    ),
  )
  if (!result || !pace) return undefined
  if (result.waiting.length > 0) {
    const why = result.waiting.map(({ refusal }) => JSON.stringify(refusal))
    await run(client, waiting, [batch, result.waiting.map(({ id }) => id), why])
  }
  return { result, pace }
}
