import type { ClientBase } from 'pg'
import { run, statement } from '../database/statement'
import { allOf, goBack } from './step'
import { inPlanOrder } from './transfers'

const lock = statement<{ id: number }>(
  'undo.lock',
  `with m as materialized (
     select id, kept, removed from merge where id = any($1) and status = any($2) order by id for update),
   r as materialized (select p.id from patron p join m on m.removed = p.id order by p.id for update of p),
   k as materialized (select p.id from patron p where p.id in (select kept from m) and (select count(*) from r) > 0 order by p.id for no key update of p)
   select m.id from m where (select count(*) from k) > 0 order by m.id`,
)

/** Locks merges that are in one of these states, then both records of each. Gives those locked; the others are left alone. */
export async function lockMerges(
  client: ClientBase,
  merges: readonly number[],
  states: readonly ('open' | 'retired' | 'undoing')[],
): Promise<number[]> {
  return (await run(client, lock, [merges, states])).map((row) => row.id)
}

const setApart = statement(
  'undo.setApart',
  `with m as materialized (select id, kept, removed from merge where id = any($1)),
   kept as (update patron p set merging = null from m where p.id = m.kept and p.merging = m.id)
   update patron p set merged_into = null, retired_at = null, merging = null from m where p.id = m.removed and p.merged_into = m.kept`,
)

/**
 * What the redirect had altered or left out: written once more as it was first written, or `out` (a rule forbids it by now),
 * or a desk has changed it since, or it is not theirs any more.
 */
export interface NotedRow {
  merge: number
  tbl: 'hold' | 'contact' | 'history_preference' | 'patron'
  id: string | null
  library: string | null
  became: 'back' | 'out' | 'changed' | 'gone'
}
const writeNotedAgain = statement<NotedRow>(
  'undo.writeNotedAgain',
  `select merge, tbl, id, library, became from write_noted_once_more($1)`,
)

/**
 * Sets the two records of locked merges apart again (first, or the redirect would send everything back); hands back the rows
 * by written_for and puts back old values and deleted rows where nothing changed since and the rules allow it; writes what
 * the redirect altered or left out once more. All of it whichever steps were done.
 */
export async function setRecordsApart(client: ClientBase, merges: readonly number[]): Promise<NotedRow[]> {
  const apart = run(client, setApart, [merges])
  const back = inPlanOrder.map((step) => goBack(client, step, merges))
  const noted = run(client, writeNotedAgain, [merges])
  await allOf([apart, ...back, noted])
  return noted
}

const abandoned = statement(
  'undo.abandoned',
  `update merge set status = 'abandoned', attention = null, ended_at = clock_timestamp() where id = any($1)`,
)

/**
 * Abandons unfinished merges inside a transaction that takes patrons (design §3): both records are as they were. Gives the
 * merges that were taken back: those that are not open (any more) are left alone.
 */
export async function abandonMerges(client: ClientBase, merges: readonly number[]): Promise<number[]> {
  const locked = await lockMerges(client, merges, ['open'])
  if (locked.length === 0) return []
  await allOf([setRecordsApart(client, locked), run(client, abandoned, [locked])])
  return locked
}
