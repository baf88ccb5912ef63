/** Merges that were done at the portal and are undone in the database: what is left is the portal's part of the undo. */
import type { ApplicationFailure } from '@temporalio/common'
import { openUndo } from '../../src/merges/openUndo'
import { undoReport } from '../../src/merges/undoReport'
import { takeBackMerge } from '../../src/merges/undoSingle'
import type { PortalPart } from './portalPart'
import { BEFORE, linksOf, type PortalPair } from './portalPairs'

/** The calls of an undisturbed undo of a pair, in order. */
export const UNDO_CALLS = 'changeLink searchLinks addLink changeLink changeLink'.split(' ')

/** What the intents and the undo tell after an undisturbed undo. */
export const UNDONE = {
  reverted: { 'a L1': 'restored', 'b L1': 'restored', 'c L1': 'restored', 'c L3': 'restored' },
  status: 'undone',
  portalLinks: 4,
  told: [],
  attention: null,
  notices: [],
}

/** Takes a merge back in the database, as its workflow does. */
export async function takeBackPair(part: PortalPart, { merge }: PortalPair): Promise<void> {
  const workflow = { workflowId: `undo/${merge}`, firstRunId: `run of ${merge}` }
  const { then } = await openUndo(part.pool, { merge, by: 'desk', reason: 'two people after all' }, workflow)
  expect(then).toBe('go-on')
  expect(await takeBackMerge(part.pool, merge)).toBeNull()
}

/** Merged to the end, and taken back in the database; the portal has counted nothing of it. */
export async function undonePairs(part: PortalPart, count: number): Promise<PortalPair[]> {
  const pairs = await part.pairs(count)
  for (const pair of pairs) {
    expect(await part.untilDone(pair.merge)).toEqual([])
    await takeBackPair(part, pair)
  }
  await part.beginAnew()
  return pairs
}

/** One attempt at the portal's part of an undo; undefined where it ended well. */
export function revert(
  part: PortalPart,
  { merge }: PortalPair,
  attempt: number,
  by = part.portalClient,
): Promise<ApplicationFailure | undefined> {
  return part.attemptOf(merge, attempt, by, 'revertPortalLinks')
}

/** Attempts at the portal's part of an undo until one ends well or fails for good; how they failed. */
export function undoUntilDone(
  part: PortalPart,
  { merge }: PortalPair,
  before: (attempt: number) => unknown = () => {},
  by = part.portalClient,
): Promise<ApplicationFailure[]> {
  return part.untilDone(merge, before, by, 'revertPortalLinks')
}

/** What the intents and the undo tell of its portal part, and the notices that the record has that is there again. */
export async function toldOfUndo(part: PortalPart, { merge, removed }: PortalPair): Promise<Record<string, unknown>> {
  const { rows } = await part.pool.query<{ reverted: unknown; notices: string[] }>(
    `select jsonb_object_agg(split_part(account, ' ', 1) || ' ' || library, reverted) as reverted,
       array(select library from message where patron = $2 and kind = 'notice' order by library) as notices
     from portal_intent where merge = $1`,
    [merge, removed],
  )
  const { status, back, told, attention } = await undoReport(part.pool, merge)
  const links = told.map(({ code, details }) => ({ code, details }))
  return { ...rows[0], status, portalLinks: back['portalLinks'], told: links, attention }
}

export async function expectUndone(part: PortalPart, pair: PortalPair): Promise<void> {
  expect(await linksOf(part.links, pair)).toEqual(BEFORE)
  expect(await toldOfUndo(part, pair)).toEqual(UNDONE)
}

/** That the portal did the work of so many undos, and no more. */
export async function expectDoneOfUndos(part: PortalPart, undos: number): Promise<void> {
  expect((await part.portal.counters()).done).toEqual({ changeLink: 3 * undos, addLink: undos })
}
