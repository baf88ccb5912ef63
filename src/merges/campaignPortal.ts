import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import { run, statement, type Queryable } from '../database/statement'
import type { Told } from '../domain/codes'
import { isPortalError, type PortalError } from '../portal/errors'
import type { PortalClient } from '../portal/client'
import { revertPortalOfMany } from './revertPortalMany'
import { syncPortalOfMany } from './syncPortal'
import { PORTAL_NOT_ENDED } from './store'

/** A campaign's merge that no workflow of its own has taken up: the campaign and its sweeper look after the portal. */
const NO_WORKFLOW = `m.status = 'retired' and m.workflow_id is null`
/** The same of a merge that was undone with many, whosever it was. */
const UNDONE_WITH_MANY = `m.status = 'undone' and exists (select from undo u where u.merge = m.id and u.workflow_id is null)`

const ofBatch = statement<{ id: number }>(
  'campaignPortal.ofBatch',
  `select m.id from campaign_pair p join merge m on m.id = p.merge
   where p.batch = $1 and p.state = 'batched' and m.portal = 'pending' and ${NO_WORKFLOW} order by m.id`,
)
const stands = statement(
  'campaignPortal.stands',
  `update merge m set portal = $2, portal_since = case when $2 = 'waiting' then coalesce(portal_since, clock_timestamp()) else portal_since end
   where m.id = any($1) and ${NO_WORKFLOW} and ${PORTAL_NOT_ENDED}`,
)
const undoStands = statement(
  'campaignPortal.undoStands',
  `update merge m set portal = $2, portal_since = case when $2 = 'waiting' then coalesce(portal_since, clock_timestamp()) else portal_since end
   where m.id = any($1) and ${UNDONE_WITH_MANY} and ${PORTAL_NOT_ENDED}`,
)
const tried = statement<{ campaign: number }>(
  'campaignPortal.tried',
  `update campaign_batch set tried_at = coalesce(tried_at, clock_timestamp()) where id = $1 returning campaign`,
)

const needsAttention = statement('campaignPortal.needsAttention', `update merge set attention = $2 where id = any($1)`)

/** What the portal did of a batch. */
export interface BatchAtPortal {
  campaign: number
  done: number
  /** It is down: these are the sweeper's from here on. */
  waiting: number
  /** Refused for good: a person has to look. */
  refused: number
}

/** What answers a moment later needs no waiting state; as for a single merge. */
const TRIES = 3
const FIRST_PAUSE_MS = 500

/**
 * Three tries at the portal for merges, each of which makes one call first and no other where that fails. `attempt` gives
 * those that failed by themselves, of `pending`; `refuse` stores those refused for good. Gives how many these were.
 */
async function tryThrice(
  work: {
    pending: () => Promise<number[]>
    attempt: (merges: number[]) => Promise<Map<number, PortalError>>
    refuse: (merges: number[]) => Promise<unknown>
  },
  signal?: AbortSignal,
): Promise<number> {
  let refused = 0
  for (let tries = 1; ; tries++) {
    const left = await work.pending()
    try {
      const failed = await work.attempt(left)
      const now = refusedOf(failed)
      await work.refuse(now)
      refused += now.length
      if (now.length === failed.size || tries === TRIES) return refused
    } catch (error) {
      if (!isPortalError(error)) throw error
      const again = error.retryable && error.code !== 'portal-busy' && tries < TRIES
      if (!again) return refused
    }
    await sleep(FIRST_PAUSE_MS * 2 ** (tries - 1), undefined, { signal })
  }
}

/**
 * The portal's part of all merges of a batch: three tries, each of which makes one call first and no other where that fails;
 * then all that is left waits. Done twice it goes on where it was.
 */
export async function syncBatchPortal(
  pool: Pool,
  portal: PortalClient,
  batch: number,
  attempt: number,
  signal?: AbortSignal,
): Promise<BatchAtPortal> {
  const pending = async () => idsOf(await run(pool, ofBatch, [batch]))
  const all = await pending()
  const refused = await tryThrice(
    {
      pending,
      attempt: (left) => syncPortalOfMany(pool, portal, left, attempt, signal),
      refuse: (merges) => run(pool, stands, [merges, 'refused']),
    },
    signal,
  )
  const waiting = await pending()
  await run(pool, stands, [waiting, 'waiting'])
  const [row] = await run(pool, tried, [batch])
  if (!row) throw new Error(`there is no batch ${batch}`)
  const done = all.length - waiting.length - refused
  return { campaign: row.campaign, done, waiting: waiting.length, refused }
}

/**
 * The portal's part of a batch failed in a way that nobody foresaw, and its campaign does not go on: people have to look at
 * each of its merges (`merge resume`). `why` is their attention.
 */
export async function leaveToPeople(pool: Pool, batch: number, why: Told): Promise<void> {
  const left = idsOf(await run(pool, ofBatch, [batch]))
  await run(pool, needsAttention, [left, JSON.stringify(why)])
  await run(pool, tried, [batch])
}

const ofUndoBatch = statement<{ id: number }>(
  'campaignPortal.ofUndoBatch',
  `select m.id from undo_many_merge e join merge m on m.id = e.merge
   where e.batch = $1 and e.state = 'undone' and m.portal = 'pending' and ${UNDONE_WITH_MANY} order by m.id desc`,
)
const waitingOfUndoBatch = statement<{ waiting: number }>(
  'campaignPortal.waitingOfUndoBatch',
  `select count(*) as waiting from undo_many_merge e join merge m on m.id = e.merge
   where e.batch = $1 and e.state = 'undone' and m.portal = 'waiting' and ${UNDONE_WITH_MANY}`,
)
const undoTried = statement(
  'campaignPortal.undoTried',
  `update undo_many_batch set tried_at = coalesce(tried_at, clock_timestamp()) where id = $1`,
)

/**
 * The portal's part of a batch of an undo of many, in the same way. What the sweeper had tried when it was undone stays the
 * sweeper's, so that two never move one link. Gives how many wait for the sweeper.
 */
export async function revertBatchPortal(
  pool: Pool,
  portal: PortalClient,
  batch: number,
  signal?: AbortSignal,
): Promise<{ waiting: number }> {
  const pending = async () => idsOf(await run(pool, ofUndoBatch, [batch]))
  await tryThrice(
    {
      pending,
      attempt: (left) => revertPortalOfMany(pool, portal, left, signal),
      refuse: (merges) => run(pool, undoStands, [merges, 'refused']),
    },
    signal,
  )
  await run(pool, undoStands, [await pending(), 'waiting'])
  await run(pool, undoTried, [batch])
  return { waiting: (await run(pool, waitingOfUndoBatch, [batch]))[0]?.waiting ?? 0 }
}

const givingWay = statement<{ workflowId: string; merge: number }>(
  'campaignPortal.givingWay',
  `select m.workflow_id as "workflowId", m.id as merge from undo_many_merge e join merge m on m.id = e.merge
   where e.batch = $1 and e.state = 'undone' and e.at_portal = 'workflow' and m.workflow_id is not null and ${PORTAL_NOT_ENDED}`,
)
/** The workflows of merges of a batch that were still at the portal when these were undone. */
export async function workflowsAtPortal(
  db: Queryable,
  batch: number,
): Promise<{ workflowId: string; merge: number }[]> {
  return run(db, givingWay, [batch])
}

/** Others are asked again. */
function refusedOf(failed: Map<number, PortalError>): number[] {
  return [...failed].filter(([, error]) => !error.retryable).map(([merge]) => merge)
}

function idsOf(rows: readonly { id: number }[]): number[] {
  return rows.map(({ id }) => id)
}

const gaveUp = statement(
  'campaignPortal.gaveUp',
  `update merge m set portal = 'gave-up'
   where ((m.campaign is not null and ${NO_WORKFLOW}) or (${UNDONE_WITH_MANY}))
     and m.portal = 'waiting' and m.portal_since < clock_timestamp() - $1 * interval '1 ms'`,
)
const backlog = {
  sync: statement<{ id: number }>(
    'campaignPortal.backlog',
    `select m.id from merge m
     where m.campaign is not null and m.portal = 'waiting' and ${NO_WORKFLOW} and m.id > $1 order by m.id limit $2`,
  ),
  revert: statement<{ id: number }>(
    'campaignPortal.undoBacklog',
    `select m.id from merge m where m.portal = 'waiting' and ${UNDONE_WITH_MANY} and m.id > $1 order by m.id limit $2`,
  ),
}

/** Merges that are asked for at once: what is done stays done when the next call fails. */
const PAGE = 500

/**
 * Tries the portal for all merges that wait for it without a workflow of their own: those of campaigns, then those undone
 * with many, oldest first; those that have waited longer than `patienceMs` need attention. One call comes first: where that
 * fails, none of the others is made.
 * @throws PortalError where the portal does not do its part, of all or of some: come again later
 */
export async function sweepPortal(
  pool: Pool,
  portal: PortalClient,
  { patienceMs, attempt, signal }: { patienceMs: number; attempt: number; signal?: AbortSignal },
): Promise<void> {
  await run(pool, gaveUp, [patienceMs])
  let again: PortalError | undefined
  const sweep = async (
    waiting: (typeof backlog)[keyof typeof backlog],
    work: (page: number[]) => Promise<Map<number, PortalError>>,
    refuse: typeof stands,
  ) => {
    let after = 0
    for (;;) {
      const page = idsOf(await run(pool, waiting, [after, PAGE]))
      if (page.length === 0) return
      const failed = await work(page)
      await run(pool, refuse, [refusedOf(failed), 'refused'])
      again ??= [...failed.values()].find(({ retryable }) => retryable)
      after = page.at(-1) ?? after
    }
  }
  await sweep(backlog.sync, (page) => syncPortalOfMany(pool, portal, page, attempt, signal), stands)
  await sweep(backlog.revert, (page) => revertPortalOfMany(pool, portal, page, signal), undoStands)
  if (again) throw again
}

const waits = statement<{ waiting: number }>(
  'campaignPortal.waits',
  `select count(*) as waiting from merge m
   where m.portal = 'waiting' and ((m.campaign is not null and ${NO_WORKFLOW}) or (${UNDONE_WITH_MANY}))`,
)

/** How many merges are the sweeper's. */
export async function backlogSize(db: Queryable): Promise<number> {
  return (await run(db, waits))[0]?.waiting ?? 0
}
