import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import { loadCampaign } from '../../src/campaigns/load'
import { createPool } from '../../src/database/pool'
import { runOne, statement } from '../../src/database/statement'
import type { Pace } from '../../src/domain/campaign'
import { startCampaign } from '../../src/temporal/campaigns'
import type { Servers } from './servers'
import type { Pair } from './way'

/** What `campaign start` takes where nobody says otherwise. */
export const LANES = 2
const LOOK_EVERY_MS = 100

const endedPairs = statement<{ ended: number; status: string }>(
  'bench.endedPairs',
  `select c.status, (select coalesce(sum(ended), 0)::int from campaign_tally where campaign = c.id) as ended
   from campaign c where c.id = $1`,
)

/** Stores the list as `campaign start` does; gives the campaign's id. */
export async function listedCampaign(
  url: string,
  pairs: readonly Pair[],
  { onDate, pace }: { onDate: string; pace: Pace },
): Promise<number> {
  const pool = createPool(url, { max: 2, applicationName: 'bench' })
  try {
    return await loadCampaign(pool, numbered(pairs), {
      name: null,
      on: onDate,
      accept: [],
      override: [],
      lanes: LANES,
      pace,
      hours: null,
      first: null,
      by: 'bench',
      reason: null,
    })
  } finally {
    await pool.end()
  }
}

async function* numbered(pairs: readonly Pair[]) {
  let line = 0
  for (const pair of pairs) yield { line: ++line, pair: { ...pair, take: [], accept: [], override: [] } }
}

/** Starts the campaign's workflow and waits until `ended` pairs of it have ended in the database. Gives the seconds. */
export async function campaignUntil({ client }: Servers, pool: Pool, campaign: number, ended: number): Promise<number> {
  const began = performance.now()
  await startCampaign(client, campaign)
  await untilEnded(pool, campaign, ended)
  return (performance.now() - began) / 1000
}

/** Waits until so many pairs have ended; fails where the campaign pauses before. */
export async function untilEnded(pool: Pool, campaign: number, ended: number): Promise<void> {
  for (;;) {
    const stand = await runOne(pool, endedPairs, [campaign])
    if (stand && stand.ended >= ended) return
    if (stand?.status !== 'running') throw new Error(`the campaign is ${stand?.status} after ${stand?.ended} pairs`)
    await sleep(LOOK_EVERY_MS)
  }
}

/** How many pairs have ended. */
export async function endedOf(pool: Pool, campaign: number): Promise<number> {
  return (await runOne(pool, endedPairs, [campaign]))?.ended ?? 0
}

const groups = statement<{ groups: number }>(
  'bench.groups',
  `select count(*)::int as groups from campaign_tally where campaign = $1`,
)

/** How many groups have been committed. */
export async function groupsOf(pool: Pool, campaign: number): Promise<number> {
  return (await runOne(pool, groups, [campaign]))?.groups ?? 0
}
