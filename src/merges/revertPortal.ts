import type { Pool, PoolClient } from 'pg'
import { againWhereTaken } from '../database/nextIds'
import { run, runOne, statement, type Queryable } from '../database/statement'
import { inPlainTransaction } from '../database/transaction'
import { undoGivenUpNotice } from '../domain/sentences'
import type { PortalClient } from '../portal/client'
import { learnIntent, madeWanted, revertIntent, type AppliedIntent } from '../portal/intent'
import type { LinkIntent } from '../portal/links'
import { recordCommand, type Who } from './commands'
import { eachLink } from './eachLink'
import { leaveNotices } from './skipPortal'
import { mergeById, PORTAL_NOT_ENDED, portalHasEnded, type MergeRow } from './store'
import { keyOf } from './intents'
import { addToUndo } from './undoReport'

/** A link that a merge moved, or was to move, and that belongs elsewhere now. */
interface MovedLink extends LinkIntent {
  merge: number
  round: number
  outcome: AppliedIntent['outcome'] | null
  unanswered: boolean
  /** The record that it belongs to now: `from`, or whom that was merged into. */
  home: number
}

const MOVED_LINK = `merge, account, library, actor_id as "from", target as "to", action, round, outcome, unanswered`

/**
 * By what the database says now, not by which merge moved the link: where a merge's calls came after a later merge, they
 * went to that one's record at once, and the order in which undos come to the portal does not matter.
 */
const toRevert = statement<MovedLink>(
  'undo.linksToRevert',
  `with recursive family as (
     select $2::bigint as id union select p.id from family f join patron p on p.merged_into = f.id),
   moved as (
     select * from portal_intent where reverted is null and target = $1
     union select i.* from family f join portal_intent i on i.actor_id = f.id and i.reverted is null)
   select ${MOVED_LINK}, live_patron(actor_id) as home
   from moved where live_patron(actor_id) <> target order by merge desc, account, library, actor_id`,
)

/** The links that an undo of this merge has to bring back. */
export async function linksToRevert(db: Queryable, { kept, removed }: MergeRow): Promise<MovedLink[]> {
  return run(db, toRevert, [kept, removed])
}

/**
 * Where this merge and later ones took the same link on, the last first. Undone too, their part at the portal may come after
 * this one's; and where the record between was merged anew meanwhile, the link went there.
 */
const movedOn = statement<MovedLink>(
  'undo.linksMovedOn',
  `with recursive onward as (
     select i.*, 1 as times from portal_intent i
     where account = $1 and library = $2 and actor_id = $3 and merge >= $4 and reverted is null
     union select i.*, o.times + 1 from onward o join portal_intent i
       on i.account = o.account and i.library = o.library and i.actor_id = o.target and i.merge >= o.merge and i.reverted is null
     where o.target <> $5)
   select ${MOVED_LINK}, actor_id as home from onward order by times desc, merge desc`,
)

const learned = statement(
  'undo.intentLearned',
  `update portal_intent set outcome = $5 where merge = $1 and account = $2 and library = $3 and actor_id = $4`,
)
const reverted = statement<{ library: string }>(
  'undo.intentReverted',
  // what was given up, or told by another attempt, stays as it was told
  `update portal_intent set target = case when $5 = 'restored' then $6 else target end,
     reverted = case when $5 = 'left' or actor_id = $6 then $5 end
   where merge = $1 and account = $2 and library = $3 and actor_id = $4 and reverted is null
   returning library`,
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
    await eachLink(await linksToRevert(pool, row), (link) => revertLink(pool, portal, merge, link, signal))
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

async function revertLink(
  pool: Pool,
  portal: PortalClient,
  undo: number,
  link: MovedLink,
  signal?: AbortSignal,
): Promise<void> {
  const { merge, account, library, from, to, action, home, unanswered } = link
  const key = keyOf(merge, link)
  const ids = [merge, account, library, from]
  // before each change: false where another attempt has done it, or the portal's part was given up
  const meant = async () => (await runOne(pool, stillToRevert, [...ids, to, undo])) !== undefined
  if (!(await meant())) return
  const intent = { account, library, from, to, action, unanswered }
  let { outcome } = link
  if (outcome === null) {
    // an answer may be lost
    const learnt = await learnIntent(portal, intent, { idempotencyKey: key, signal })
    if (learnt !== 'not-done') {
      outcome = learnt.outcome
      await run(pool, learned, [...ids, outcome])
    }
  }
  // a link that came back: an earlier round may have made the one that is there
  for (let round = link.round - 1; round > 0 && outcome !== 'changed'; round--) {
    const earlier = { idempotencyKey: keyOf(merge, { ...link, round }), signal }
    if (await madeWanted(portal, intent, earlier)) outcome = 'changed'
  }
  if (outcome === null) {
    // it is where it belongs, or where the merge that holds now will find it
    await run(pool, reverted, [...ids, 'restored', from])
    return
  }
  const onward = await run(pool, movedOn, [account, library, to, merge, from])
  if (outcome === 'changed') {
    // it goes back the way that it came
    for (const later of onward) await revertLink(pool, portal, undo, later, signal)
  }
  if (!(await meant())) return
  const back = { account, library, from: home, to, action }
  const options = { idempotencyKey: `${key}/undo/${to}-${home}`, signal }
  const done = await revertIntent(portal, back, { outcome, movedOn: onward.map((later) => later.to) }, options)
  await run(pool, reverted, [...ids, done.outcome, home])
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
  // not those that an attempt brings back at this moment
  for (const { merge: of, account, library, from, home } of await linksToRevert(client, row))
    given.push(...(await run(client, reverted, [of, account, library, from, 'left', home])))
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
