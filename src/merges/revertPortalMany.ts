import type { Pool } from 'pg'
import { run, statement } from '../database/statement'
import { inPlainTransaction } from '../database/transaction'
import type { PortalClient } from '../portal/client'
import type { PortalError } from '../portal/errors'
import { Failed, someAtOnce } from './manyAtPortal'
import { revertPortalLinks } from './revertPortal'
import { PORTAL_NOT_ENDED } from './store'

/** Whether a merge (a row `m`) may have any that linksToRevert finds: it has none where this is false. */
const HAS_LINKS = `exists (
  with recursive family as (
    select m.removed as id union select p.id from family f join patron p on p.merged_into = f.id)
  select from (
    select i.actor_id, i.target from portal_intent i where i.reverted is null and i.target = m.kept
    union all select i.actor_id, i.target from family f join portal_intent i on (i.actor_id = f.id or i.target = f.id) and i.reverted is null) moved
  where live_patron(moved.actor_id) <> moved.target)`

const withLinks = statement<{ id: number; removed: number }>(
  'revertMany.withLinks',
  `select m.id, m.removed from merge m where m.id = any($1) and m.status = 'undone' and ${PORTAL_NOT_ENDED} and ${HAS_LINKS} order by m.id desc`,
)

const lockRecords = statement(
  'revertMany.lockRecords',
  `select id from patron where id in (select unnest(array[kept, removed]) from merge where id = any($1)) order by id for key share`,
)
/** Those of which the portal has never been asked anything. */
const completeUntouched = statement(
  'revertMany.completeUntouched',
  `with done as (
     update merge m set portal = 'done', attention = null, ended_at = clock_timestamp()
     where m.id = any($1) and m.status = 'undone' and ${PORTAL_NOT_ENDED}
       and not exists (select from portal_intent i where i.merge = m.id) and not ${HAS_LINKS}
     returning m.id)
   update undo u set back = u.back || '{"portalLinks": 0}' from done where u.merge = done.id`,
)
const notEnded = statement<{ id: number }>(
  'revertMany.notEnded',
  `select id from merge where id = any($1) and status = 'undone' and ${PORTAL_NOT_ENDED} order by id desc`,
)

/** Those that need no call are ended together; their records stay locked for some ms only. */
const ENDED_TOGETHER = 200

/**
 * The portal's part of the undos of merges, as revertPortalLinks does it for each; those that have no link to bring back
 * without a call. One call first: a portal that is down is not asked for each. Gives the merges that failed at the portal by
 * themselves: refused (for one account, say), or to be asked again, while others are answered.
 * @throws PortalError where the portal answers nobody: it cannot be asked, is busy, takes no call of ours, or fails so many
 * in a row; done links stay done
 */
export async function revertPortalOfMany(
  pool: Pool,
  portal: PortalClient,
  merges: readonly number[],
  signal?: AbortSignal,
): Promise<Map<number, PortalError>> {
  for (let from = 0; from < merges.length; from += ENDED_TOGETHER) {
    const some = merges.slice(from, from + ENDED_TOGETHER)
    signal?.throwIfAborted()
    await inPlainTransaction(pool, async (client) => {
      await run(client, lockRecords, [some])
      await run(client, completeUntouched, [some])
    })
  }
  const failed = new Failed()
  const [first] = await run(pool, withLinks, [merges])
  if (first) await portal.linksTo([first.removed], signal)
  const left = await run(pool, notEnded, [merges])
  await someAtOnce(left, ({ id }) => failed.around(id, () => revertPortalLinks(pool, portal, id, signal)))
  return failed.merges
}
