import {
  allHandlersFinished,
  condition,
  proxyActivities,
  setHandler,
  workflowInfo,
  type ActivityOptions,
} from '@temporalio/workflow'
import type { Activities } from '../activities'
import type { MergeStatus, Refusal, Told } from '../domain/codes'
import { attentionReport, refusedUndo } from '../domain/reports'
import type { UndoReport } from '../domain/request'
import { statusSentence } from '../domain/sentences'
import type { Opened } from '../merges/openSingle'
import { Commands } from './commands'
import { attentionOf } from './databasePart'
import { idOf } from './mergePatrons'
import { giveWay, open } from './messages'
import { portalQueueOf } from './names'
import { DATABASE_STEP, NOTE, STARTER } from './options'
import { portalPart } from './portalPart'
import { standsAt } from './portalStand'
import { showState } from './showState'

const { reportUndo, noteAttention, noteCommand, abandonUndo, skipUndoPortal } = proxyActivities<Activities>(NOTE)
const { noteStarter } = proxyActivities<Activities>({ ...STARTER, summary: 'Record who started it' })
const { openUndo } = proxyActivities<Activities>({ ...DATABASE_STEP, summary: 'May the merge be undone?' })
const { takeBackMerge } = proxyActivities<Activities>({ ...DATABASE_STEP, summary: 'Set the two records apart again' })
const { endPortalWait } = proxyActivities<Activities>({ ...NOTE, summary: "End the merge's own wait for the portal" })

function portal(options: ActivityOptions, summary: string): Pick<Activities, 'revertPortalLinks'> {
  const taskQueue = portalQueueOf(workflowInfo().taskQueue)
  return proxyActivities<Activities>({ ...options, taskQueue, summary })
}

/**
 * Undoes a merge (domain.md "What an undo does"): one activity for the database part, then the portal, with the same
 * waiting and commands as a merge. Any Temporal client may start it, with an UndoRequest; it checks its own input and
 * completes with the object of `undo --json`, refusals too.
 */
export async function undoMerge(input: unknown): Promise<UndoReport> {
  let opened: Opened | undefined = undefined
  let apart = false
  let starter: Promise<void> = Promise.resolve()
  const takenUp = typeof input === 'object' && input !== null && !('by' in input)
  const commands = new Commands({ takenUp, abandonIn: ['attention'], givesWay: false })

  setHandler(
    open,
    async () => {
      await condition(() => apart || commands.phase === 'ended' || commands.phase === 'attention')
      const { merge = null, keep = null, remove = null, refusal = null } = opened ?? {}
      return { merge, keep, remove, refusal, status: commands.status }
    },
    { description: 'Answers with the refusal, or as soon as the two records are apart again.' },
  )

  const show = (status: MergeStatus, words = statusSentence(status, {}, 'en')) => {
    commands.status = status
    const { merge = idOf(input, 'merge'), keep = null, remove = null } = opened ?? {}
    showState({ status, words, merge, keep, remove })
  }
  const showAttention = (told: Told) => show('needs-attention', attentionReport(told, 'en')?.message)
  const end = async (report: UndoReport): Promise<UndoReport> => {
    show(report.status as MergeStatus, report.refusal?.message)
    commands.phase = 'ended'
    await starter
    await condition(allHandlersFinished)
    return report
  }
  const refuse = (refusal: Refusal) => {
    opened = { merge: null, keep: null, remove: null, options: null, ...opened, then: 'refused', refusal }
    return end(refusedUndo(refusal, { id: opened.merge, keep: opened.keep, remove: opened.remove }))
  }

  show('undoing', 'Looks whether the merge may be undone.')
  opened = await openUndo(input, workflowInfo().firstExecutionRunId)
  const { merge, refusal } = opened
  if (merge === null || opened.then === 'refused') return refuse(refusal ?? { code: 'bad-input', details: {} })
  if (opened.then === 'report') return end(await reportUndo(merge))

  show('undoing')
  starter = noteStarter(merge, 'undo').catch(() => {})
  const taken = await databasePart(merge, commands, {
    goesOn: () => show('undoing'),
    needsAttention: showAttention,
  })
  if (taken === 'abandoned') return end(await reportUndo(merge))
  if (taken !== null) return refuse(taken)

  apart = true
  commands.phase = 'portal'
  show('undoing', 'The records are apart again. Brings the links at the portal back.')
  await endPortalWait(merge, giveWay.name)
  const report = await portalPart(
    {
      attempt: (options, waiting) =>
        portal(
          options,
          waiting ? 'Wait for the portal: tried each minute for 30 days' : 'Bring the links at the portal back',
        ).revertPortalLinks(merge),
      stands: (stand) => standsAt(merge, 'undone', stand, { waits: show, needsAttention: showAttention }),
      retry: (command) => noteCommand(merge, 'retry-portal', command.who),
      skip: (command) => skipUndoPortal(merge, command.who),
    },
    commands,
  )
  return end(typeof report === 'string' ? await reportUndo(merge) : report)
}

/**
 * The undo in the database, until it is done (null), refused, or given up. What fails for good waits for a person, who has it
 * tried again, or leaves the merge as it is.
 */
async function databasePart(
  merge: number,
  commands: Commands,
  shown: { goesOn: () => void; needsAttention: (told: Told) => void },
): Promise<Refusal | 'abandoned' | null> {
  commands.phase = 'database'
  for (;;) {
    try {
      return await takeBackMerge(merge)
    } catch (error) {
      const { details } = attentionOf(error)
      const told = { code: 'undo-failed', details: { ...details, merge } }
      // before it is stored: whoever reads that may ask at once
      commands.phase = 'attention'
      commands.turnDownPortal()
      await noteAttention(merge, told)
      shown.needsAttention(told)
    }
    await commands.wait(['resume', 'abandon'])
    const command = commands.take(['resume', 'abandon'])
    if (command) await noteCommand(merge, command.name === 'abandon' ? 'abandon' : 'resume', command.who)
    if (command?.name === 'abandon' && (await abandonUndo(merge))) {
      commands.abandoned = true
      return 'abandoned'
    }
    commands.phase = 'database'
    await noteAttention(merge, null)
    shown.goesOn()
  }
}
