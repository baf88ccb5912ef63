import type { Pool, PoolClient } from 'pg'
import { againWhereTaken } from '../database/nextIds'
import { run, runOne, statement, type Queryable } from '../database/statement'
import { inPlainTransaction } from '../database/transaction'
import { undoGivenUpNotice } from '../domain/sentences'
import type { PortalClient } from '../portal/client'
import { learnIntent, madeWanted, revertIntent } from '../portal/intent'
import { recordCommand, type Who } from './commands'
import { eachLink } from './eachLink'
import { stillHolding, toBringBack, toGiveUp, type Bringing, type StandingIntent } from './linkPaths'
import { grouped } from './grouped'
import { leaveNotices } from './skipPortal'
import { mergeById, PORTAL_NOT_ENDED, portalHasEnded, type MergeRow } from './store'
import { keyOf } from './intents'
import { addToUndo } from './undoReport'

/**
 * All that was done with the links of the two records and of whoever is merged into the removed one, by whichever merge, and is
 * not brought back.
 */
const standing = statement<StandingIntent>(
  'undo.standingIntents',
  `with recursive family as (
     select $2::bigint as id union select p.id from family f join patron p on p.merged_into = f.id),
   concerned as materialized (
     select merge, account, library, actor_id from portal_intent where reverted is null and (target = $1 or target in (select id from family))
     union select i.merge, i.account, i.library, i.actor_id from family f join portal_intent i on i.actor_id = f.id and i.reverted is null),
   links as (select distinct account, library from concerned)
   select i.merge, i.account, i.library, i.actor_id as "from", i.target as "to", i.action, i.round, i.outcome, to_jsonb(i.asked) as asked,
     to_jsonb(array(select live_patron(a) from unnest(i.asked) a)) as "askedHomes", live_patron(i.actor_id) as home, live_patron(i.target) as "toHome", m.status = 'undone' as undone,
     exists (select from concerned c where c.merge = i.merge and c.account = i.account and c.library = i.library and c.actor_id = i.actor_id) as concerned,
     exists (select from portal_intent o where o.account = i.account and o.library = i.library and o.actor_id = i.actor_id
       and o.merge <> i.merge and o.outcome in ('changed', 'removed')) as "doneByOther"
   from links l join portal_intent i on i.account = l.account and i.library = l.library and i.reverted is null
   join merge m on m.id = i.merge
   order by i.account, i.library, i.merge desc, i.actor_id`,
)

/** The links that an undo of this merge has to bring back, and whatever has to be known first; or, of `what`, that it gives up. */
export async function linksToRevert(
  db: Queryable,
  { kept, removed }: MergeRow,
  what = toBringBack,
): Promise<Bringing[]> {
  const intents = await run(db, standing, [kept, removed])
  const links = grouped(intents, ({ account, library }) => JSON.stringify([account, library]))
  return [...links.values()].flatMap(what)
}

const learned = statement(
  'undo.intentLearned',
  `update portal_intent set outcome = $5, target = $6
   where merge = $1 and account = $2 and library = $3 and actor_id = $4 and reverted is null and (outcome is null or outcome <> 'changed')`,
)
const reverted = statement<{ library: string }>(
  'undo.intentsReverted',
  // what was given up, or told by another attempt, stays as it was told
  `with paths as (
     select p.* from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::bigint[])
       p (merge, account, library, actor_id, target, reverted, becomes)),
   -- two undos of one link's way take its intents in the same order
   locked as materialized (
     select i.merge, i.account, i.library, i.actor_id from portal_intent i join paths using (merge, account, library, actor_id)
     order by i.merge, i.account, i.library, i.actor_id for update of i)
   update portal_intent i set reverted = p.reverted, target = coalesce(p.becomes, i.target),
     outcome = case when p.becomes is null then i.outcome else 'changed' end
   from paths p join locked using (merge, account, library, actor_id)
   where i.merge = p.merge and i.account = p.account and i.library = p.library and i.actor_id = p.actor_id
     and i.target = p.target and i.reverted is null
   returning i.library`,
)
const stillToRevert = statement<{ merge: number }>(
  'undo.stillToRevert',
  `select i.merge from portal_intent i, merge m
   where i.merge = $1 and i.account = $2 and i.library = $3 and i.actor_id = $4 and i.target = $5 and i.reverted is null
     and m.id = $6 and m.status = 'undone' and ${PORTAL_NOT_ENDED}`,
)
const lockUndo = statement<{ id: number }>(
  'undo.lockForSkip',
  `select id from merge
   where id = $1 and status = 'undone' and ${PORTAL_NOT_ENDED} for no key update`,
)
const liveOf = statement<{ id: number }>('undo.liveOf', `select live_patron($1) as id`)
const lockRecords = statement(
  'undo.lockRecords',
  `select id from patron where id in ($1, $2) order by id for key share`,
)
const complete = statement<{ restored: number; left: number; libraries: string[] }>(
  'undo.complete',
  `with done as (
     update merge set portal = $2, attention = null, ended_at = clock_timestamp()
     where id = $1 and status = 'undone' and ${PORTAL_NOT_ENDED} returning id)
   select count(i.merge) filter (where i.reverted = 'restored')::int as restored,
     count(i.merge) filter (where i.reverted = 'left')::int as left,
     coalesce(array_agg(distinct i.library order by i.library) filter (where i.reverted = 'left'), '{}') as libraries
   from done d left join portal_intent i on i.merge = d.id group by d.id`,
)

/**
 * The portal's part of an undo: every link that the merge moved points to the record whose it is. What the patron has
 * changed at the portal since stays, and is told. Ends the undo in its last transaction, when nothing is left to do.
 * @throws PortalError where a call failed; done links stay done. After a refusal the other links have been tried too
 */
export async function revertPortalLinks(
  pool: Pool,
  portal: PortalClient,
  merge: number,
  signal?: AbortSignal,
): Promise<void> {
  for (;;) {
    const row = await mergeById(pool, merge)
    if (row?.status !== 'undone' || portalHasEnded(row)) return
    await eachLink(await linksToRevert(pool, row), (link) => bringBack(pool, portal, merge, link, signal))
    const ended = await inPlainTransaction(pool, async (client) => {
      await run(client, lockRecords, [row.kept, row.removed])
      if ((await linksToRevert(client, row)).length > 0) return false
      const links = await runOne(client, complete, [merge, 'done'])
      if (links) await tell(client, merge, 'portal-links-left', links)
      return true
    })
    if (ended) return
  }
}

async function bringBack(
  pool: Pool,
  portal: PortalClient,
  undo: number,
  { is, path, last, home, movedOn }: Bringing,
  signal?: AbortSignal,
): Promise<void> {
  const { merge, account, library, from, to, round } = last
  const key = keyOf(merge, last)
  const place = [merge, account, library, from]
  // before each change: false where another attempt has done it, or the portal's part was given up
  const meant = async () => (await runOne(pool, stillToRevert, [...place, to, undo])) !== undefined
  if (!(await meant())) return
  if (is === 'learn') {
    const learnt = await learnIntent(portal, last, last.asked, { idempotencyKey: key, signal })
    // where it belongs, or where the merge that holds now will find it
    if (learnt === undefined) await run(pool, reverted, endOf(path, 'restored', 0))
    else await run(pool, learned, [...place, learnt.outcome, learnt.to ?? to])
    return
  }
  // a link that came back: an earlier round may have made the one that is there
  for (let earlier = round - 1; earlier > 0 && last.outcome !== 'changed'; earlier--) {
    const options = { idempotencyKey: keyOf(merge, { ...last, round: earlier }), signal }
    if (await madeWanted(portal, last, options)) return void (await run(pool, learned, [...place, 'changed', to]))
  }
  if (is === 'tell') {
    await run(pool, reverted, endOf(path, last.doneByOther ? 'restored' : 'left', 0))
    return
  }
  if (!(await meant())) return
  const back = { account, library, from: home, to, action: last.action }
  const options = { idempotencyKey: `${key}/undo/${to}-${home}`, signal }
  const outcome = last.outcome ?? 'changed'
  const done = await revertIntent(portal, back, { outcome, movedOn }, options)
  // taken away since: no intent holds a link any more
  await run(pool, reverted, endOf(path, done.outcome, done.outcome === 'left' ? 0 : stillHolding(path)))
}

/** The parameters of `reverted` for a path of which the first `holding` intents hold its link, and the others are over. */
function endOf(path: readonly StandingIntent[], as: 'restored' | 'left', holding: number): unknown[] {
  return [
    path.map(({ merge }) => merge),
    path.map(({ account }) => account),
    path.map(({ library }) => library),
    path.map(({ from }) => from),
    path.map(({ to }) => to),
    path.map((_, n) => (n < holding ? null : as)),
    path.map(({ home }, n) => (n === holding - 1 ? home : null)),
  ]
}

/**
 * Gives the portal's part of an undo up: the record that is there again gets a notice for each library whose link still
 * points to the other, with the remedy. False where there is nothing (left) to give up.
 */
export async function skipUndoPortal(pool: Pool, merge: number, who: Who): Promise<boolean> {
  return againWhereTaken(() => inPlainTransaction(pool, (client) => skipOnce(client, merge, who)))
}

async function skipOnce(client: PoolClient, merge: number, who: Who): Promise<boolean> {
  if (!(await runOne(client, lockUndo, [merge]))) return false
  const row = await mergeById(client, merge)
  if (!row) return false
  await run(client, lockRecords, [row.kept, row.removed])
  const given: { library: string }[] = []
  // the other links of the two are other undos'; not those that an attempt brings back at this moment
  const live = await runOne(client, liveOf, [row.removed])
  for (const { path, home } of await linksToRevert(client, row, toGiveUp))
    if (home === live?.id) given.push(...(await run(client, reverted, endOf(path, 'left', 0))))
  const links = await runOne(client, complete, [merge, 'skipped'])
  if (!links) return false
  const libraries = [...new Set(given.map(({ library }) => library))].sort()
  const { kept, removed } = row
  await leaveNotices(client, removed, libraries, (library) => undoGivenUpNotice({ kept, library }))
  await tell(client, merge, 'portal-links-given-up', { ...links, left: given.length, libraries })
  await recordCommand(client, merge, 'skip-portal', who)
  return true
}

async function tell(
  client: PoolClient,
  merge: number,
  code: 'portal-links-left' | 'portal-links-given-up',
  { restored, left, libraries }: { restored: number; left: number; libraries: string[] },
): Promise<void> {
  const told = left > 0 ? [{ code, details: { links: left, libraries } }] : []
  await addToUndo(client, merge, { portalLinks: restored }, told)
}
