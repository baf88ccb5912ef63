import type { ClientBase } from 'pg'
import { run, runOne, statement } from '../database/statement'
import { STOPPING_WARNINGS, type Refusal } from '../domain/codes'
import { ledger } from './sql'

/** A merge that has been taken: its row and both patron rows are locked until the transaction ends. */
const take = statement<{ id: number }>(
  'open.take',
  `with r as materialized (
     select m.id, m.kept, p.id as removed from merge m join patron p on p.id = m.removed
     where m.id = any($1) and m.status = 'new' and p.merged_into is null and p.merging is null and m.kept <> m.removed
     order by p.id for update of p, m skip locked),
   k as (
     select r.id from r join patron k on k.id = r.kept
     where k.merged_into is null and k.merging is null for no key update of k skip locked)
   select id from k order by id`,
)

/**
 * Takes both records of each merge, in one statement (two doubled activities would take half each in two): the removed
 * ones for update, in id order, the kept ones for no key update. Whatever is locked by somebody else is passed over. Gives
 * the ids of the merges taken.
 */
export async function takePatrons(client: ClientBase, merges: readonly number[]): Promise<number[]> {
  return (await run(client, take, [merges])).map((row) => row.id)
}

const notTaken = statement<{
  id: number
  status: string
  refusal: Refusal | null
}>(
  'open.notTaken',
  `select m.id, m.status, case
     when m.kept = m.removed then jsonb_build_object('code', 'same-record', 'details', jsonb_build_object('patron', m.kept))
     when k.id is null or r.id is null then jsonb_build_object('code', 'unknown-patron', 'details', jsonb_build_object(
       'patrons', to_jsonb(array_remove(array[case when k.id is null then m.kept end, case when r.id is null then m.removed end], null))))
     when k.merging is not null or r.merging is not null then jsonb_build_object('code', 'merge-in-progress', 'details',
       jsonb_build_object('merge', coalesce(r.merging, k.merging), 'patron', case when r.merging is not null then r.id else k.id end))
     when k.merged_into is not null or r.merged_into is not null then jsonb_build_object('code', 'already-merged', 'details',
       jsonb_build_object('patron', case when r.merged_into is not null then r.id else k.id end,
         'mergedInto', live_patron(case when r.merged_into is not null then r.id else k.id end)))
   end as refusal
   from merge m left join patron k on k.id = m.kept left join patron r on r.id = m.removed
   where m.id = any($1) order by m.id`,
)

/**
 * Why merges could not be taken: a refusal (the first four of domain.md), or null: a record is locked by a desk or another
 * merge at this moment, come again. `status` tells a doubled activity that its merge is no longer `new`.
 */
export async function whyNotTaken(
  client: ClientBase,
  merges: readonly number[],
): Promise<{ id: number; status: string; refusal: Refusal | null }[]> {
  return run(client, notTaken, [merges])
}

const STOPPING = STOPPING_WARNINGS.map((code) => `'${code}'`).join(', ')

/**
 * Refuses or opens each merge taken, under its locks, in one statement. $1 merges, $2 attempt, $3 a preview's token or null. The order of refusals is domain.md's. R3 is decided
 * here, before R10 deletes subscriptions: where both are registered, and where of these the kept record's history is off.
 * The warnings that concern the records as they are before anything changes are judged here and stored.
 */
const open = statement<{ id: number; refusal: Refusal | null }>(
  'open.open',
  `with recursive
   -- whoever was merged into one of the two is that person too; looked at only where somebody has decided anything
   family as (
     select m.id as merge, x.side, x.patron from merge m cross join lateral (values ('kept', m.kept), ('removed', m.removed)) x (side, patron)
     where m.id = any($1) and exists (select from pair_decision)
     union select f.merge, f.side, p.id from family f join patron p on p.merged_into = f.patron),
   rejected as materialized (
     select distinct on (k.merge) k.merge, jsonb_build_object('patrons', jsonb_build_array(d.lower_patron, d.higher_patron)) as pair
     from family k join family r on r.merge = k.merge and r.side = 'removed'
     join pair_decision d on d.lower_patron = least(k.patron, r.patron) and d.higher_patron = greatest(k.patron, r.patron)
     where k.side = 'kept' order by k.merge, d.lower_patron, d.higher_patron),
   facts as materialized (
     select m.id, m.accept, k.protected or r.protected as protected,
       case when k.protected then k.id else r.id end as protected_patron,
       number.kept <> number.removed and 'different-national-numbers' <> all(m.override) as two_numbers,
       case when 'charges-in-collection' <> all(m.override) then
         (select jsonb_agg(c.id order by c.id) from charge c where c.patron = r.id and c.in_collection and c.paid < c.amount) end as in_collection,
       $3::text is not null and $3::text is distinct from preview_token(m.kept, m.removed, m.on_date, m.take) as changed,
       both_at.libraries as both_registered, off_at.libraries as history_off,
       array_remove(array[
         case when erased.at is not null then jsonb_build_object('code', 'history-erased', 'details',
           jsonb_build_object('loans', erased.loans, 'libraries', erased.at)) end,
         case when of_removed.active is not null and of_kept.active is null then jsonb_build_object('code', 'valid-subscription-on-removed',
           'details', jsonb_build_object('libraries', of_removed.active)) end,
         case when r.registered_online and r.internet_block = 'online-registration' and number.removed is null
           and k.internet_block is null and number.kept is not null
           then jsonb_build_object('code', 'unverified-login-gains-access', 'details', jsonb_build_object('patron', r.id)) end,
         case when differ.fields <> '{}' then jsonb_build_object('code', 'details-differ', 'details',
           jsonb_build_object('fields', to_jsonb(differ.fields))) end,
         case when invalid.patrons <> '{}' then jsonb_build_object('code', 'national-number-invalid', 'details',
           jsonb_build_object('patrons', to_jsonb(invalid.patrons))) end,
         case when against.what <> '{}' then jsonb_build_object('code', 'different-person', 'details',
           jsonb_build_object('because', to_jsonb(against.what))) end,
         case when rejected.pair is not null then jsonb_build_object('code', 'rejected-before', 'details', rejected.pair) end
       ], null) as warnings
     from merge m join patron k on k.id = m.kept join patron r on r.id = m.removed
     -- offset 0: worked out once, not wherever it is named
     cross join lateral (select coalesce(k.national_number, national_number_in(k.legitimation)) as kept,
       coalesce(r.national_number, national_number_in(r.legitimation)) as removed offset 0) number
     cross join lateral (select array_agg(library) as at,
       jsonb_agg(distinct library) filter (where is_active(stopped_on, ends_on, m.on_date)) as active
       from subscription where patron = k.id) of_kept
     cross join lateral (select array_agg(distinct library) as at,
       jsonb_agg(distinct library) filter (where is_active(stopped_on, ends_on, m.on_date)) as active
       from subscription where patron = r.id) of_removed
     cross join lateral (select array(
       select l from unnest(of_removed.at) l where l = any(of_kept.at) order by l) as libraries offset 0) both_at
     cross join lateral (select array(
       select l from unnest(both_at.libraries) l
       where not exists (select from history_preference h where h.patron = k.id and h.library = l and h.enabled) order by l) as libraries offset 0) off_at
     cross join lateral (
       select sum(n)::bigint as loans, jsonb_object_agg(library, n) as at from (
         select library, count(*) as n from loan_history
         where off_at.libraries <> '{}' and patron = r.id and library = any(off_at.libraries) group by library) e) erased
     -- R9 looks into a legitimation only where it has found no number before it
     cross join lateral (select case when k.national_number is null and r.national_number is null then array_remove(array[
         case when holds_invalid_national_number(k.legitimation) then k.id end,
         case when number.kept is null and holds_invalid_national_number(r.legitimation) then r.id end], null) else '{}' end as patrons offset 0) invalid
     cross join lateral (select details_that_differ(k, r) as fields offset 0) differ
     cross join lateral (select speaks_against(k, r) as what offset 0) against
     left join rejected on rejected.merge = m.id
     where m.id = any($1)),
   judged as materialized (
     select f.*, needed.codes, case
       when protected then jsonb_build_object('code', 'protected', 'details', jsonb_build_object('patron', protected_patron))
       when two_numbers then jsonb_build_object('code', 'different-national-numbers', 'details', '{}'::jsonb)
       when in_collection is not null then jsonb_build_object('code', 'charges-in-collection', 'details', jsonb_build_object('charges', in_collection))
       when changed then jsonb_build_object('code', 'changed-since-preview', 'details', '{}'::jsonb)
       when needed.codes is not null then jsonb_build_object('code', 'needs-acceptance', 'details', jsonb_build_object('warnings', needed.codes))
     end as refusal
     from facts f cross join lateral (
       select jsonb_agg(w ->> 'code') as codes from unnest(f.warnings) w
       where w ->> 'code' in (${STOPPING}) and w ->> 'code' <> all(f.accept)) needed),
   updated as (
     update merge m set status = case when j.refusal is null then 'open' else 'refused' end, refusal = j.refusal,
       both_registered = j.both_registered, history_off = j.history_off,
       -- refused for another reason, there is nothing to be warned of
       warnings = case when coalesce(j.refusal ->> 'code', 'needs-acceptance') = 'needs-acceptance' then to_jsonb(j.warnings) else '[]' end,
       opened_at = case when j.refusal is null then clock_timestamp() end,
       ended_at = case when j.refusal is not null then clock_timestamp() end
     from judged j where m.id = j.id),
   written as (${ledger(
     'openMerge',
     `select id, jsonb_build_object('bothRegistered', cardinality(both_registered), 'historyOff', cardinality(history_off)),
        null::jsonb, null::jsonb from judged where refusal is null`,
   )})
   select id, refusal from judged order by id`,
)

/**
 * Judges the merges taken: each is refused (stored with its reason; nothing else changes) or opened. `ifToken` is a
 * preview's token that must still be true.
 */
export async function openOrRefuse(
  client: ClientBase,
  merges: readonly number[],
  attempt: number,
  ifToken: string | null = null,
): Promise<{ id: number; refusal: Refusal | null }[]> {
  return run(client, open, [merges, attempt, ifToken])
}

const refuse = statement<{ id: number }>(
  'open.refuse',
  `update merge m set status = 'refused', refusal = r, ended_at = clock_timestamp()
   from unnest($1::bigint[], $2::jsonb[]) x (id, r) where m.id = x.id and m.status = 'new' returning m.id`,
)

/** Stores refusals that were found without taking the records. Gives the merges that were still new. */
export async function storeRefusals(
  client: ClientBase,
  refused: { id: number; refusal: Refusal }[],
): Promise<number[]> {
  const values = [refused.map((r) => r.id), refused.map((r) => JSON.stringify(r.refusal))]
  return (await run(client, refuse, values)).map(({ id }) => id)
}

const redirectFromNow = statement(
  'open.redirect',
  `with m as materialized (select id, kept, removed from merge where id = any($1) and status = 'open'),
   removed as (update patron p set merged_into = m.kept, merging = m.id from m where p.id = m.removed)
   update patron p set merging = m.id from m where p.id = m.kept`,
)

/** A single merge: from this transaction's commit on, what is written for the removed record goes to the kept one. */
export async function beginRedirect(client: ClientBase, merges: readonly number[]): Promise<void> {
  await run(client, redirectFromNow, [merges])
}

const token = statement<{ token: string }>(
  'open.token',
  `select preview_token(kept, removed, on_date, take) as token from merge where id = $1`,
)

/** The token of what a preview saw: asked for under its locks, before any step. */
export async function previewToken(client: ClientBase, merge: number): Promise<string> {
  const row = await runOne(client, token, [merge])
  if (!row) throw new Error(`merge ${merge} does not exist`)
  return row.token
}
