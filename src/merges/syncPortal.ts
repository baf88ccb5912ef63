import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { run, runOne, statement, type Queryable } from '../database/statement'
import { inPlainTransaction } from '../database/transaction'
import type { Warning } from '../domain/codes'
import type { PortalClient } from '../portal/client'
import { applyIntent, type AppliedIntent } from '../portal/intent'
import type { LinkIntent } from '../portal/links'
import { planLinks } from '../portal/plan'
import { eachLink } from './eachLink'
import { mergeById, PORTAL_NOT_ENDED, portalHasEnded } from './store'

const endOfChain = statement<{ target: number }>('portal.endOfChain', `select live_patron($1) as target`)

const chain = statement<{ id: number }>(
  'portal.chain',
  `with recursive chain as (
     select id, merged_into from patron where id = $1
     union all select p.id, p.merged_into from chain c join patron p on p.id = c.merged_into)
   select id from chain where merged_into is not null`,
)

/** `round`: 1, or the how-manieth time this link had to be moved. */
type RoundIntent = LinkIntent & { round: number }

const doneIntents = statement<Omit<RoundIntent, 'to' | 'action'>>(
  'portal.doneIntents',
  `select account, library, actor_id as "from", round from portal_intent where merge = $1 and outcome is not null`,
)

const addIntents = statement(
  'portal.addIntents',
  `insert into portal_intent (merge, account, library, actor_id, action, target, round)
   select m.id, a, l, f, act, $6, r
   from merge m, unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $7::int[]) x (a, l, f, act, r)
   where m.id = $1 and m.status = 'retired' and ${PORTAL_NOT_ENDED}
   on conflict (merge, account, library, actor_id) do update set action = excluded.action, target = excluded.target, outcome = null,
     round = excluded.round
   where portal_intent.outcome is not null and portal_intent.round = excluded.round - 1`,
)

const openIntents = statement<RoundIntent>(
  'portal.openIntents',
  `select account, library, actor_id as "from", target as "to", action, round from portal_intent
   where merge = $1 and outcome is null order by account, library, actor_id`,
)

const meant = statement<{ target: number }>(
  'portal.meant',
  `update portal_intent i set target = $5 from merge m
   where i.merge = $1 and i.account = $2 and i.library = $3 and i.actor_id = $4 and i.round = $6 and i.outcome is null
     and m.id = i.merge and m.status = 'retired' and ${PORTAL_NOT_ENDED}
   returning target`,
)

const intentDone = statement(
  'portal.intentDone',
  // of two attempts at once the one that moved the link knows, whichever comes last
  `update portal_intent set outcome = $5
   where merge = $1 and account = $2 and library = $3 and actor_id = $4 and round = $6
     and (outcome is null or outcome = 'gone-already')`,
)

const lockTarget = statement<{ live: boolean }>(
  'portal.lockTarget',
  `select merged_into is null as live from patron where id = $1 for key share`,
)

const complete = statement<{ merge: number }>(
  'portal.complete',
  `with done as (
     update merge set portal = 'done', ended_at = clock_timestamp()
     where id = $1 and status = 'retired' and ${PORTAL_NOT_ENDED}
     returning id),
   n as (
     select count(*) filter (where outcome = 'changed') as changed, count(*) filter (where outcome = 'removed') as removed,
       count(*) filter (where outcome = 'gone-already') as gone from portal_intent where merge = $1)
   insert into merge_step (merge, step, attempts, counts, done_at)
   select d.id, 'syncPortalLinks', $2, jsonb_build_object('changed', n.changed, 'removed', n.removed, 'goneAlready', n.gone), clock_timestamp()
   from done d, n on conflict (merge, step) do nothing returning merge`,
)

const tellCollapse = statement(
  'portal.tellCollapse',
  `update merge set warnings = warnings || jsonb_build_array(jsonb_build_object('code', 'portal-links-collapse',
     'details', jsonb_build_object('links', n.removed)))
   from (select count(*) as removed from portal_intent where merge = $1 and outcome = 'removed') n
   where merge.id = $1 and n.removed > 0`,
)

/**
 * R13: every portal link to the removed actor id points to the record at the end of the chain, as it stands at the end. What
 * shall become of each link is committed before the first call; a retry goes by it and adds links seen since. Completes the
 * merge in its last transaction, and only while the target is still at the end of its chain: else it goes round again.
 * @throws PortalError where a call failed; done links stay done. After a refusal the other links have been tried too
 */
export async function syncPortalLinks(
  pool: Pool,
  portal: PortalClient,
  merge: number,
  attempt: number,
  signal?: AbortSignal,
): Promise<void> {
  for (;;) {
    const row = await mergeById(pool, merge)
    if (row?.status !== 'retired' || portalHasEnded(row)) return
    const target = await targetOf(pool, row.kept)
    // the records between too: one of them may have had its turn before a link of ours came to it
    const merged = await mergedAway(pool, row.removed)
    // asked before the links: what was moved until now and is seen all the same has come back
    const moved = await run(pool, doneIntents, [merge])
    const seen = await portal.linksTo(merged, signal)
    const theirs = seen.length === 0 ? [] : await portal.linksTo([target], signal)
    await storeIntents(pool, merge, planLinks(seen, target, theirs), moved)
    await eachLink(await run(pool, openIntents, [merge]), async (intent) => {
      // committed with the target of then; made with the target of now, and committed again: an undo goes by it
      const now = { ...intent, to: await targetOf(pool, row.kept) }
      if (!(await stillMeant(pool, merge, now))) return
      const applied = await applyIntent(portal, now, { idempotencyKey: keyOf(merge, intent), signal })
      await storeOutcome(pool, merge, now, applied)
    })
    // the chain as it is now: a target may have been merged on, and had its turn, while a link of ours was on its way to it
    const left = seen.length === 0 ? [] : await portal.linksTo(await mergedAway(pool, row.removed), signal)
    if (left.length === 0 && (await completeWhileLive(pool, merge, row.kept, attempt))) return
  }
}

/**
 * The idempotency key of one intent: account ids are not ours and may be long, so they stand in it hashed. A link that comes
 * back after it was moved is another round, or the portal would answer that it has done so already.
 */
export function keyOf(merge: number, { account, library, from, round }: RoundIntent): string {
  const link = createHash('sha256')
    .update(JSON.stringify([account, library, from]))
    .digest('hex')
  return `ontdubbel/${merge}/${link}/${round}`
}

/** The removed record and those that it was merged into, but for the last. */
async function mergedAway(db: Queryable, removed: number): Promise<number[]> {
  return (await run(db, chain, [removed])).map(({ id }) => id)
}

async function targetOf(db: Queryable, kept: number): Promise<number> {
  const row = await runOne(db, endOfChain, [kept])
  if (!row?.target) throw new Error(`patron ${kept} is gone`)
  return row.target
}

/** Before each call: false where another attempt has done it, the portal's part was given up, or the merge is being undone. */
async function stillMeant(pool: Pool, merge: number, intent: RoundIntent): Promise<boolean> {
  const { account, library, from, to, round } = intent
  return (await runOne(pool, meant, [merge, account, library, from, to, round])) !== undefined
}

async function storeIntents(
  pool: Pool,
  merge: number,
  planned: readonly LinkIntent[],
  moved: readonly Omit<RoundIntent, 'to' | 'action'>[],
): Promise<void> {
  const target = planned[0]?.to
  if (target === undefined) return
  const place = ({ account, library, from }: Pick<LinkIntent, 'account' | 'library' | 'from'>) =>
    JSON.stringify([account, library, from])
  const rounds = new Map(moved.map((intent) => [place(intent), intent.round]))
  await run(pool, addIntents, [
    merge,
    planned.map((intent) => intent.account),
    planned.map((intent) => intent.library),
    planned.map((intent) => intent.from),
    planned.map((intent) => intent.action),
    target,
    planned.map((intent) => (rounds.get(place(intent)) ?? 0) + 1),
  ])
}

async function storeOutcome(pool: Pool, merge: number, intent: RoundIntent, applied: AppliedIntent): Promise<void> {
  const { account, library, from, round } = intent
  await run(pool, intentDone, [merge, account, library, from, applied.outcome, round])
}

/** The last transaction. False where the target was merged on meanwhile: its links must follow. */
async function completeWhileLive(pool: Pool, merge: number, kept: number, attempt: number): Promise<boolean> {
  return inPlainTransaction(pool, async (client) => {
    const target = await targetOf(client, kept)
    if (!(await runOne(client, lockTarget, [target]))?.live) return false
    if ((await runOne(client, complete, [merge, attempt])) !== undefined) await run(client, tellCollapse, [merge])
    return true
  })
}

/** The preview's warnings of the portal, asked before its transaction: double links, or that it could not be asked. */
export async function portalWarnings(portal: PortalClient, keep: number, remove: number): Promise<Warning[]> {
  try {
    const links = await portal.linksTo([keep, remove])
    const plan = planLinks(
      links.filter((link) => link.actorId === remove),
      keep,
      links.filter((link) => link.actorId === keep),
    )
    const doubled = plan.filter((intent) => intent.action === 'remove').length
    return doubled > 0 ? [{ code: 'portal-links-collapse', details: { links: doubled } }] : []
  } catch {
    return [{ code: 'portal-unreachable', details: {} }]
  }
}
