import type { CampaignReport } from '../domain/campaign'
import type { MergeReport } from '../domain/request'
import type { UndoManyReport } from '../domain/undoMany'

/** cli.md: what a command ends with. */
export const EXIT = { done: 0, failed: 1, badInput: 2, refused: 3, waits: 4 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** The exit code that tells a merge's end (or where it stands). */
export function exitCodeOf({ status, refusal }: Pick<MergeReport, 'status' | 'refusal'>): ExitCode {
  if (refusal?.code === 'bad-input') return EXIT.badInput
  switch (status) {
    case 'refused':
      return EXIT.refused
    case 'running':
    case 'waiting-for-portal':
    case 'needs-attention':
    case 'undo-waiting-for-portal':
    case 'undoing':
      return EXIT.waits
    default:
      return EXIT.done
  }
}

/**
 * The exit code of a campaign that was followed: 0 where it is over, 1 where it stopped at what nobody foresaw, 4 where it
 * pauses, goes on unfollowed, or has pairs that wait for the portal or need attention.
 */
export function exitCodeOfCampaign({ status, outcomes, paused }: CampaignReport): ExitCode {
  switch (status) {
    case 'completed':
      return outcomes['waiting-for-portal'] + outcomes['needs-attention'] > 0 ? EXIT.waits : EXIT.done
    case 'cancelled':
    case 'undone':
      return EXIT.done
    default:
      return paused?.code === 'unforeseen' ? EXIT.failed : EXIT.waits
  }
}

/** The exit code of an undo of many that was followed: what was refused is reported, and is an error where it is all. */
export function exitCodeOfUndoMany({
  status,
  outcomes,
  merges,
  waitsForPortal,
  needsAttention,
}: UndoManyReport): ExitCode {
  if (status === 'undoing' || outcomes['set-aside'] + waitsForPortal + needsAttention > 0) return EXIT.waits
  return outcomes.refused === merges ? EXIT.refused : EXIT.done
}
