import {
  allHandlersFinished,
  condition,
  proxyActivities,
  setHandler,
  workflowInfo,
  type ActivityOptions,
} from '@temporalio/workflow'
import type { Activities } from '../activities'
import type { MergeStatus, Told } from '../domain/codes'
import { attentionReport, refusedWithoutRow } from '../domain/reports'
import type { MergeReport } from '../domain/request'
import { statusSentence, stepSentence } from '../domain/sentences'
import type { Opened } from '../merges/openSingle'
import { Commands } from './commands'
import { databasePart } from './databasePart'
import { open } from './messages'
import { portalQueueOf } from './names'
import { DATABASE_STEP, NOTE, STARTER } from './options'
import { portalPart } from './portalPart'
import { standsAt } from './portalStand'
import { answerTo } from './sameMerge'
import { showState } from './showState'

const { reportMerge, noteCommand, skipPortal } = proxyActivities<Activities>(NOTE)
const { noteStarter } = proxyActivities<Activities>({ ...STARTER, summary: 'Record who started it' })
const { openMerge } = proxyActivities<Activities>({ ...DATABASE_STEP, summary: stepSentence('openMerge', 'en') })

/** The portal has a queue of its own. */
function portal(options: ActivityOptions, summary: string): Pick<Activities, 'syncPortalLinks'> {
  const taskQueue = portalQueueOf(workflowInfo().taskQueue)
  return proxyActivities<Activities>({ ...options, taskQueue, summary })
}

/**
 * Merges two patron records (design §4). Any Temporal client may start it, with a MergeRequest; it checks its own input and
 * completes with the object of `merge --json`, refusals too.
 */
export async function mergePatrons(input: unknown): Promise<MergeReport> {
  let opened: Opened | undefined = undefined
  let underWay = false
  let starter: Promise<void> = Promise.resolve()
  const takenUp = idOf(input, 'merge') !== null
  const commands = new Commands({ takenUp, abandonIn: ['database', 'attention'], givesWay: true })

  setHandler(
    open,
    async (asked) => {
      await condition(() => opened !== undefined)
      return answerTo(asked, opened as Opened, commands.status, underWay)
    },
    { description: 'Answers with the id of the merge, or the refusal, as soon as both records are taken.' },
  )

  const show = (status: MergeStatus, words = statusSentence(status, {}, 'en')) => {
    commands.status = status
    showState({
      status,
      words,
      merge: opened?.merge ?? idOf(input, 'merge'),
      keep: opened?.keep ?? idOf(input, 'keep'),
      remove: opened?.remove ?? idOf(input, 'remove'),
    })
  }
  const showAttention = (told: Told) => show('needs-attention', attentionReport(told, 'en')?.message)
  const end = async (report: MergeReport): Promise<MergeReport> => {
    // the records are apart again: what is left of that is the undo's, not this workflow's
    show(report.status === 'undoing' ? 'undone' : (report.status as MergeStatus), report.refusal?.message)
    commands.phase = 'ended'
    await starter
    await condition(allHandlersFinished)
    return report
  }

  show('running', 'Takes both records.')
  opened = await openMerge(input, workflowInfo().firstExecutionRunId)
  if (opened.merge === null) return end(refusedWithoutRow(opened.refusal ?? { code: 'bad-input', details: {} }))
  const { merge } = opened
  commands.merge = merge
  if (opened.then === 'refused' && opened.refusal?.code === 'merge-in-progress') {
    // the merge of that id is another workflow's: this one is refused, it is not
    return end({ ...(await reportMerge(merge)), ...refusedPart(opened) })
  }
  if (opened.then === 'report') return end(await reportMerge(merge))
  // beside all that follows; a server that does not tell who started it stops no merge
  starter = noteStarter(merge, 'merge').catch(() => {})
  if (opened.then === 'refused') return end(await reportMerge(merge))

  underWay = true
  show('running')
  const retired = await databasePart(merge, commands, {
    goesOn: () => show('running'),
    needsAttention: (told) => showAttention({ ...told, details: { ...told.details, merge } }),
  })
  if (!retired) return end(await reportMerge(merge))

  underWay = false
  commands.phase = 'portal'
  show('running', 'The records are merged. Updates the links at the portal.')
  const report = await portalPart(
    {
      attempt: (options, waiting) =>
        portal(
          options,
          waiting ? 'Wait for the portal: tried each minute for 30 days' : stepSentence('syncPortalLinks', 'en'),
        ).syncPortalLinks(merge),
      stands: (stand) => standsAt(merge, 'retired', stand, { waits: show, needsAttention: showAttention }),
      retry: (command) => noteCommand(merge, 'retry-portal', command.who),
      skip: (command) => skipPortal(merge, command.who),
    },
    commands,
  )
  return end(typeof report === 'string' ? await reportMerge(merge) : report)
}

function refusedPart(opened: Opened): Pick<MergeReport, 'status' | 'refusal'> {
  const { refusal } = refusedWithoutRow(opened.refusal ?? { code: 'merge-in-progress', details: {} })
  return { status: 'refused', refusal }
}

/** What the caller named, before anything has been checked: only to show it. */
export function idOf(input: unknown, key: 'keep' | 'remove' | 'merge'): number | null {
  const value = typeof input === 'object' && input !== null ? (input as Record<string, unknown>)[key] : null
  return typeof value === 'number' ? value : null
}
