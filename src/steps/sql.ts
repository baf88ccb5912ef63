import type { StepName } from '../domain/codes'

/** The merges a statement is about. */
export const MERGES = `m as materialized (select id, kept, removed, on_date, take from merge where id = any($1))`

/** In a single merge the step's row of the ledger is there already: the claim. */
const FILL_IN = `on conflict (merge, step) do update set attempts = excluded.attempts, counts = excluded.counts,
      was = excluded.was, noted = excluded.noted, done_at = excluded.done_at`

/**
 * The end of a step's statement: its rows of the ledger. `select` gives merge, counts, was, noted, one row for every merge
 * of `m`.
 */
export function ledger(name: StepName, select: string): string {
  return `insert into merge_step (merge, step, attempts, counts, was, noted, done_at)
    select l.merge, '${name}', $2::int, l.counts, l.was, l.noted, clock_timestamp() from (${select}) l (merge, counts, was, noted)
    ${FILL_IN}`
}

/** The same statement for merges of which nobody has claimed a step: a row that cannot be there is not looked for. */
export function unclaimed(sql: string): string {
  return sql.replace(FILL_IN, '')
}

/**
 * Takes the rows of one table that a step is about to judge, of the removed records or of the kept ones. A statement of its
 * own, before the step's: while that waited for a desk it would judge by what the row was before, and `returning old`
 * (PostgreSQL 18, on a table with a before-update trigger) would give the ledger what it was before, too.
 */
export function lockRows(table: string, patrons: 'm.removed' | 'm.kept'): string {
  return `with taken as materialized (
      select t.ctid from merge m join ${table} t on t.${table === 'patron' ? 'id' : 'patron'} = ${patrons}
      where m.id = any($1) order by ${table === 'patron' ? 't.id' : 't.patron, t.ctid'} for no key update of t)
    select count(*) from taken`
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
 * The merges, each with its removed record's family: it and all that were merged into it before, whose rows go back. An
 * array, not a join: PostgreSQL takes a recursive join for a hundred times as many rows, and then reads whole tables.
 */
export const FAMILIES = `m as materialized (select id, kept, removed, array(
    with recursive family as (
      select merge.removed as member union select p.id from family f join patron p on p.merged_into = f.member)
    select member from family) as family from merge where id = any($1))`

/** Hands the rows of one table (`t`) back to the removed record, by written_for; `also` sets what else has to change with it. */
export function handBack(table: string, also = ''): string {
  return `with ${FAMILIES}
    update ${table} t set patron = m.removed, written_for = nullif(t.written_for, m.removed)${also}
    from m where t.patron = m.kept and t.written_for = any(m.family)`
}

/** What a step noted in the ledger about rows of one table: merge, kept, removed, id, was, now (null where deleted). */
export function changesOf(name: StepName, table: string): string {
  return `changes as (
    select m.id as merge, m.kept, m.removed, c ->> 'id' as id, c -> 'was' as was, nullif(c -> 'now', 'null') as now
    from merge m join merge_step s on s.merge = m.id and s.step = '${name}', jsonb_array_elements(s.was) c
    where m.id = any($1) and c ->> 'table' = '${table}')`
}
