import type { Client, PoolClient } from 'pg'
import type { Refusal } from '../domain/codes'
import { inGroupTransaction, type GroupOptions } from './groupTransaction'
import { openOrRefuse, storeRefusals, takePatrons, whyNotTaken } from './openMerge'
import { goThrough, goThroughInOne, makeOne } from './wholePlan'

/** What became of the merges of a group. The lists are disjoint and together all that were still new: a doubled activity finds nothing to do. */
export interface GroupResult {
  /** Everything moved, the removed record retired. */
  merged: number[]
  refused: { id: number; refusal: Refusal }[]
  /** A record is in an unfinished merge, named in the refusal that a person would get. Nothing is stored. */
  waiting: { id: number; refusal: Refusal }[]
  /** A record is taken by a desk or another merge: look again later. */
  skipped: number[]
}

/** The attempt that a group writes into the ledger: it commits once or not at all. */
const GROUP_ATTEMPT = 1

/**
 * The work of a group inside a transaction that somebody else begins and ends: takes both records of every merge, refuses
 * or opens each, goes through all steps, retires. Merges are rows of `merge` with status `new`, up to 200, no patron twice.
 * All but the feed line: whoever commits adds it last. Statements are sent ahead where the connection is pipelined; it
 * waits only after taking, after the refusals, and at the end.
 */
export async function mergeInTransaction(
  client: Client | PoolClient,
  merges: readonly number[],
  options: OpenGroupOptions = {},
): Promise<GroupResult> {
  const result = await openGroup(client, merges, options)
  if (result.merged.length > 0) await goThrough(client, result.merged, GROUP_ATTEMPT)
  return result
}

interface OpenGroupOptions {
  ifToken?: string | null
  afterTaking?: (taken: number[]) => Promise<void>
  /** Sends what goes by the merges that are open, of those taken, before it is known here which these are. */
  ahead?: (taken: number[]) => void
}

/** Takes the records, and refuses or opens each merge; `merged` are those that are open. */
async function openGroup(
  client: Client | PoolClient,
  merges: readonly number[],
  options: OpenGroupOptions,
): Promise<GroupResult> {
  const taken = await takePatrons(client, merges)
  const result: GroupResult = { merged: [], refused: [], waiting: [], skipped: [] }
  if (taken.length < merges.length) {
    const got = new Set(taken)
    const rest = await whyNotTaken(
      client,
      merges.filter((id) => !got.has(id)),
    )
    for (const { id, status, refusal } of rest) {
      if (status !== 'new') continue
      if (refusal?.code === 'merge-in-progress') result.waiting.push({ id, refusal })
      else if (refusal) result.refused.push({ id, refusal })
      else result.skipped.push(id)
    }
    if (result.refused.length > 0) {
      const stored = new Set(await storeRefusals(client, result.refused))
      result.refused = result.refused.filter(({ id }) => stored.has(id))
    }
  }
  if (taken.length === 0) return result
  await options.afterTaking?.(taken)
  const opened = openOrRefuse(client, taken, GROUP_ATTEMPT, options.ifToken ?? null)
  options.ahead?.(taken)
  for (const { id, refusal } of await opened) {
    if (refusal) result.refused.push({ id, refusal })
    else result.merged.push(id)
  }
  return result
}

/**
 * Merges a group in one transaction of its own and commits it (inGroupTransaction). `client` is a connection of the caller's,
 * idle.
 */
export async function mergeGroup(
  client: Client | PoolClient,
  merges: readonly number[],
  options: GroupOptions<GroupResult> = {},
): Promise<GroupResult> {
  await makeOne(client)
  return inGroupTransaction(
    client,
    (sent) => openGroup(client, merges, { ahead: (taken) => sent.push(goThroughInOne(client, taken, GROUP_ATTEMPT)) }),
    ({ merged }) => ({ merges: merged, event: 'merged' }),
    options,
  )
}
