import type { Pool } from 'pg'
import { run, runOne, statement, type Queryable } from '../database/statement'
import { inPlainTransaction } from '../database/transaction'
import type { PortalClient } from '../portal/client'
import { applyIntent, learnIntent } from '../portal/intent'
import { isPortalError, type PortalError } from '../portal/errors'
import type { PortalLink } from '../portal/links'
import { planLinks } from '../portal/plan'
import { eachLink } from './eachLink'
import {
  doneIntents,
  keyOf,
  openIntents,
  stillMeant,
  storeDeclined,
  storeIntents,
  storeOutcome,
  type RoundIntent,
} from './intents'
import { grouped } from './grouped'
import { Failed, someAtOnce } from './manyAtPortal'
import { PORTAL_NOT_ENDED } from './store'

/** A merge whose portal part has not ended, as its chain stands now. */
interface AtPortal {
  merge: number
  kept: number
  /** The record at the end of the chain. */
  target: number
  /** The removed record and those that it was merged into, but for the last. */
  merged: number[]
}

const atPortal = statement<AtPortal>(
  'portal.atPortal',
  `select m.id as merge, m.kept, live_patron(m.kept) as target, to_jsonb(array(
     with recursive chain as (
       select id, merged_into from patron where id = m.removed
       union all select p.id, p.merged_into from chain c join patron p on p.id = c.merged_into)
     select id from chain where merged_into is not null)) as merged
   from merge m where m.id = any($1) and m.status = 'retired' and ${PORTAL_NOT_ENDED} order by m.id`,
)

const endOfChain = statement<{ target: number }>('portal.endOfChain', `select live_patron($1) as target`)

const lockTargets = statement<{ live: number }>(
  'portal.lockTargets',
  `with locked as materialized (select id, merged_into from patron where id = any($1) order by id for key share)
   select id as live from locked where merged_into is null`,
)

const complete = statement<{ merge: number }>(
  'portal.complete',
  `with done as (
     update merge set portal = 'done', attention = null, ended_at = clock_timestamp()
     where id = any($1) and status = 'retired' and ${PORTAL_NOT_ENDED}
     returning id),
   n as (
     select d.id, count(*) filter (where i.outcome = 'changed') as changed, count(*) filter (where i.outcome = 'removed') as removed,
       count(*) filter (where i.outcome = 'gone-already') as gone
     from done d left join portal_intent i on i.merge = d.id group by d.id)
   insert into merge_step (merge, step, attempts, counts, done_at)
   select n.id, 'syncPortalLinks', $2, jsonb_build_object('changed', n.changed, 'removed', n.removed, 'goneAlready', n.gone), clock_timestamp()
   from n on conflict (merge, step) do nothing returning merge`,
)

const tellCollapse = statement(
  'portal.tellCollapse',
  `update merge set warnings = warnings || jsonb_build_array(jsonb_build_object('code', 'portal-links-collapse',
     'details', jsonb_build_object('links', n.removed)))
   from (select merge, count(*) as removed from portal_intent where merge = any($1) and outcome = 'removed' group by merge) n
   where merge.id = n.merge`,
)

/** Merges that are asked for with one search; the portal takes the actor ids of as many. */
const MERGES_A_SEARCH = 200

/**
 * R13 for one merge: see syncPortalOfMany.
 * @throws PortalError where a call failed; done links stay done. After a refusal the other links have been tried too
 */
export async function syncPortalLinks(
  pool: Pool,
  portal: PortalClient,
  merge: number,
  attempt: number,
  signal?: AbortSignal,
): Promise<void> {
  const failed = (await syncPortalOfMany(pool, portal, [merge], attempt, signal)).get(merge)
  if (failed) throw failed
}

/**
 * R13: every portal link to a removed actor id points to the record at the end of the chain, as it stands at the end. What
 * shall become of each link is committed before the first call; a retry goes by it and adds links seen since. Completes each
 * merge in its last transaction, and only while the target is still at the end of its chain: else it goes round again.
 * Gives the merges that failed at the portal by themselves: refused (for one account, say), their other links have been tried
 * too; or to be asked again, while others are answered.
 * @throws PortalError where the portal answers nobody: it cannot be asked, is busy, takes no call of ours, or fails so many
 * in a row; done links stay done
 */
export async function syncPortalOfMany(
  pool: Pool,
  portal: PortalClient,
  merges: readonly number[],
  attempt: number,
  signal?: AbortSignal,
): Promise<Map<number, PortalError>> {
  const failed = new Failed()
  for (let from = 0; from < merges.length; from += MERGES_A_SEARCH) {
    let left = merges.slice(from, from + MERGES_A_SEARCH)
    while (left.length > 0) left = await onceRound(pool, portal, left, failed, attempt, signal)
  }
  return failed.merges
}

/** Gives the merges that must go round again: links came to one of their records meanwhile, or it was merged on. */
async function onceRound(
  pool: Pool,
  portal: PortalClient,
  merges: readonly number[],
  failed: Failed,
  attempt: number,
  signal?: AbortSignal,
): Promise<number[]> {
  // asked before the links: what was moved until now and is seen all the same has come back
  const moved = await run(pool, doneIntents, [merges])
  // the records between too: one of them may have had its turn before a link of ours came to it
  const rows = await run(pool, atPortal, [merges])
  const seen = await linksOf(portal, rows, signal)
  const linked = rows.filter(({ merge }) => seen.has(merge))
  const targets = linked.map(({ target }) => target)
  const theirs = targets.length === 0 ? [] : await portal.linksTo(targets, signal)
  const planned = linked.flatMap(({ merge, target }) =>
    planLinks(seen.get(merge) ?? [], target, theirs).map((intent) => ({ ...intent, merge })),
  )
  await storeIntents(pool, planned, moved)

  const kept = new Map(rows.map((row) => [row.merge, row.kept]))
  const intents = grouped(await run(pool, openIntents, [rows.map(({ merge }) => merge)]), ({ merge }) => merge)
  await someAtOnce([...intents], ([merge, links]) =>
    failed.around(merge, () =>
      eachLink(links, (intent) => moveLink(pool, portal, intent, kept.get(merge) as number, signal)),
    ),
  )
  // the chain as it is now: a target may have been merged on, and had its turn, while a link of ours was on its way to it
  const now = linked.length === 0 ? [] : await run(pool, atPortal, [linked.map(({ merge }) => merge)])
  const came = await linksOf(portal, now, signal)
  const ended = rows.filter(({ merge }) => !came.has(merge) && !failed.merges.has(merge))
  const completed = await completeWhileLive(pool, ended, attempt)
  return rows.map(({ merge }) => merge).filter((merge) => !completed.has(merge) && !failed.merges.has(merge))
}

/** The links to each merge's removed records; merges without any are left out. */
async function linksOf(
  portal: PortalClient,
  rows: readonly AtPortal[],
  signal?: AbortSignal,
): Promise<Map<number, PortalLink[]>> {
  const ids = rows.flatMap(({ merged }) => merged)
  const links = ids.length === 0 ? [] : await portal.linksTo(ids, signal)
  const byActor = grouped(links, ({ actorId }) => actorId)
  const found = rows.map(({ merge, merged }) => [merge, merged.flatMap((id) => byActor.get(id) ?? [])] as const)
  return new Map(found.filter(([, theirs]) => theirs.length > 0))
}

/** Made with the target of now, which is committed first: an undo goes by it. */
async function moveLink(
  pool: Pool,
  portal: PortalClient,
  intent: RoundIntent,
  kept: number,
  signal?: AbortSignal,
): Promise<void> {
  const now = { ...intent, to: await targetOf(pool, kept) }
  const options = { idempotencyKey: keyOf(intent.merge, intent), signal }
  const asked = await stillMeant(pool, now)
  if (asked === undefined) return
  const others = asked.filter((target) => target !== now.to)
  // its target was another one before, and its answer lost: the next round moves the link on from there
  const learnt = others.length === 0 ? undefined : await learnIntent(portal, now, others, options)
  if (learnt?.to) return storeOutcome(pool, { ...now, to: learnt.to }, learnt)
  try {
    await storeOutcome(pool, now, await applyIntent(portal, now, options))
  } catch (error) {
    // it says nothing of an earlier call that had no answer
    if (isPortalError(error) && error.declined && !asked.includes(now.to)) await storeDeclined(pool, now)
    throw error
  }
}

async function targetOf(db: Queryable, kept: number): Promise<number> {
  const row = await runOne(db, endOfChain, [kept])
  if (!row?.target) throw new Error(`patron ${kept} is gone`)
  return row.target
}

/** The last transaction. Gives the merges that have ended; not those whose target was merged on meanwhile: its links must follow. */
async function completeWhileLive(pool: Pool, rows: readonly AtPortal[], attempt: number): Promise<Set<number>> {
  if (rows.length === 0) return new Set()
  return inPlainTransaction(pool, async (client) => {
    const now = await run(client, atPortal, [rows.map(({ merge }) => merge)])
    const live = new Set((await run(client, lockTargets, [now.map(({ target }) => target)])).map((row) => row.live))
    const ended = now.filter(({ target }) => live.has(target)).map(({ merge }) => merge)
    if (ended.length > 0) {
      const done = await run(client, complete, [ended, attempt])
      if (done.length > 0) await run(client, tellCollapse, [done.map(({ merge }) => merge)])
    }
    return new Set(ended)
  })
}
