import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import { run, statement, type Queryable } from '../database/statement'
import type { Told } from '../domain/codes'
import { isPortalError, type PortalError } from '../portal/errors'
import type { PortalClient } from '../portal/client'
import { revertPortalOfMany } from './revertPortalMany'
import { syncPortalOfMany } from './syncPortal'
import { PORTAL_NOT_ENDED } from './store'
import {
  idsOf,
  isRefused,
  NO_WORKFLOW,
  thoseRefused,
  UNDONE_WITH_MANY,
  undoIsRefused,
  undoWaits,
  waits,
} from './portalStands'

const ofBatch = statement<{ id: number }>(
  'batchPortal.ofBatch',
  `select m.id from campaign_pair p join merge m on m.id = p.merge
   where p.batch = $1 and p.state = 'batched' and m.portal = 'pending' and ${NO_WORKFLOW} order by m.id`,
)
const tried = statement<{ campaign: number }>(
  'batchPortal.tried',
  `update campaign_batch set tried_at = coalesce(tried_at, clock_timestamp()) where id = $1 returning campaign`,
)

const needsAttention = statement('batchPortal.needsAttention', `update merge set attention = $2 where id = any($1)`)

/** What the portal did of a batch. */
export interface BatchAtPortal {
  campaign: number
  done: number
  /** It is down: these are the sweeper's from here on. */
  waiting: number
  /** Refused for good: a person has to look. Told to the brake already. */
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
      const now = thoseRefused(failed)
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
      refuse: (merges) => run(pool, isRefused, [merges]),
    },
    signal,
  )
  const waiting = await pending()
  await run(pool, waits, [waiting])
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
  'batchPortal.ofUndoBatch',
  `select m.id from undo_many_merge e join merge m on m.id = e.merge
   where e.batch = $1 and e.state = 'undone' and m.portal = 'pending' and ${UNDONE_WITH_MANY} order by m.id desc`,
)
const waitingOfUndoBatch = statement<{ waiting: number }>(
  'batchPortal.waitingOfUndoBatch',
  `select count(*) as waiting from undo_many_merge e join merge m on m.id = e.merge
   where e.batch = $1 and e.state = 'undone' and m.portal = 'waiting' and ${UNDONE_WITH_MANY}`,
)
const undoTried = statement(
  'batchPortal.undoTried',
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
      refuse: (merges) => run(pool, undoIsRefused, [merges]),
    },
    signal,
  )
  await run(pool, undoWaits, [await pending()])
  await run(pool, undoTried, [batch])
  return { waiting: (await run(pool, waitingOfUndoBatch, [batch]))[0]?.waiting ?? 0 }
}

const givingWay = statement<{ workflowId: string; merge: number }>(
  'batchPortal.givingWay',
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
