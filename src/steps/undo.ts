import type { Client, PoolClient } from 'pg'
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

const setApart = statement(
  'undo.setApart',
  `with m as materialized (select id, kept, removed from merge where id = any($1)),
   kept as (update patron p set merging = null from m where p.id = m.kept and p.merging = m.id)
   update patron p set merged_into = null, retired_at = null, merging = null from m where p.id = m.removed and p.merged_into = m.kept`,
)

const writeNotedAgain = statement<{ back: number }>('undo.writeNotedAgain', `select write_noted_again($1) as back`)

const ended = statement(
  'undo.ended',
  `update merge set status = $2, attention = null, ended_at = clock_timestamp() where id = any($1)`,
)

/**
 * Takes merges back inside a transaction that takes patrons (design §3): locks the merges, then both records; sets the two
 * records apart again (first, or the redirect would send everything back); hands back the rows by written_for and puts back
 * old values and deleted rows where nothing changed since and the rules allow it; writes what the redirect altered or left
 * out once more. All of it whichever steps were done, so it abandons an unfinished merge too. Gives the merges that were
 * taken back: those that are not (any more) in one of `from` are left alone.
 */
export async function takeBack(
  client: Client | PoolClient,
  merges: readonly number[],
  end: { from: readonly ('open' | 'retired' | 'undoing')[]; to: 'abandoned' | 'undone' },
): Promise<number[]> {
  const locked = (await run(client, lock, [merges, end.from])).map((row) => row.id)
  if (locked.length === 0) return []
  await allOf([
    run(client, setApart, [locked]),
    ...inPlanOrder.map((step) => goBack(client, step, locked)),
    run(client, writeNotedAgain, [locked]),
    run(client, ended, [locked, end.to]),
  ])
  return locked
}
