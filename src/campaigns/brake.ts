import { run, statement, type Queryable } from '../database/statement'

/**
 * More of the last 1,000 pairs (or of the first 100) than these set aside or in need of attention: 5 % (campaigns.md). As long as
 * fewer have ended, 5 % of those: what the portal refuses is known when far more than the first 100 have ended.
 */
const BRAKE = { last: 1_000, mostOfLast: 50, first: 100, mostOfFirst: 5 } as const

const add = statement('tally.add', `insert into campaign_tally (campaign, ended, bad) values ($1, $2, $3)`)

/** Writes down how many pairs ended now, and how many of those that have ended are bad. */
export async function tally(db: Queryable, campaign: number, now: { ended: number; bad: number }): Promise<void> {
  await run(db, add, [campaign, now.ended, now.bad])
}

const brake = statement(
  'tally.brake',
  `with lines as materialized (
     select t.ended, t.bad, sum(t.ended) over (order by t.id desc) as from_end, sum(t.ended) over (order by t.id) as from_start
     from campaign c cross join lateral (
       select id, ended, bad from campaign_tally t where t.campaign = c.id and t.id > c.looked_at order by id desc limit $4::int * 2) t
     where c.id = $1),
   judged as (
     select sum(ended) as ended, sum(bad) filter (where from_end - ended < $4) as of_last, sum(bad) filter (where from_start - ended < $2) as of_first
     from lines)
   update campaign c set status = 'pausing',
     paused = jsonb_build_object('code', 'too-many-bad', 'details', jsonb_build_object(
       'bad', case when j.by_first then j.of_first else j.of_last end, 'of', case when j.by_first then $2 else least(j.ended, $4) end))
   from (select *, ended < $4 and of_first > $3 as by_first from judged) j
   where c.id = $1 and c.status = 'running' and j.ended >= $2 and (j.by_first or j.of_last * $4 > least(j.ended, $4) * $5)`,
)

/** Pauses a campaign that sets too many pairs aside. */
export async function brakeIfBad(db: Queryable, campaign: number): Promise<void> {
  await run(db, brake, [campaign, BRAKE.first, BRAKE.mostOfFirst, BRAKE.last, BRAKE.mostOfLast])
}
