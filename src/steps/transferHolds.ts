import { changesOf, FAMILIES, handBack, ledger, MERGES } from './sql'
import { step } from './step'

/** Of two open holds on one title, the kept record's `k` and the removed one's `r`, the one that yields. */
const LOSER = `case when (r.status <> 'ready', r.placed_at, r.id) < (k.status <> 'ready', k.placed_at, k.id) then k.id else r.id end`

/**
 * R2: every hold moves. Where both have an open one on the same title for the same pickup library, one stays: a ready one
 * before any other, then the earlier placedAt, then the lower id; the other is cancelled first, so that the patron never
 * has two. Noted: the ready holds that move, whose labels on the shelf show the removed record.
 */
export const transferHolds = step('transferHolds', {
  // those that meet, or the step would judge by what they were before a desk changed them
  lock: `with taken as materialized (
      select r.id from merge m
      join hold r on r.patron = m.removed and r.status <> 'cancelled'
      join hold k on k.patron = m.kept and k.library = r.library and k.title = r.title and k.status <> 'cancelled'
      where m.id = any($1) order by r.id, k.id for no key update of r, k)
    select count(*) from taken`,
  forward: [
    `with ${MERGES},
    losers as (
      select m.id as merge, ${LOSER} as id
      from m
      join hold r on r.patron = m.removed and r.status <> 'cancelled'
      join hold k on k.patron = m.kept and k.library = r.library and k.title = r.title and k.status <> 'cancelled'),
    cancelled as (
      update hold h set status = 'cancelled', reason = 'duplicate-after-merge' from losers l where h.id = l.id
      returning l.merge, jsonb_build_object('table', 'hold', 'id', h.id, 'library', h.library,
        'was', jsonb_build_object('status', old.status, 'reason', old.reason),
        'now', jsonb_build_object('status', new.status, 'reason', new.reason)) as change)
    ${ledger(
      'transferHolds',
      `select merge, jsonb_build_object('collapsed', count(*)), jsonb_agg(change order by change -> 'id'), null::jsonb
       from cancelled group by merge`,
    )}`,
    `with ${MERGES},
    moved as (
      update hold h set patron = m.kept, written_for = coalesce(h.written_for, m.removed)
      from m where h.patron = m.removed returning m.id as merge, h.id, h.library, h.status),
    n as (
      select merge, count(*) as holds,
        jsonb_agg(jsonb_build_object('hold', id, 'library', library) order by id) filter (where status = 'ready') as ready
      from moved group by merge)
    insert into merge_step (merge, step, attempts, counts, noted, done_at)
    select m.id, 'transferHolds', $2::int, jsonb_build_object('holds', coalesce(n.holds, 0), 'collapsed', 0),
      case when n.ready is not null then jsonb_build_object('ready', n.ready) end, clock_timestamp()
    from m left join n on n.merge = m.id
    -- what collapsed was noted by the statement before
    on conflict (merge, step) do update set attempts = excluded.attempts, noted = excluded.noted, done_at = excluded.done_at,
      counts = excluded.counts || coalesce(merge_step.counts, '{}')`,
  ],
  reverse: [
    // a merge given up before its holds had moved: one that a desk has opened again meanwhile may meet one that stayed
    `with ${FAMILIES},
    losers as (
      select ${LOSER} as id
      from m
      join hold k on k.patron = m.kept and k.written_for = any(m.family) and k.status <> 'cancelled'
      join hold r on r.patron = m.removed and r.library = k.library and r.title = k.title and r.status <> 'cancelled')
    update hold h set status = 'cancelled', reason = 'duplicate-after-merge' from losers l where h.id = l.id`,
    handBack('hold'),
    `with ${changesOf('transferHolds', 'hold')}
    -- of two that a desk gave one title and pickup library since, the one that R2 would leave
    update hold h set status = first.was ->> 'status', reason = first.was ->> 'reason' from (
      select distinct on (t.patron, t.library, t.title) t.id, c.was from changes c join hold t on t.id = c.id::bigint
      where t.patron in (c.kept, c.removed) and t.status = c.now ->> 'status' and t.reason = c.now ->> 'reason'
        and not exists (select from hold o where o.patron = t.patron and o.library = t.library and o.title = t.title
          and o.status <> 'cancelled')
      order by t.patron, t.library, t.title, c.was ->> 'status' <> 'ready', t.placed_at, t.id) first
    where h.id = first.id`,
  ],
})
