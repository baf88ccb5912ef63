import { changesOf, FAMILIES, handBack, ledger } from './sql'
import { step } from './step'

/**
 * R3: loan history moves, except where openMerge decided that it is erased (both registered there, the kept record's
 * preference off). At a library where both are registered the kept record's preference holds; elsewhere the removed one's
 * moves where the kept record has none; one that does not move is dropped. What is erased is counted, not recorded.
 */
export const transferLoanHistory = step('transferLoanHistory', {
  forward: [
    `with m as materialized (select id, kept, removed, both_registered, history_off from merge where id = any($1)),
    erased as (
      delete from loan_history h using m where m.history_off <> '{}' and h.patron = m.removed and h.library = any(m.history_off)
      returning m.id as merge, h.library),
    moved as (
      update loan_history h set patron = m.kept, written_for = coalesce(h.written_for, m.removed)
      from m where h.patron = m.removed and h.library <> all(m.history_off) returning m.id as merge),
    staying as materialized (
      select m.id as merge, h.library from m join history_preference h on h.patron = m.removed
      where h.library = any(m.both_registered)
        or exists (select from history_preference k where k.patron = m.kept and k.library = h.library)),
    dropped as (
      delete from history_preference h using m, staying s
      where s.merge = m.id and h.patron = m.removed and h.library = s.library
      returning m.id as merge, jsonb_build_object('table', 'history_preference', 'id', h.library, 'was', to_jsonb(h),
        'now', null) as change),
    taken as (
      update history_preference h set patron = m.kept, written_for = coalesce(h.written_for, m.removed)
      from m where h.patron = m.removed
        and not exists (select from staying s where s.merge = m.id and s.library = h.library)
      returning m.id as merge),
    changed as (
      select merge, 1 as moved, 0 as taken, null::jsonb as change from moved
      union all select merge, 0, 1, null from taken
      union all select merge, 0, 0, change from dropped),
    gone as (
      select merge, sum(n)::bigint as n, jsonb_object_agg(library, n) as at
      from (select merge, library, count(*) as n from erased group by merge, library) e group by merge)
    ${ledger(
      'transferLoanHistory',
      `select m.id, jsonb_build_object('loanHistory', coalesce(sum(c.moved), 0), 'erased', coalesce(g.n, 0), 'erasedAt', coalesce(g.at, '{}'),
          'preferences', coalesce(sum(c.taken), 0), 'preferencesDropped', count(c.change)),
        jsonb_agg(c.change order by c.change -> 'id') filter (where c.change is not null), null::jsonb
       from m left join changed c on c.merge = m.id left join gone g on g.merge = m.id group by m.id, g.n, g.at`,
    )}`,
  ],
  reverse: [
    handBack('loan_history'),
    // given up before its preferences had moved: by a desk's change one written for it became one that it has
    `with ${FAMILIES},
    met as (
      delete from history_preference t using m where t.patron = m.kept and t.written_for = any(m.family)
        and exists (select from history_preference o where o.patron = m.removed and o.library = t.library))
    update history_preference t set patron = m.removed, written_for = nullif(t.written_for, m.removed)
    from m where t.patron = m.kept and t.written_for = any(m.family)
      and not exists (select from history_preference o where o.patron = m.removed and o.library = t.library)`,
    `with ${changesOf('transferLoanHistory', 'history_preference')}
    insert into history_preference (patron, library, enabled, written_for)
    select (was ->> 'patron')::bigint, was ->> 'library', (was ->> 'enabled')::boolean, (was ->> 'written_for')::bigint
    from changes where exists (select from library l where l.id = was ->> 'library')
    on conflict (patron, library) do nothing`,
  ],
})
