import { changesOf, FAMILIES, handBack, ledger, lockRows, MERGES } from './sql'
import { step } from './step'

/**
 * R6: contacts move; one that the kept record already has (contact_key) is not doubled. Of each kind the kept record's own
 * primary stays; where it had none, the removed record's becomes it, a double giving its mark to a contact of its own kind.
 */
export const transferContacts = step('transferContacts', {
  lock: lockRows('contact', 'm.removed'),
  forward: [
    `with ${MERGES},
    theirs as materialized (
      select m.id as merge, m.kept, c.id, c.kind, c.is_primary, d.id as double,
        -- limit 1: an exists would be hashed, by reading all contacts
        coalesce((select true from contact k where k.patron = m.kept and k.kind = c.kind and k.is_primary limit 1), false)
          as kept_has_primary
      from m join contact c on c.patron = m.removed
      left join lateral (
        select k.id from contact k where k.patron = m.kept and k.key = c.key order by k.kind <> c.kind, k.id limit 1) d on true),
    doubled as (
      delete from contact c using theirs t where c.id = t.id and t.double is not null
      returning t.merge, jsonb_build_object('table', 'contact', 'id', c.id, 'was', to_jsonb(c) - 'key', 'now', null) as change),
    moved as (
      update contact c set patron = t.kept, written_for = coalesce(c.written_for, c.patron),
        is_primary = c.is_primary and not t.kept_has_primary
      from theirs t where c.id = t.id and t.double is null
      returning t.merge, case when old.is_primary <> new.is_primary then jsonb_build_object('table', 'contact', 'id', c.id,
        'was', jsonb_build_object('is_primary', old.is_primary), 'now', jsonb_build_object('is_primary', new.is_primary)) end as change),
    marked as (
      update contact k set is_primary = true from theirs t
      where t.is_primary and t.double = k.id and k.kind = t.kind and not t.kept_has_primary
      returning t.merge, jsonb_build_object('table', 'contact', 'id', k.id,
        'was', jsonb_build_object('is_primary', false), 'now', jsonb_build_object('is_primary', true)) as change),
    changed as (
      select merge, 1 as moved, 0 as doubled, change from moved
      union all select merge, 0, 1, change from doubled union all select merge, 0, 0, change from marked)
    ${ledger(
      'transferContacts',
      `select m.id, jsonb_build_object('contacts', coalesce(sum(c.moved), 0), 'known', coalesce(sum(c.doubled), 0)),
        jsonb_agg(c.change order by c.change -> 'id') filter (where c.change is not null), null::jsonb
       from m left join changed c on c.merge = m.id group by m.id`,
    )}`,
  ],
  reverse: [
    // first the mark that a double gave, or the kept record would have two while rows go back
    `with ${changesOf('transferContacts', 'contact')}
    update contact c set is_primary = false from changes x
    where c.id = x.id::bigint and c.patron = x.kept and x.now @> '{"is_primary": true}' and c.is_primary`,
    // given up before its contacts had moved: by a desk's change one written for it became one that it has
    `with ${FAMILIES}
    delete from contact c using m where c.patron = m.kept and c.written_for = any(m.family)
      and exists (select from contact r where r.patron = m.removed and r.key = c.key and r.copy = c.copy)`,
    // and a desk may have made one primary beside the removed record's own
    handBack(
      'contact',
      `, is_primary = t.is_primary and not exists (
        select from contact r where r.patron = m.removed and r.kind = t.kind and r.is_primary)`,
    ),
    `with ${changesOf('transferContacts', 'contact')}
    insert into contact (id, patron, kind, value, copy, is_primary, written_for)
    select x.id::bigint, (was ->> 'patron')::bigint, was ->> 'kind', was ->> 'value', (was ->> 'copy')::smallint,
      (was ->> 'is_primary')::boolean and not exists (select from contact o where o.patron = (was ->> 'patron')::bigint
        and o.kind = was ->> 'kind' and o.is_primary),
      (was ->> 'written_for')::bigint
    from changes x where now is null on conflict do nothing`,
    `with ${changesOf('transferContacts', 'contact')}
    -- of two that a desk made the same kind since, the one that it did not change
    update contact c set is_primary = true from (
      select distinct on (t.patron, t.kind) t.id from changes x join contact t on t.id = x.id::bigint and t.patron = x.removed
      where x.now @> '{"is_primary": false}' and not exists (
        select from contact o where o.patron = t.patron and o.kind = t.kind and o.is_primary)
      order by t.patron, t.kind, exists (select from edited_contact e where e.contact = t.id), t.id) first
    where c.id = first.id`,
  ],
})
