import { run, statement, type Queryable } from '../database/statement'
import type { FollowUp } from '../domain/campaign'

/**
 * What is still to be done: a hold whose copy was collected, a registration that was renewed, a block that was lifted since are
 * left out. `patron` is the record at the end of the chain.
 */
const tasks = statement<FollowUp>(
  'followUp.tasks',
  `with m as materialized (
     select m.id, m.removed, live_patron(m.kept) as patron, m.warnings, m.portal from merge m
     where m.campaign = $1 and m.status = 'retired' and m.id > $3 order by m.id limit $4),
   warned as (select m.id, m.removed, m.patron, w ->> 'code' as code, w -> 'details' as details from m, jsonb_array_elements(m.warnings) w),
   found as (
     select 'relabel-hold' as what, h.library, w.patron, w.removed, w.id as merge, h.id as hold
     from warned w, jsonb_array_elements(w.details -> 'holds') x join hold h on h.id = (x ->> 'hold')::bigint
     where w.code = 'ready-hold-moves' and h.status = 'ready' and h.patron = w.patron
     union all
     select 'register', l, w.patron, w.removed, w.id, null
     from warned w, jsonb_array_elements_text(w.details -> 'libraries') l
     where w.code = 'not-findable' and not exists (select from subscription s where s.patron = w.patron and s.library = l)
     union all
     select 'look-at-block', null, w.patron, w.removed, w.id, null
     from warned w join patron p on p.id = w.patron
     where (w.code in ('internet-block-applied', 'internet-block-kept') and p.internet_block is not null)
       or (w.code = 'staff-block-not-carried' and p.internet_block is null)
     union all
     select 'link-given-up', coalesce(i.library, n.library), m.patron, m.removed, m.id, null
     from m left join lateral (select distinct library from portal_intent where merge = m.id and outcome is null) i on true
     left join lateral (
       select t.library from merge_step s, jsonb_array_elements(s.noted -> 'notices') x join message t on t.id = x::bigint
       where i.library is null and s.merge = m.id and s.step = 'syncPortalLinks') n on true
     where m.portal = 'skipped')
   select what, library, patron, removed, merge, hold from found
   where $2::text is null or library is null or library = $2
   order by merge, what, library, hold`,
)
const next = statement<{ last: number | null }>(
  'followUp.next',
  `select max(id) as last from (
     select id from merge where campaign = $1 and status = 'retired' and id > $2 order by id limit $3) m`,
)

const PAGE = 1_000

/**
 * What people have to do after a campaign, by the order of its merges; streamed in pages. `library`: what concerns that one, and
 * what concerns none by name (blocks).
 */
export async function* followUps(
  db: Queryable,
  campaign: number,
  { library }: { library?: string | undefined } = {},
): AsyncGenerator<FollowUp> {
  let after = 0
  for (;;) {
    const [page] = await run(db, next, [campaign, after, PAGE])
    if (!page || page.last === null) return
    yield* await run(db, tasks, [campaign, library ?? null, after, PAGE])
    after = page.last
  }
}
