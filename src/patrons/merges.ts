import { run, statement, type Queryable } from '../database/statement'
import type { MergeStatus } from '../domain/codes'

/** A merge as one of its records shows it. */
export interface MergeOfPatron {
  id: number
  kept: number
  removed: number
  status: MergeStatus
  /** The merge date, `YYYY-MM-DD`. */
  on: string
  by: string
  reason: string | null
}

const mergesOf = statement<MergeOfPatron>(
  'patrons.merges',
  `with recursive record as (
     select $1::bigint as id
     union select p.id from record r join patron p on p.merged_into = r.id)
   select m.id, m.kept, m.removed, merge_status(m.status, m.attention, m.portal) as status, m.on_date as on, m.by, m.reason
   from merge m
   where m.status <> 'new' and (m.kept in (select id from record) or m.removed in (select id from record))
   order by m.id`,
)

/**
 * The merges that the record and all that were merged into it are in, on either side, in the order in which they were asked
 * for: undone and refused ones too.
 */
export async function mergesOfPatron(db: Queryable, live: number): Promise<MergeOfPatron[]> {
  return run(db, mergesOf, [live])
}
