/** Campaigns for whoever kills what runs them: of one list each, and with all that must be the same at the end. */
import { newCampaign, putPatrons, reportsOf, standOf, type Listed } from './campaigns'
import type { Scene } from './scene'

const AT_FAULT = 7
const WITH_A_LINK = 2

export interface DoomedCampaign {
  campaign: number
  list: Listed[]
}

/** Room for the ids of a list's patrons. */
const PATRONS = 21

/**
 * The `n`th campaign of a database, n from 1, which does not run yet: ten pairs in a batch, of which one is at fault, so that
 * its group comes again in halves; then one more that had to wait for one of them.
 */
export async function doomedCampaign({ database, portal, refuse }: Scene, n: number): Promise<DoomedCampaign> {
  const ids = Array.from({ length: PATRONS }, (_, i) => (n - 1) * PATRONS + i + 1)
  await putPatrons(database.pool, ids)
  const list: Listed[] = Array.from({ length: 10 }, (_, i) => ({ keep: ids[2 * i]!, remove: ids[2 * i + 1]! }))
  const linked = list[WITH_A_LINK]!
  list.push({ keep: ids[20]!, remove: linked.keep })
  await refuse(list[AT_FAULT]!.remove, true)
  await portal.put([{ id: `account-${linked.remove}`, links: [{ library: 'ZOT', actorId: linked.remove }] }])
  return { campaign: await newCampaign(database.pool, list, { lanes: 1 }), list }
}

/** All that a campaign has left, as if it had been the first: of each pair, of the tally, the feed and the portal. */
export async function endOfCampaign({ database, portal }: Scene, { campaign, list }: DoomedCampaign): Promise<unknown> {
  const { pool } = database
  const { status, outcomes } = await standOf(pool, campaign)
  const reports = await reportsOf(pool, campaign)
  const { rows } = await pool.query<{ told: unknown }>(
    `select jsonb_build_object(
       'tally', (select jsonb_build_array(sum(ended), sum(bad)) from campaign_tally where campaign = $1),
       'open', (select count(*) from campaign_batch where campaign = $1 and ended_at is null),
       'merges', (select count(*) from merge where campaign = $1 and status <> 'new'),
       'feed', (select jsonb_agg(n order by o) from (select o, (select count(*) from change where kept = k and removed = r) as n
         from unnest($2::bigint[], $3::bigint[]) with ordinality x (k, r, o)) y),
       'cards', (select jsonb_agg(n order by o) from (select o, (select count(*) from card where patron = k) as n
         from unnest($2::bigint[]) with ordinality x (k, o)) y)) as told`,
    [campaign, list.map(({ keep }) => keep), list.map(({ remove }) => remove)],
  )
  const links = (await portal.dump())[`account-${list[WITH_A_LINK]!.remove}`]
  return {
    status,
    outcomes,
    // the link goes by way of the record between, or at once to the last
    pairs: reports.map(({ outcome, reason, warnings, moved: { portalLinks: _, ...moved } }) => ({
      outcome,
      reason,
      warnings,
      moved,
    })),
    told: rows[0]?.told,
    links: links?.map((link) => link === `ZOT:${list[10]!.keep}`),
  }
}
