import type { Pool } from 'pg'
import { run, statement, type Queryable } from '../database/statement'
import type { PortalError } from '../portal/errors'
import type { PortalClient } from '../portal/client'
import { revertPortalOfMany } from './revertPortalMany'
import { syncPortalOfMany } from './syncPortal'
import { idsOf, isRefused, NO_WORKFLOW, tallied, thoseRefused, UNDONE_WITH_MANY, undoIsRefused } from './portalStands'

const gaveUp = statement(
  'sweepPortal.gaveUp',
  tallied(`update merge m set portal = 'gave-up'
   where ((m.campaign is not null and ${NO_WORKFLOW}) or (${UNDONE_WITH_MANY}))
     and m.portal = 'waiting' and m.portal_since < clock_timestamp() - $1 * interval '1 ms'
   returning case when m.status = 'retired' then m.campaign end as campaign`),
)
const backlog = {
  sync: statement<{ id: number }>(
    'sweepPortal.backlog',
    `select m.id from merge m
     where m.campaign is not null and m.portal = 'waiting' and ${NO_WORKFLOW} and m.id > $1 order by m.id limit $2`,
  ),
  revert: statement<{ id: number }>(
    'sweepPortal.undoBacklog',
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
    refuse: typeof isRefused,
  ) => {
    let after = 0
    for (;;) {
      const page = idsOf(await run(pool, waiting, [after, PAGE]))
      if (page.length === 0) return
      const failed = await work(page)
      await run(pool, refuse, [thoseRefused(failed)])
      again ??= [...failed.values()].find(({ retryable }) => retryable)
      after = page.at(-1) ?? after
    }
  }
  await sweep(backlog.sync, (page) => syncPortalOfMany(pool, portal, page, attempt, signal), isRefused)
  await sweep(backlog.revert, (page) => revertPortalOfMany(pool, portal, page, signal), undoIsRefused)
  if (again) throw again
}

const waits = statement<{ waiting: number }>(
  'sweepPortal.waits',
  `select count(*) as waiting from merge m
   where m.portal = 'waiting' and ((m.campaign is not null and ${NO_WORKFLOW}) or (${UNDONE_WITH_MANY}))`,
)

/** How many merges are the sweeper's. */
export async function backlogSize(db: Queryable): Promise<number> {
  return (await run(db, waits))[0]?.waiting ?? 0
}
