import type { Pool, PoolClient } from 'pg'
import { UNIQUE_ERRORS } from '../database/again'
import { sqlState } from '../database/failures'
import { run, runOne, statement } from '../database/statement'
import { inPlainTransaction } from '../database/transaction'
import type { Told } from '../domain/codes'
import { allOf } from '../steps/step'
import type { UndoneBy, UndoResult } from '../steps/undo'
import { unlessOver } from '../steps/groupTransaction'
import { undoGroup, type UndoGroupResult } from '../steps/undoGroup'
import { GROUP_MS, inGroups } from './inGroups'
import { endUndoBatch } from './undoPlan'

/** How far a batch is: what a heartbeat tells. */
export interface UndoBatchProgress {
  merges: number
  /** Undone, refused or set aside. */
  ended: number
}

interface Item {
  merge: number
  kept: number
  removed: number
}

interface Asked extends UndoneBy {
  undo: number
}

const askedFor = statement<Asked>(
  'undoBatch.askedFor',
  `select u.id as undo, u.by, u.reason from undo_many_batch b join undo_many u on u.id = b.undo where b.id = $1`,
)
const itemsLeft = statement<Item>(
  'undoBatch.itemsLeft',
  `select m.id as merge, m.kept, m.removed from undo_many_merge e join merge m on m.id = e.merge
   where e.batch = $1 and e.state = 'pending' order by e.n`,
)
/** Whoever ends the batch waits for the group that has asked this, and none begins after. */
const isOpen = statement<{ id: number }>(
  'undoBatch.isOpen',
  `select id from undo_many_batch where id = $1 and ended_at is null for share`,
)
/** Asked before they are undone, when the portal's state is still the merge's own. */
const noteAtPortal = statement(
  'undoBatch.noteAtPortal',
  `update undo_many_merge e set at_portal = case when m.workflow_id is not null then 'workflow' else 'sweeper' end
   from merge m where e.batch = $1 and e.merge = any($2) and m.id = e.merge and m.status = 'retired'
     and (m.portal = 'waiting' or (m.workflow_id is not null and m.portal in ('pending', 'refused', 'gave-up')))`,
)
const ended = statement(
  'undoBatch.ended',
  // one set aside by a doubled activity, and undone all the same
  `update undo_many_merge e set state = x.state, why = x.why
   from unnest($2::bigint[], $3::text[], $4::jsonb[]) x (merge, state, why)
   where e.batch = $1 and e.merge = x.merge and e.state in ('pending', 'set-aside')`,
)
const command = statement(
  'undoBatch.command',
  `insert into merge_command (merge, command, by, reason, asked) select m, 'undo', $2, $3, $4 from unnest($1::bigint[]) m
   on conflict (merge, asked) do nothing`,
)
const leaveToTheSweeper = statement(
  'undoBatch.leaveToTheSweeper',
  `update merge m set portal = 'waiting', portal_since = clock_timestamp() from undo_many_merge e
   where e.batch = $1 and e.merge = any($2) and e.at_portal = 'sweeper' and m.id = e.merge`,
)
const setAside = statement<{ merge: number }>(
  'undoBatch.setAside',
  // a doubled activity may be undoing it at this moment
  `with still as materialized (select id from merge where id = $2 and status = 'retired' for no key update)
   update undo_many_merge e set state = 'set-aside', why = $3 from still
   where e.batch = $1 and e.merge = still.id and e.state = 'pending' returning e.merge`,
)
const uniqueError = statement<{ times: number }>(
  'undoBatch.uniqueError',
  `update undo_many_merge set unique_errors = unique_errors + 1 where batch = $1 and merge = $2 returning unique_errors as times`,
)

/**
 * Undoes the merges of a batch in groups (see inGroups), as desks go on. What may not be undone is refused, what fails for
 * itself alone is set aside; nothing of these is changed. Done twice, or twice at once, it finds nothing to do. Ends the
 * batch. Rejects with what nobody foresaw, or the signal's reason; what was committed stays.
 */
export async function undoBatch(
  pool: Pool,
  batch: number,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (progress: UndoBatchProgress) => void } = {},
): Promise<UndoBatchProgress> {
  const asked = await runOne(pool, askedFor, [batch])
  if (!asked) throw new Error(`there is no batch ${batch} of an undo of many`)
  const items = await run(pool, itemsLeft, [batch])
  const progress = { merges: items.length, ended: 0 }
  await inGroups(pool, items, {
    signal,
    once: async (client, group, limited) => {
      const busy = await unlessOver(() => undoOnce(client, batch, asked, group, limited))
      if (!busy) return undefined
      progress.ended += group.length - busy.length
      onProgress?.(progress)
      return { busy, groupMs: GROUP_MS.desk }
    },
    atFault: async (client, { merge }, error, unique) => {
      if (unique && ((await runOne(client, uniqueError, [batch, merge]))?.times ?? 0) < UNIQUE_ERRORS) return true
      const why: Told = { code: 'undo-failed', details: { merge, sqlState: sqlState(error) ?? null } }
      if (await runOne(client, setAside, [batch, merge, JSON.stringify(why)])) progress.ended += 1
      return false
    },
  })
  await inPlainTransaction(pool, (client) => endUndoBatch(client, batch))
  return progress
}

/** One group, committed. Gives what is to come again. */
async function undoOnce(
  client: PoolClient,
  batch: number,
  asked: Asked,
  group: readonly Item[],
  limited: boolean,
): Promise<readonly Item[]> {
  const merges = group.map(({ merge }) => merge)
  let left: readonly Item[] = []
  await undoGroup(client, merges, asked, {
    limited,
    ifSo: async () => {
      const open = runOne(client, isOpen, [batch])
      await allOf([open, run(client, noteAtPortal, [batch, merges])])
      return (await open) !== undefined
    },
    also: ({ undone, refused, others }) => {
      const seen = new Set([...undone, ...[...refused, ...others].map(({ id }) => id)])
      left = group.filter(({ merge }) => !seen.has(merge))
      return writeDown(client, batch, asked, { undone, refused: [...refused, ...others.map(notMerged)] })
    },
  })
  return left
}

function notMerged({ id, status }: UndoGroupResult['others'][number]): UndoResult['refused'][number] {
  return { id, refusal: { code: 'not-merged', details: { merge: id, status } } }
}

async function writeDown(
  client: PoolClient,
  batch: number,
  { undo, by, reason }: Asked,
  { undone, refused }: UndoResult,
): Promise<void> {
  const values = [
    batch,
    [...undone, ...refused.map(({ id }) => id)],
    [...undone.map(() => 'undone'), ...refused.map(() => 'refused')],
    [...undone.map(() => null), ...refused.map(({ refusal }) => JSON.stringify(refusal))],
  ]
  const sent = [run(client, ended, values)]
  if (undone.length > 0) {
    sent.push(run(client, command, [undone, by, reason, `undo-many/${undo}`]))
    sent.push(run(client, leaveToTheSweeper, [batch, undone]))
  }
  await allOf(sent)
}
