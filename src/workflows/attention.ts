import { ActivityFailure, ApplicationFailure, isCancellation, proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities'
import type { MergeStatus, Told } from '../domain/codes'
import type { Commands } from './commands'
import { NOTE } from './options'

const { noteAttention } = proxyActivities<Activities>(NOTE)

/** How a workflow shows where it is. */
export interface Shown {
  /** Goes on, or waits, in the words of that status or in these. */
  status: (status: MergeStatus, words?: string) => void
  needsAttention: (told: Told) => void
}

/** Something in the database failed for good: stores and shows it, and waits until a person has it tried again or gives it up. */
export async function untilDecided(merge: number, told: Told, commands: Commands, shown: Shown): Promise<void> {
  // before it is stored: whoever reads that may ask at once
  commands.phase = 'attention'
  commands.turnDownPortal()
  await noteAttention(merge, told)
  shown.needsAttention({ ...told, details: { ...told.details, merge } })
  await commands.wait(['resume', 'abandon'])
}

/** Of an activity that failed for good: its code and details, and which it was. Whatever else was thrown is thrown again. */
export function attentionOf(error: unknown): Told {
  if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error
  const { cause } = error
  const details = cause instanceof ApplicationFailure ? (cause.details?.[0] as Record<string, unknown> | undefined) : {}
  const code = cause instanceof ApplicationFailure ? (cause.type ?? 'unforeseen') : 'unforeseen'
  return { code, details: { ...details, step: error.activityType } }
}
