import { changesOf, handBack, ledger, lockRows, MERGES } from './sql'
import { step } from './step'

/**
 * R10: the removed record's expired subscriptions are deleted. An active one moves; where the kept record has an active
 * one at the same library, it is stopped on the merge date (even where it starts later) and moves as stopped.
 */
export const transferSubscriptions = step('transferSubscriptions', {
  lock: lockRows('subscription', 'm.removed'),
  forward: [
    `with ${MERGES},
    expired as (
      delete from subscription s using m where s.patron = m.removed and not is_active(s.stopped_on, s.ends_on, m.on_date)
      returning m.id as merge, jsonb_build_object('table', 'subscription', 'id', s.id, 'library', s.library,
        'was', to_jsonb(s), 'now', null) as change),
    moved as (
      update subscription s set patron = m.kept, written_for = coalesce(s.written_for, m.removed),
        stopped_on = case when exists (select from subscription k where k.patron = m.kept and k.library = s.library
          and is_active(k.stopped_on, k.ends_on, m.on_date)) then m.on_date else s.stopped_on end
      from m where s.patron = m.removed and is_active(s.stopped_on, s.ends_on, m.on_date)
      returning m.id as merge, case when new.stopped_on is distinct from old.stopped_on then jsonb_build_object(
        'table', 'subscription', 'id', s.id, 'library', s.library,
        'was', jsonb_build_object('stopped_on', old.stopped_on), 'now', jsonb_build_object('stopped_on', new.stopped_on)) end as change),
    changed as (
      select merge, 1 as moved, 0 as expired, change from moved union all select merge, 0, 1, change from expired)
    ${ledger(
      'transferSubscriptions',
      `select m.id, jsonb_build_object('subscriptions', coalesce(sum(c.moved), 0),
          'stopped', count(c.change) filter (where c.moved = 1), 'deleted', coalesce(sum(c.expired), 0)),
        jsonb_agg(c.change order by c.change -> 'id') filter (where c.change is not null), null::jsonb
       from m left join changed c on c.merge = m.id group by m.id`,
    )}`,
  ],
  reverse: [
    handBack('subscription'),
    `with ${changesOf('transferSubscriptions', 'subscription')}
    update subscription s set stopped_on = (x.was ->> 'stopped_on')::date from changes x
    where s.id = x.id::bigint and s.patron = x.removed and x.now is not null
      and s.stopped_on is not distinct from (x.now ->> 'stopped_on')::date`,
    `with ${changesOf('transferSubscriptions', 'subscription')}
    insert into subscription (id, patron, library, product, starts_on, ends_on, stopped_on, written_for)
    select x.id::bigint, (was ->> 'patron')::bigint, was ->> 'library', was ->> 'product', (was ->> 'starts_on')::date,
      (was ->> 'ends_on')::date, (was ->> 'stopped_on')::date, (was ->> 'written_for')::bigint
    from changes x where now is null and exists (select from library l where l.id = was ->> 'library')
    on conflict (id) do nothing`,
  ],
})
