import type { ClientBase } from 'pg'
import { run, statement } from '../database/statement'
import type { StepName } from '../domain/codes'
import { ledger, MERGES } from './sql'

/**
 * R12, for many merges. The removed record leads to the kept one (in a single merge it does so already) and is retired: the
 * trigger retired_holds_nothing checks, and refuses with OD002, whatever still hangs on it.
 */
const retire = statement(
  'retire.patrons',
  `update patron p set merged_into = m.kept, merging = null, retired_at = clock_timestamp()
   from merge m where m.id = any($1) and m.status = 'open' and p.id = m.removed`,
)

const letGo = statement(
  'retire.letGo',
  `update patron p set merging = null from merge m where m.id = any($1) and p.id = m.kept and p.merging = m.id`,
)

/**
 * What a step recorded of a merge, by the ledger's key, one merge after the other (offset 0): joined freely, a plan that was
 * made while the ledger was empty reads all of it for every group.
 */
function recorded(step: StepName, alias: string): string {
  return `left join lateral (
       select was, noted from merge_step where merge = m.id and step = '${step}' offset 0) ${alias} on true`
}

/**
 * The warnings that only the finished steps can tell, by one function for preview and merge, from what the steps recorded;
 * stored with the merge, behind those that openMerge judged.
 */
const finish = statement(
  'retire.finish',
  `with ${MERGES},
   s as materialized (
     select m.id as merge, m.kept, m.removed,
       jsonb_path_query_array(sub.was, '$[*] ? (@.now == null)') as deleted,
       jsonb_path_query_array(sub.was, '$[*] ? (@.now != null)') as stopped,
       hold.was as collapsed, hold.noted -> 'ready' as ready, fee.noted -> 'membershipAtBoth' as membership,
       block.was is not null as blocked, k.internet_block, k.national_number, r.internet_block as removed_block
     from m join patron k on k.id = m.kept join patron r on r.id = m.removed
     ${recorded('transferSubscriptions', 'sub')} ${recorded('transferHolds', 'hold')}
     ${recorded('transferFees', 'fee')} ${recorded('applyInternetBlock', 'block')}),
   judged as (
     select s.merge, to_jsonb(array_remove(array[
       case when jsonb_array_length(deleted) > 0 then jsonb_build_object('code', 'expired-subscriptions-deleted', 'details',
         jsonb_build_object('subscriptions', jsonb_path_query_array(deleted, '$[*].id'),
           'libraries', (select jsonb_agg(distinct d -> 'library') from jsonb_array_elements(deleted) d))) end,
       case when jsonb_array_length(deleted) > 0 then (
         select case when count(*) > 0 then jsonb_build_object('code', 'not-findable', 'details', jsonb_build_object('libraries', jsonb_agg(l order by l))) end
         from (select distinct d ->> 'library' as l from jsonb_array_elements(deleted) d) x
         where not exists (select from subscription t where t.patron = kept and t.library = l)) end,
       case when jsonb_array_length(stopped) > 0 then jsonb_build_object('code', 'subscription-stopped', 'details',
         jsonb_build_object('subscriptions', jsonb_path_query_array(stopped, '$[*].id'),
           'libraries', (select jsonb_agg(distinct d -> 'library') from jsonb_array_elements(stopped) d))) end,
       case when membership is not null then (
         select case when count(*) > 0 then jsonb_build_object('code', 'membership-charged-twice', 'details', jsonb_build_object('libraries', jsonb_agg(l order by l))) end
         from (select distinct d ->> 'library' as l from jsonb_array_elements(stopped) d) x where membership ? l) end,
       case when collapsed is not null then jsonb_build_object('code', 'hold-collapsed', 'details',
         jsonb_build_object('holds', jsonb_path_query_array(collapsed, '$[*].id'),
           'libraries', (select jsonb_agg(distinct d -> 'library') from jsonb_array_elements(collapsed) d))) end,
       case when own.holds is not null then jsonb_build_object('code', 'hold-on-own-loan', 'details', jsonb_build_object('holds', own.holds)) end,
       case when ready is not null then jsonb_build_object('code', 'ready-hold-moves', 'details', jsonb_build_object('holds', ready)) end,
       case when blocked then jsonb_build_object('code', 'internet-block-applied', 'details', jsonb_build_object('patron', kept)) end,
       case when internet_block = 'online-registration' and national_number is not null
         then jsonb_build_object('code', 'internet-block-kept', 'details', jsonb_build_object('patron', kept)) end,
       case when removed_block = 'staff' and internet_block is null
         then jsonb_build_object('code', 'staff-block-not-carried', 'details', jsonb_build_object('patron', removed)) end
     ], null)) as warnings
     from s
     cross join lateral (
       select jsonb_agg(h.id order by h.id) as holds from hold h
       where h.patron = s.kept and h.status <> 'cancelled'
         and exists (select from loan l where l.patron = s.kept and l.title = h.title)) own),
   updated as (
     update merge m set status = 'retired', attention = null, portal = 'pending', retired_at = clock_timestamp(),
       warnings = m.warnings || j.warnings
     from judged j where m.id = j.merge)
   ${ledger('retireRecord', `select merge, '{}'::jsonb, null::jsonb, null::jsonb from judged`)}`,
)

/** What retires open merges, in order; each takes ($1 bigint[] merges), the last one ($2 int attempt) too. */
export const RETIREMENT = [retire, letGo, finish] as const

/**
 * Retires the removed records of open merges, lets both records go, judges and stores the warnings. Statements are
 * pipelined. Rejects with SQLSTATE OD002 where something still hangs on a removed record.
 */
export function retireRecords(client: ClientBase, merges: readonly number[], attempt: number): Promise<unknown>[] {
  return [run(client, retire, [merges]), run(client, letGo, [merges]), run(client, finish, [merges, attempt])]
}

const feed = statement(
  'retire.feed',
  `with n as (update feed_counter set last = last + cardinality($1::bigint[]) returning last - cardinality($1::bigint[]) as before)
   insert into change (cursor, at, merge, event, kept, removed)
   select n.before + row_number() over (order by m.id), clock_timestamp(), m.id, $2, m.kept, m.removed
   from n, merge m where m.id = any($1)`,
)

/** Design §8: takes the feed's next numbers. The last statement before commit, never in a preview. */
export async function tellTheFeed(
  client: ClientBase,
  merges: readonly number[],
  event: 'merged' | 'undone',
): Promise<void> {
  await run(client, feed, [merges, event])
}
