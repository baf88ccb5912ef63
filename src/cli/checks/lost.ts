import type { Client } from '@temporalio/client'
import { sqlState } from '../../database/failures'
import { withoutWorkflow, type WithWorkflow } from '../../temporal/operate'
import { saidBy, well, wrong, type Check } from './check'

/** One question each, and doctor shall take seconds. */
const ALL_ASKED_WITHIN_MS = 15_000

/** What is under way, and how doctor speaks of it. */
export interface UnderWay<T> {
  /** The check's stable name; its words are those of `Not all … could be looked at`. */
  check: string
  words: string
  /** All that have not ended, or those of these ids that have not. */
  ask: (ids: readonly number[] | null) => Promise<readonly T[]>
  /** One whose workflow is gone. */
  told: (lost: T) => Check
  /** What else is wrong with them. */
  also?: () => Promise<Check[]>
}

/** Finds what nobody goes on with: its workflow was terminated, has failed, or Temporal no longer knows it. */
export async function checkLost<T extends WithWorkflow & { id: number }>(
  client: Client,
  { check, words, ask, told, also = async () => [] }: UnderWay<T>,
): Promise<Check[]> {
  try {
    const asked = await ask(null)
    const suspects = await client.withDeadline(Date.now() + ALL_ASKED_WITHIN_MS, () => withoutWorkflow(client, asked))
    // what ended between the two questions is not lost
    const lost = suspects.length === 0 ? [] : await ask(suspects.map(({ id }) => id))
    const bad = [...lost.map(told), ...(await also())]
    if (bad.length > 0) return bad
    return [
      well(check, asked.length === 0 ? 'None is under way.' : `${asked.length} under way, each with its workflow.`),
    ]
  } catch (error) {
    // told by the checks of migrations and rights already
    if (['42P01', '42501'].includes(sqlState(error) ?? '')) return []
    return [wrong(check, `Not all ${words} could be looked at (${saidBy(error)}).`, 'Run doctor again.')]
  }
}
