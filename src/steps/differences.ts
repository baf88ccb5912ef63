import type { ClientBase } from 'pg'
import { run, statement } from '../database/statement'

/** A value in the ledger that the database does not have now. */
export interface Difference {
  merge: number
  tbl: 'patron' | 'hold' | 'contact' | 'subscription' | 'history_preference'
  /** The row's key; of a history preference its library. */
  id: string
  library: string | null
  /** The columns that differ; all of them where the row is gone. */
  fields: string[]
  gone: boolean
}

const differences = statement<Difference>(
  'undo.differences',
  `with noted as (
     select m.id as merge, m.removed, c ->> 'table' as tbl, c ->> 'id' as id, c ->> 'library' as library,
       nullif(case when $2 = 'now' then c -> 'now' else c -> 'was' end, 'null') as wanted
     from merge m
     -- one merge after the other (offset 0): joined freely, it may read all of the ledger for every group
     cross join lateral (
       select c from merge_step s cross join lateral jsonb_array_elements(s.was) c where s.merge = m.id and s.was is not null offset 0) s
     where m.id = any($1)),
   there as (
     select n.*, case n.tbl
       when 'patron' then (select to_jsonb(t) from patron t where t.id = n.id::bigint)
       when 'hold' then (select to_jsonb(t) from hold t where t.id = n.id::bigint)
       when 'contact' then (select to_jsonb(t) from contact t where t.id = n.id::bigint)
       when 'subscription' then (select to_jsonb(t) from subscription t where t.id = n.id::bigint)
       when 'history_preference' then (select to_jsonb(t) from history_preference t where t.patron = n.removed and t.library = n.id)
     end as found
     from noted n where n.wanted is not null)
   select t.merge, t.tbl, t.id, t.library, t.found is null as gone, array_agg(w.key order by w.key) as fields
   from there t cross join lateral jsonb_each(t.wanted) w
   where t.found is null or t.found -> w.key is distinct from w.value
   group by t.merge, t.tbl, t.id, t.library, t.found is null order by t.merge, t.tbl, t.id`,
)

/**
 * What of the ledger is not so in the database: by `now`, what has been changed since the merge (asked before it is taken
 * back); by `was`, what was not put back (asked after).
 */
export async function differencesFrom(
  client: ClientBase,
  merges: readonly number[],
  side: 'now' | 'was',
): Promise<Difference[]> {
  return run(client, differences, [merges, side])
}
