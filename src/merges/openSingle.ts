import type { Pool } from 'pg'
import { RecordsBusy, untilFree, type AgainOptions } from '../database/again'
import { expectedOfReason } from '../database/reason'
import { inMergeTransaction } from '../database/transaction'
import type { Refusal } from '../domain/codes'
import type { NewMerge } from '../domain/request'
import { beginRedirect, openOrRefuse, storeRefusals, takePatrons, whyNotTaken } from '../steps/openMerge'
import { parseRequest } from './parseRequest'
import {
  createMerge,
  mergeById,
  mergeByWorkflow,
  mergeOfPair,
  portalHasEnded,
  takeUp,
  type MergeRow,
  type WorkflowIds,
} from './store'

interface FoundMerge {
  merge: number
  keep: number
  remove: number
  /** The merge's options, for comparing with what a second caller asks. */
  options: { on: string; take: string[]; override: string[] }
}
type NoMerge = { [Key in keyof FoundMerge]: null }

/**
 * What openMerge answers to a workflow. `go-on`: this workflow does the steps from here; `report`: the merge is another
 * workflow's, or has ended; `refused`, perhaps before any merge was made (bad input, an unknown merge).
 */
export type Opened =
  | (FoundMerge & { then: 'go-on' | 'report'; refusal: null })
  | ((FoundMerge | NoMerge) & { then: 'refused'; refusal: Refusal })

/**
 * Opens a single merge for a workflow, or refuses it, or finds that it exists. Idempotent by the workflow's ids: asked again
 * after a lost answer, or after a Reset, it gives the same. Our tables, not Temporal's memory of ids, decide what is the
 * same merge. Waits while a desk or another merge has one of the records; `again.onWait` says so.
 */
export async function openSingle(
  pool: Pool,
  input: unknown,
  workflow: WorkflowIds,
  attempt: number,
  again: AgainOptions = {},
): Promise<Opened> {
  const parsed = parseRequest(input)
  if ('refusal' in parsed) return nothing(parsed.refusal)
  const asked = parsed.request
  if ('merge' in asked) return takenUp(pool, asked.merge, workflow)

  let mine = await mergeByWorkflow(pool, workflow)
  if (!mine) {
    const refusal = await refusedReason(pool, asked.reason)
    if (refusal) return nothing(refusal)
    const same = await mergeOfPair(pool, asked.keep, asked.remove)
    // a second attempt of the same activity may have been faster
    mine = await mergeByWorkflow(pool, workflow)
    if (!mine) {
      if (same) return sameMerge(same)
      await createMerge(pool, asked, workflow)
      mine = await mergeByWorkflow(pool, workflow)
    }
    if (!mine) throw new Error('a merge that was just made is gone')
  }
  if (mine.status === 'new') {
    const { id } = mine
    const refusal = await untilFree((limited) => openOnce(pool, id, asked.ifToken ?? null, attempt, limited), again)
    const same = refusal && (await sameFirst(pool, asked, refusal))
    if (same) return same
    return refusal ? refused(mine, refusal) : found(mine, 'go-on')
  }
  if (mine.refusal) return refused(mine, mine.refusal)
  return found(mine, mine.status === 'open' || mine.status === 'retired' ? 'go-on' : 'report')
}

/** Somebody asked for the same pair at the same moment, under another workflow, and was first: it is that merge. */
async function sameFirst(pool: Pool, asked: NewMerge, { code }: Refusal): Promise<Opened | null> {
  if (code !== 'merge-in-progress' && code !== 'already-merged') return null
  const same = await mergeOfPair(pool, asked.keep, asked.remove)
  return same ? sameMerge(same) : null
}

/** One try, one transaction: refused, opened, or busy. */
async function openOnce(
  pool: Pool,
  id: number,
  ifToken: string | null,
  attempt: number,
  limited: boolean,
): Promise<Refusal | null> {
  return inMergeTransaction(
    pool,
    async (client) => {
      const [taken] = await takePatrons(client, [id])
      if (taken === undefined) {
        const [why] = await whyNotTaken(client, [id])
        // a second attempt of the same activity was faster
        if (why && why.status !== 'new') return (await mergeById(client, id))?.refusal ?? null
        if (!why?.refusal) throw new RecordsBusy(`a record of merge ${id} is in use`)
        await storeRefusals(client, [{ id, refusal: why.refusal }])
        return why.refusal
      }
      const [judged] = await openOrRefuse(client, [id], attempt, ifToken)
      if (judged?.refusal) return judged.refusal
      await beginRedirect(client, [id])
      return null
    },
    { limited },
  )
}

async function takenUp(pool: Pool, merge: number, workflow: WorkflowIds): Promise<Opened> {
  const row = await mergeById(pool, merge)
  if (!row || row.status === 'new') return nothing({ code: 'unknown-merge', details: { merge } })
  if (row.status !== 'open' && (row.status !== 'retired' || portalHasEnded(row))) return found(row, 'report')
  await takeUp(pool, merge, workflow)
  return found(row, 'go-on')
}

/** A reason that holds what no history may. */
export async function refusedReason(pool: Pool, reason: string | undefined): Promise<Refusal | null> {
  const expected = reason === undefined ? null : await expectedOfReason(pool, reason)
  return expected && { code: 'bad-input', details: { where: 'reason', expected } }
}

/** The pair's merge: under way, it is another workflow's; else it is reported. */
function sameMerge(same: MergeRow): Opened {
  if (same.status !== 'open' && same.status !== 'undoing') return found(same, 'report')
  return refused(same, {
    code: 'merge-in-progress',
    details: { merge: same.id, workflow: same.workflow_id, patron: same.removed },
  })
}

/** No merge was found or made. */
export function nothing(refusal: Refusal): Opened {
  return { merge: null, keep: null, remove: null, options: null, then: 'refused', refusal }
}

export function found(row: MergeRow, then: 'go-on' | 'report'): Opened {
  return { ...mergeIn(row), then, refusal: null }
}

export function refused(row: MergeRow, refusal: Refusal): Opened {
  return { ...mergeIn(row), then: 'refused', refusal }
}

function mergeIn({ id, kept, removed, on_date, take, override }: MergeRow): FoundMerge {
  return { merge: id, keep: kept, remove: removed, options: { on: on_date, take, override } }
}
