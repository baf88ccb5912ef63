import { createHash } from 'node:crypto'
import type { Pool } from 'pg'
import { run, runOne, statement, type Queryable } from '../database/statement'
import { inPlainTransaction } from '../database/transaction'
import type { Warning } from '../domain/codes'
import type { PortalClient } from '../portal/client'
import { applyIntent, type AppliedIntent } from '../portal/intent'
import { isPortalError, type PortalError } from '../portal/errors'
import type { LinkIntent, PortalLink } from '../portal/links'
import { planLinks } from '../portal/plan'
import { allOf } from '../steps/step'
import { eachLink, isForAll } from './eachLink'
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

/** `round`: 1, or the how-manieth time this link had to be moved. */
interface RoundIntent extends LinkIntent {
  merge: number
  round: number
}

const doneIntents = statement<Omit<RoundIntent, 'to' | 'action'>>(
  'portal.doneIntents',
  `select merge, account, library, actor_id as "from", round from portal_intent where merge = any($1) and outcome is not null`,
)

const addIntents = statement(
  'portal.addIntents',
  `insert into portal_intent (merge, account, library, actor_id, action, target, round)
   select m.id, a, l, f, act, t, r
   from unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::bigint[], $7::int[]) x (merge, a, l, f, act, t, r)
   join merge m on m.id = x.merge
   where m.status = 'retired' and ${PORTAL_NOT_ENDED}
   on conflict (merge, account, library, actor_id) do update set action = excluded.action, target = excluded.target, outcome = null,
     round = excluded.round
   where portal_intent.outcome is not null and portal_intent.round = excluded.round - 1`,
)

const openIntents = statement<RoundIntent>(
  'portal.openIntents',
  `select merge, account, library, actor_id as "from", target as "to", action, round from portal_intent
   where merge = any($1) and outcome is null order by merge, account, library, actor_id`,
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
/** Merges whose links are moved at once; the client has limits of its own. */
const AT_ONCE = 8
/** So many failures with nothing done between them: it is not the account, it is the portal. */
const MOST_IN_A_ROW = 10

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

/** What failed for one merge alone; one merge never stops another, but a portal that is down is not asked for each. */
class Failed {
  readonly merges = new Map<number, PortalError>()
  private inARow = 0

  /** Does one merge's part. @throws PortalError where the portal does nobody's */
  async around(merge: number, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.inARow = 0
    } catch (error) {
      if (!isPortalError(error) || error.code === 'portal-busy' || isForAll(error)) throw error
      if (error.retryable && ++this.inARow >= MOST_IN_A_ROW) throw error
      this.merges.set(merge, error)
    }
  }
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

/** Committed with the target of then; made with the target of now, and committed again: an undo goes by it. */
async function moveLink(
  pool: Pool,
  portal: PortalClient,
  intent: RoundIntent,
  kept: number,
  signal?: AbortSignal,
): Promise<void> {
  const now = { ...intent, to: await targetOf(pool, kept) }
  if (!(await stillMeant(pool, now))) return
  const applied = await applyIntent(portal, now, { idempotencyKey: keyOf(intent.merge, intent), signal })
  await storeOutcome(pool, now, applied)
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}

/** Some at once; after a failure none is begun, and those under way have ended when it rejects. */
async function someAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items]
  const lane = async () => {
    try {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
    } catch (error) {
      waiting.length = 0
      throw error
    }
  }
  await allOf(Array.from({ length: Math.min(AT_ONCE, items.length) }, lane))
}

/**
 * The idempotency key of one intent: account ids are not ours and may be long, so they stand in it hashed. A link that comes
 * back after it was moved is another round, or the portal would answer that it has done so already.
 */
export function keyOf(
  merge: number,
  { account, library, from, round }: Pick<RoundIntent, 'account' | 'library' | 'from' | 'round'>,
): string {
  const link = createHash('sha256')
    .update(JSON.stringify([account, library, from]))
    .digest('hex')
  return `ontdubbel/${merge}/${link}/${round}`
}

async function targetOf(db: Queryable, kept: number): Promise<number> {
  const row = await runOne(db, endOfChain, [kept])
  if (!row?.target) throw new Error(`patron ${kept} is gone`)
  return row.target
}

/** Before each call: false where another attempt has done it, the portal's part was given up, or the merge is being undone. */
async function stillMeant(pool: Pool, intent: RoundIntent): Promise<boolean> {
  const { merge, account, library, from, to, round } = intent
  return (await runOne(pool, meant, [merge, account, library, from, to, round])) !== undefined
}

async function storeIntents(
  pool: Pool,
  planned: readonly (LinkIntent & { merge: number })[],
  moved: readonly Omit<RoundIntent, 'to' | 'action'>[],
): Promise<void> {
  if (planned.length === 0) return
  const place = ({ merge, account, library, from }: Omit<RoundIntent, 'to' | 'action' | 'round'>) =>
    JSON.stringify([merge, account, library, from])
  const rounds = new Map(moved.map((intent) => [place(intent), intent.round]))
  await run(pool, addIntents, [
    planned.map((intent) => intent.merge),
    planned.map((intent) => intent.account),
    planned.map((intent) => intent.library),
    planned.map((intent) => intent.from),
    planned.map((intent) => intent.action),
    planned.map((intent) => intent.to),
    planned.map((intent) => (rounds.get(place(intent)) ?? 0) + 1),
  ])
}

async function storeOutcome(pool: Pool, intent: RoundIntent, applied: AppliedIntent): Promise<void> {
  const { merge, account, library, from, round } = intent
  await run(pool, intentDone, [merge, account, library, from, applied.outcome, round])
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
