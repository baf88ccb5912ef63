import { changesOf, handBack, ledger, MERGES } from './sql'
import { step } from './step'

/**
 * R2: every hold moves. Where both have an open one on the same title for the same pickup library, one stays: a ready one
 * before any other, then the earlier placedAt, then the lower id; the other is cancelled first, so that the patron never
 * has two. Noted: the ready holds that move, whose labels on the shelf show the removed record.
 */
export const transferHolds = step('transferHolds', {
  forward: [
    // those that meet, or the step would judge by what they were before a desk changed them
    `with taken as materialized (
      select r.id from merge m
      join hold r on r.patron = m.removed and r.status <> 'cancelled'
      join hold k on k.patron = m.kept and k.library = r.library and k.title = r.title and k.status <> 'cancelled'
      where m.id = any($1) and $2::int is not null order by r.id, k.id for no key update of r, k)
    select count(*) from taken`,
    `with ${MERGES},
    met as materialized (
      select m.id as merge, r.id as removed_hold, k.id as kept_hold,
        (r.status <> 'ready', r.placed_at, r.id) < (k.status <> 'ready', k.placed_at, k.id) as removed_stays
      from m
      join hold r on r.patron = m.removed and r.status <> 'cancelled'
      join hold k on k.patron = m.kept and k.library = r.library and k.title = r.title and k.status <> 'cancelled'),
    cancelled as (
      update hold h set status = 'cancelled', reason = 'duplicate-after-merge' from met
      where met.removed_stays and h.id = met.kept_hold
      returning met.merge, h.id, h.library, old.status as was_status, old.reason as was_reason, new.status, new.reason),
    -- the count: those of the kept record are cancelled before the first one moves
    moved as (
      update hold h set patron = m.kept, written_for = coalesce(h.written_for, m.removed),
        status = case when h.id in (select removed_hold from met where not removed_stays) then 'cancelled' else h.status end,
        reason = case when h.id in (select removed_hold from met where not removed_stays) then 'duplicate-after-merge' else h.reason end
      from m where h.patron = m.removed and (select count(*) from cancelled) >= 0
      returning m.id as merge, h.id, h.library, old.status as was_status, old.reason as was_reason, new.status, new.reason),
    changed as (
      select merge, id, 0 as moved, library, was_status, was_reason, status, reason from cancelled
      union all select merge, id, 1, library, was_status, was_reason, status, reason from moved)
    ${ledger(
      'transferHolds',
      `select m.id, jsonb_build_object('holds', coalesce(sum(c.moved), 0), 'collapsed', count(*) filter (where c.status <> c.was_status)),
        jsonb_agg(jsonb_build_object('table', 'hold', 'id', c.id, 'library', c.library,
          'was', jsonb_build_object('status', c.was_status, 'reason', c.was_reason),
          'now', jsonb_build_object('status', c.status, 'reason', c.reason))) filter (where c.status <> c.was_status),
        case when count(*) filter (where c.status = 'ready') > 0 then jsonb_build_object('ready',
          jsonb_agg(jsonb_build_object('hold', c.id, 'library', c.library) order by c.id) filter (where c.status = 'ready')) end
       from m left join changed c on c.merge = m.id group by m.id`,
    )}`,
  ],
  reverse: [
    handBack('hold'),
    `with ${changesOf('transferHolds', 'hold')}
    update hold h set status = c.was ->> 'status', reason = c.was ->> 'reason' from changes c
    where h.id = c.id::bigint and h.patron in (c.kept, c.removed)
      and h.status = c.now ->> 'status' and h.reason = c.now ->> 'reason'
      and not exists (select from hold o where o.patron = h.patron and o.library = h.library and o.title = h.title
        and o.status <> 'cancelled')`,
  ],
})
