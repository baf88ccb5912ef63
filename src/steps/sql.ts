import type { StepName } from '../domain/codes'

/** The merges a statement is about. */
export const MERGES = `m as materialized (select id, kept, removed, on_date, take from merge where id = any($1))`

/**
 * The end of a step's statement: its rows of the ledger. `select` gives merge, counts, was, noted, one row for every merge
 * of `m`. In a single merge the row is there already (the claim) and is filled in.
 */
export function ledger(name: StepName, select: string): string {
  return `insert into merge_step (merge, step, attempts, counts, was, noted, done_at)
    select l.merge, '${name}', $2::int, l.counts, l.was, l.noted, clock_timestamp() from (${select}) l (merge, counts, was, noted)
    on conflict (merge, step) do update set attempts = excluded.attempts, counts = excluded.counts, was = excluded.was,
      noted = excluded.noted, done_at = excluded.done_at`
}

/** A step that only moves the rows of one table, and its row of the ledger. */
export function moveAll(name: StepName, table: string, counted: string): string {
  return `with ${MERGES},
    moved as (
      update ${table} t set patron = m.kept, written_for = coalesce(t.written_for, m.removed)
      from m where t.patron = m.removed returning m.id as merge)
    ${ledger(
      name,
      `select m.id, jsonb_build_object('${counted}', coalesce(n.n, 0)), null::jsonb, null::jsonb
       from m left join (select merge, count(*) as n from moved group by merge) n on n.merge = m.id`,
    )}`
}

/**
 * The removed records of the merges, each with the records that were merged into it before: whose rows go back. Begins a
 * statement with `with recursive`.
 */
export const FAMILY = `family as (
  select id as merge, kept, removed, removed as member from merge where id = any($1)
  union select f.merge, f.kept, f.removed, p.id from family f join patron p on p.merged_into = f.member)`

/** Hands the rows of one table back to the removed record, by written_for. */
export function handBack(table: string): string {
  return `with recursive ${FAMILY}
    update ${table} t set patron = f.removed, written_for = nullif(t.written_for, f.removed)
    from family f where t.patron = f.kept and t.written_for = f.member`
}

/** What a step noted in the ledger about rows of one table: merge, kept, removed, id, was, now (null where deleted). */
export function changesOf(name: StepName, table: string): string {
  return `changes as (
    select m.id as merge, m.kept, m.removed, c ->> 'id' as id, c -> 'was' as was, nullif(c -> 'now', 'null') as now
    from merge m join merge_step s on s.merge = m.id and s.step = '${name}', jsonb_array_elements(s.was) c
    where m.id = any($1) and c ->> 'table' = '${table}')`
}
