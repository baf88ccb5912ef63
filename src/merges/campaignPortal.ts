import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'
import { run, statement, type Queryable } from '../database/statement'
import { isPortalError, type PortalError } from '../portal/errors'
import type { PortalClient } from '../portal/client'
import { syncPortalOfMany } from './syncPortal'
import { PORTAL_NOT_ENDED } from './store'

/** A campaign's merge that no workflow of its own has taken up: the campaign and its sweeper look after the portal. */
const NO_WORKFLOW = `m.status = 'retired' and m.workflow_id is null`

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
const tried = statement<{ campaign: number }>(
  'campaignPortal.tried',
  `update campaign_batch set tried_at = coalesce(tried_at, clock_timestamp()) where id = $1 returning campaign`,
)

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
  const all = await pendingOf(pool, batch)
  const refused: number[] = []
  for (let tries = 1; ; tries++) {
    const left = await pendingOf(pool, batch)
    try {
      const failed = await syncPortalOfMany(pool, portal, left, attempt, signal)
      const now = refusedOf(failed)
      await run(pool, stands, [now, 'refused'])
      refused.push(...now)
      if (now.length === failed.size || tries === TRIES) break
    } catch (error) {
      if (!isPortalError(error)) throw error
      const again = error.retryable && error.code !== 'portal-busy' && tries < TRIES
      if (!again) break
    }
    await sleep(FIRST_PAUSE_MS * 2 ** (tries - 1), undefined, { signal })
  }
  const waiting = await pendingOf(pool, batch)
  await run(pool, stands, [waiting, 'waiting'])
  const [row] = await run(pool, tried, [batch])
  if (!row) throw new Error(`there is no batch ${batch}`)
  const done = all.length - waiting.length - refused.length
  return { campaign: row.campaign, done, waiting: waiting.length, refused: refused.length }
}

/** Others are asked again. */
function refusedOf(failed: Map<number, PortalError>): number[] {
  return [...failed].filter(([, error]) => !error.retryable).map(([merge]) => merge)
}

async function pendingOf(db: Queryable, batch: number): Promise<number[]> {
  return (await run(db, ofBatch, [batch])).map(({ id }) => id)
}

const gaveUp = statement(
  'campaignPortal.gaveUp',
  `update merge m set portal = 'gave-up'
   where m.campaign is not null and m.portal = 'waiting' and ${NO_WORKFLOW} and m.portal_since < clock_timestamp() - $1 * interval '1 ms'`,
)
const backlog = statement<{ id: number }>(
  'campaignPortal.backlog',
  `select m.id from merge m
   where m.campaign is not null and m.portal = 'waiting' and ${NO_WORKFLOW} and m.id > $1 order by m.id limit $2`,
)

/** Merges that are asked for at once: what is done stays done when the next call fails. */
const PAGE = 500

/**
 * Tries the portal for all merges of campaigns that wait for it, oldest first; those that have waited longer than
 * `patienceMs` need attention. One call comes first: where that fails, none of the others is made.
 * @throws PortalError where the portal does not do its part, of all or of some: come again later
 */
export async function sweepPortal(
  pool: Pool,
  portal: PortalClient,
  { patienceMs, attempt, signal }: { patienceMs: number; attempt: number; signal?: AbortSignal },
): Promise<void> {
  await run(pool, gaveUp, [patienceMs])
  let after = 0
  let again: PortalError | undefined
  for (;;) {
    const page = await waitingAfter(pool, after)
    if (page.length === 0) break
    const failed = await syncPortalOfMany(pool, portal, page, attempt, signal)
    await run(pool, stands, [refusedOf(failed), 'refused'])
    again ??= [...failed.values()].find(({ retryable }) => retryable)
    after = page.at(-1) ?? after
  }
  if (again) throw again
}

async function waitingAfter(db: Queryable, after: number): Promise<number[]> {
  return (await run(db, backlog, [after, PAGE])).map(({ id }) => id)
}

const waits = statement<{ waiting: number }>(
  'campaignPortal.waits',
  `select count(*) as waiting from merge m where m.campaign is not null and m.portal = 'waiting' and ${NO_WORKFLOW}`,
)

/** How many merges of campaigns are the sweeper's. */
export async function backlogSize(db: Queryable): Promise<number> {
  return (await run(db, waits))[0]?.waiting ?? 0
}
