import type { ClientBase } from 'pg'
import { iso, run, statement } from '../database/statement'
import type { Refusal } from '../domain/codes'
import { differencesFrom } from './differences'
import { lockMerges, setRecordsApart } from './setApart'
import { allOf } from './step'
import { whatUndoTells, type UndoFacts } from './undoTold'

/** What became of the merges that were to be undone. Those in neither list are not (any more) retired: left alone. */
export interface UndoResult {
  undone: number[]
  refused: { id: number; refusal: Refusal }[]
}

const refusals = statement<{ id: number; refusal: Refusal | null }>(
  'undo.refusals',
  `select m.id, case
     when later.id is not null then jsonb_build_object('code', 'later-merge',
       'details', jsonb_build_object('merge', m.id, 'later', later.id, 'patron', m.kept))
     when m.stripped_at is not null then jsonb_build_object('code', 'undo-window-over', 'details', jsonb_build_object('merge', m.id))
   end as refusal
   from merge m left join lateral (
     select o.id from merge o
     where (o.kept = m.kept or o.removed = m.kept) and o.status in ('open', 'retired', 'undoing') and o.opened_at > m.opened_at
     order by o.opened_at desc limit 1) later on true
   where m.id = any($1) order by m.id`,
)

/** Why retired merges may not be undone; null where they may. Under their locks the answer stands. */
export async function refusalsOfUndo(
  client: Pick<ClientBase, 'query'>,
  merges: readonly number[],
): Promise<{ id: number; refusal: Refusal | null }[]> {
  return run(client, refusals, [merges])
}

const takeNoticesAway = statement(
  'undo.takeNoticesAway',
  `delete from message t using merge m, merge_step s
   where m.id = any($1) and s.merge = m.id and s.step = 'syncPortalLinks' and t.id in (select jsonb_array_elements(s.noted -> 'notices')::bigint)
     and t.patron in (m.kept, m.removed) and t.author = 'ontdubbel'`,
)

const decide = statement(
  'undo.decide',
  `insert into pair_decision (lower_patron, higher_patron, why, by)
   select least(kept, removed), greatest(kept, removed), $3, $2 from merge where id = any($1)
   on conflict (lower_patron, higher_patron) do nothing`,
)

const facts = statement<UndoFacts>(
  'undo.facts',
  `select m.id as merge, m.kept, m.removed, to_char(d.day, 'YYYY-MM-DD') as since,
     (h.counts ->> 'erased')::int as erased, array(select jsonb_object_keys(h.counts -> 'erasedAt') order by 1) as "erasedAt",
     array(select c.id from contact c join edited_contact e on e.contact = c.id
       where c.patron = m.removed and e.at > m.opened_at order by 1) as "editedContacts",
     (select coalesce(jsonb_agg(distinct jsonb_build_object('tbl', r.tbl, 'id', r.row_id, 'gone', r.gone)), '[]') from changed_row r
       where r.stood_on = m.kept and live_patron(r.written_for) = m.removed and r.at > m.opened_at
         and (r.began is null or r.began < m.opened_at)) as "changedRows",
     k.internet_block is null and m.warnings @> '[{"code": "internet-block-kept"}]' as "blockLifted",
     rows_since(m.kept, d.day) as "sinceOnKept", rows_since(m.removed, d.day) as "sinceOnRemoved"
   from merge m join patron k on k.id = m.kept
   cross join lateral (select (m.opened_at at time zone 'Europe/Brussels')::date as day) d
   left join merge_step h on h.merge = m.id and h.step = 'transferLoanHistory'
   where m.id = any($1) order by m.id`,
)

const finish = statement(
  'undo.finish',
  `with m as materialized (
     select m.id, m.kept, m.removed, ${iso('m.opened_at')} as since, ${iso('clock_timestamp()')} as till,
       rows_of(m.kept) as on_kept, rows_of(m.removed) as on_removed, t.told
     from merge m join jsonb_to_recordset($2::jsonb) t (merge bigint, told jsonb) on t.merge = m.id where m.id = any($1)),
   forgotten as (
     delete from edited_contact e using contact c, m where c.id = e.contact and c.patron = m.removed and c.written_for is null),
   told_of as (
     delete from changed_row r using m where r.stood_on = m.kept and r.written_for = m.removed),
   -- of those merged into it before, for the undo of that
   to_be_told as (
     update changed_row r set stood_on = m.removed from m
     where r.stood_on = m.kept and r.written_for <> m.removed and live_patron(r.written_for) = m.removed),
   ended as (
     update merge set status = 'undone', portal = 'pending', portal_since = null, attention = null, ended_at = null
     from m where merge.id = m.id)
   insert into undo (merge, done_at, back, told, seen)
   select m.id, clock_timestamp(), m.on_removed, m.told, jsonb_build_array(
     jsonb_build_object('patron', m.kept, 'of', m.removed, 'from', m.since, 'to', m.till, 'rows', m.on_removed),
     jsonb_build_object('patron', m.removed, 'of', m.kept, 'from', m.since, 'to', m.till, 'rows', m.on_kept))
   from m
   on conflict (merge) do update set done_at = excluded.done_at, back = excluded.back, told = excluded.told, seen = excluded.seen`,
)

/** Who has merges undone, and why. */
export interface UndoneBy {
  by: string
  reason: string | null
}

/**
 * Undoes merges inside a transaction that takes patrons, one or a group that shares no patron: locks each with both records,
 * refuses what may not be undone (later-merge, undo-window-over), takes the rest back, writes down what went back, what not
 * and who could see what, and marks the pair as not the same person. All but the feed line: whoever commits adds it last.
 * `from` are the states that it takes them in. It waits after locking, after the refusals, and for the differences before
 * and after.
 */
export async function undoInTransaction(
  client: ClientBase,
  merges: readonly number[],
  who: UndoneBy,
  from: readonly ('retired' | 'undoing')[] = ['retired', 'undoing'],
): Promise<UndoResult> {
  const result: UndoResult = { undone: [], refused: [] }
  const locked = await lockMerges(client, merges, from)
  if (locked.length === 0) return result
  for (const { id, refusal } of await refusalsOfUndo(client, locked)) {
    if (refusal) result.refused.push({ id, refusal })
    else result.undone.push(id)
  }
  const { undone } = result
  if (undone.length === 0) return result
  const changed = await differencesFrom(client, undone, 'now')
  const apart = setRecordsApart(client, undone)
  const sent = [apart, run(client, takeNoticesAway, [undone]), run(client, decide, [undone, who.by, who.reason])]
  const left = differencesFrom(client, undone, 'was')
  const found = run(client, facts, [undone])
  await allOf([...sent, left, found])
  const told = whatUndoTells(await found, { changed, left: await left, noted: await apart })
  await run(client, finish, [undone, JSON.stringify(told)])
  return result
}
