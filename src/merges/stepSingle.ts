import type { Pool } from 'pg'
import { untilFree, type AgainOptions } from '../database/again'
import { runOne, statement } from '../database/statement'
import { inMergeTransaction } from '../database/transaction'
import { OntdubbelError } from '../domain/errors'
import type { TransferName } from '../domain/plan'
import { ERRORS } from '../domain/sentences'
import { retireRecords, tellTheFeed } from '../steps/retireRecord'
import { allOf, claimStep, goForward } from '../steps/step'
import { transfers } from '../steps/transfers'
import { abandonMerges } from '../steps/setApart'
import { mergeById } from './store'

/**
 * One step of a single merge, one transaction. A retry, a second worker, an attempt that timed out but still runs: all find
 * nothing to do.
 * @throws OntdubbelError `merge-not-open` where the merge is not open and this step is not done
 */
export async function doStep(
  pool: Pool,
  merge: number,
  name: TransferName,
  attempt: number,
  again: AgainOptions = {},
): Promise<void> {
  await untilFree(
    (limited) =>
      inMergeTransaction(
        pool,
        async (client) => {
          const claimed = await claimStep(client, merge, name, attempt)
          if (claimed === 'not-open') throw notOpen(merge)
          if (claimed === 'mine') await goForward(client, transfers[name], [merge], attempt)
        },
        { limited },
      ),
    again,
  )
}

const lockForRetirement = statement<{ status: string }>(
  'retire.lock',
  `select status from merge where id = $1 for no key update`,
)

/**
 * The last step in the database, one transaction: checks that nothing hangs on the removed record, retires it, lets both
 * records go, tells the feed last of all.
 * @throws OntdubbelError `merge-not-open`; an error of `pg` with SQLSTATE OD002 where something still hangs on the record
 */
export async function retireSingle(
  pool: Pool,
  merge: number,
  attempt: number,
  again: AgainOptions = {},
): Promise<void> {
  await untilFree(
    (limited) =>
      inMergeTransaction(
        pool,
        async (client) => {
          const row = await runOne(client, lockForRetirement, [merge])
          if (row?.status === 'retired') return
          if (row?.status !== 'open') throw notOpen(merge)
          await allOf(retireRecords(client, [merge], attempt))
          await tellTheFeed(client, [merge], 'merged')
        },
        { limited },
      ),
    again,
  )
}

/**
 * Takes an unfinished merge back, whichever steps were done. True also where an attempt before has: its answer may be lost.
 * False where it is not open (any more): use undo.
 */
export async function abandonSingle(pool: Pool, merge: number, again: AgainOptions = {}): Promise<boolean> {
  return untilFree(
    (limited) =>
      inMergeTransaction(
        pool,
        async (client) => {
          const [back] = await abandonMerges(client, [merge])
          return back !== undefined || (await mergeById(client, merge))?.status === 'abandoned'
        },
        { limited },
      ),
    again,
  )
}

function notOpen(merge: number): OntdubbelError {
  return new OntdubbelError('merge-not-open', ERRORS.mergeNotOpen, 1, { merge })
}
