import { allHandlersFinished, condition } from '@temporalio/workflow'
import type { MergeStatus } from '../domain/codes'
import { attentionReport } from '../domain/reports'
import { statusSentence } from '../domain/sentences'
import type { Opened } from '../merges/openSingle'
import type { Shown } from './attention'
import type { Commands } from './commands'
import { showState } from './showState'

/** What the caller named, before anything has been checked: only to show it. */
export function idOf(input: unknown, key: 'keep' | 'remove' | 'merge'): number | null {
  const value = typeof input === 'object' && input !== null ? (input as Record<string, unknown>)[key] : null
  return typeof value === 'number' ? value : null
}

/** Shows where a merge or an undo is: by what was opened, and before that by what the caller named. */
export function showing(input: unknown, commands: Commands, opened: () => Opened | undefined): Shown {
  const status = (status: MergeStatus, words = statusSentence(status, {}, 'en')) => {
    commands.status = status
    const id = (key: 'merge' | 'keep' | 'remove') => opened()?.[key] ?? idOf(input, key)
    showState({ status, words, merge: id('merge'), keep: id('keep'), remove: id('remove') })
  }
  return { status, needsAttention: (told) => status('needs-attention', attentionReport(told, 'en')?.message) }
}

/** The end of a workflow: nobody who asked something is left without an answer. `before` is what runs beside it. */
export async function ended<T>(report: T, commands: Commands, before: Promise<unknown>): Promise<T> {
  commands.phase = 'ended'
  await before
  await condition(allHandlersFinished)
  return report
}
