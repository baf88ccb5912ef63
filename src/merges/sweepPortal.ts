import type { Pool } from 'pg'
import { run, runOne, statement, type Queryable } from '../database/statement'
import type { PortalError } from '../portal/errors'
import type { PortalClient } from '../portal/client'
import { revertPortalOfMany } from './revertPortalMany'
import { syncPortalOfMany } from './syncPortal'
import { idsOf, isRefused, NO_WORKFLOW, tallied, thoseRefused, UNDONE_WITH_MANY, undoIsRefused } from './portalStands'

const SYNC = `m.campaign is not null and m.portal = 'waiting' and ${NO_WORKFLOW}`
const REVERT = `m.portal = 'waiting' and ${UNDONE_WITH_MANY}`
const gaveUp = statement(
  'sweepPortal.gaveUp',
  tallied(`update merge m set portal = 'gave-up'
   where ((${SYNC}) or (${REVERT})) and m.portal_since < clock_timestamp() - $1 * interval '1 ms'
   returning case when m.status = 'retired' then m.campaign end as campaign`),
)
/** What waits after one id, up to another. */
function backlogOf(name: string, which: string) {
  return {
    page: statement<{ id: number }>(
      `sweepPortal.${name}`,
      `select m.id from merge m where ${which} and m.id > $1 and m.id <= $2 order by m.id limit $3`,
    ),
    ends: statement<{ least: number | null; most: number | null }>(
      `sweepPortal.${name}Ends`,
      `select min(m.id) as least, max(m.id) as most from merge m where ${which}`,
    ),
  }
}
const sync = backlogOf('backlog', SYNC)
const revert = backlogOf('undoBacklog', REVERT)

/** Merges that are asked for at once: what is done stays done when the next call fails. */
const PAGE = 500

/** Each try begins somewhere else (the first with the oldest), evenly spread. */
const STRIDE = (Math.sqrt(5) - 1) / 2

/**
 * Tries the portal for all merges that wait for it without a workflow of their own: those of campaigns, and those undone with
 * many, in turn first; those that have waited longer than `patienceMs` need attention. One call comes first: where that fails,
 * none of the others is made. Many accounts in a row that the portal cannot serve end a try as if it were down: that these are
 * not in the way of the others each time, each try (`attempt`) begins somewhere else, and goes round.
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
    waiting: typeof sync,
    work: (page: number[]) => Promise<Map<number, PortalError>>,
    refuse: typeof isRefused,
  ) => {
    const { least = null, most = null } = (await runOne(pool, waiting.ends)) ?? {}
    if (least === null || most === null) return
    const middle = least - 1 + Math.floor((((attempt - 1) * STRIDE) % 1) * (most - least + 1))
    for (const [from, to] of [
      [middle, most],
      [least - 1, middle],
    ] as const) {
      for (let after = from; ;) {
        const page = idsOf(await run(pool, waiting.page, [after, to, PAGE]))
        if (page.length === 0) break
        const failed = await work(page)
        await run(pool, refuse, [thoseRefused(failed)])
        again ??= [...failed.values()].find(({ retryable }) => retryable)
        after = page.at(-1) ?? to
      }
    }
  }
  const sweeps = [
    () => sweep(sync, (page) => syncPortalOfMany(pool, portal, page, attempt, signal), isRefused),
    () => sweep(revert, (page) => revertPortalOfMany(pool, portal, page, signal), undoIsRefused),
  ]
  for (const one of attempt % 2 === 1 ? sweeps : sweeps.toReversed()) await one()
  if (again) throw again
}

const waits = statement<{ waiting: number }>(
  'sweepPortal.waits',
  `select count(*) as waiting from merge m
   where (${SYNC}) or (${REVERT})`,
)

/** How many merges are the sweeper's. */
export async function backlogSize(db: Queryable): Promise<number> {
  return (await run(db, waits))[0]?.waiting ?? 0
}
