import { condition, proxyActivities, setHandler, workflowInfo } from '@temporalio/workflow'
import type { Activities } from '../activities'
import type { MergeStatus, Refusal } from '../domain/codes'
import { refusedUndo } from '../domain/reports'
import type { UndoReport } from '../domain/request'
import type { Opened } from '../merges/openSingle'
import { attentionOf, untilDecided, type Shown } from './attention'
import { Commands } from './commands'
import { giveWay, open } from './messages'
import { DATABASE_STEP, NOTE, STARTER } from './options'
import { portalPart } from './portalPart'
import { ended, showing } from './shown'

const { reportUndo, noteAttention, noteCommand, abandonUndo, skipUndoPortal } = proxyActivities<Activities>(NOTE)
const { noteStarter } = proxyActivities<Activities>({ ...STARTER, summary: 'Record who started it' })
const { openUndo } = proxyActivities<Activities>({ ...DATABASE_STEP, summary: 'May the merge be undone?' })
const { takeBackMerge } = proxyActivities<Activities>({ ...DATABASE_STEP, summary: 'Set the two records apart again' })
const { endPortalWait } = proxyActivities<Activities>({ ...NOTE, summary: "End the merge's own wait for the portal" })

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

  const shown = showing(input, commands, () => opened)
  const end = (report: UndoReport): Promise<UndoReport> => {
    shown.status(report.status as MergeStatus, report.refusal?.message)
    return ended(report, commands, starter)
  }
  const refuse = (asked: Opened, refusal: Refusal) => {
    opened = { ...asked, then: 'refused', refusal }
    return end(refusedUndo(refusal, { id: asked.merge, keep: asked.keep, remove: asked.remove }))
  }

  shown.status('undoing', 'Looks whether the merge may be undone.')
  opened = await openUndo(input, workflowInfo().firstExecutionRunId)
  if (opened.then === 'refused') return refuse(opened, opened.refusal)
  const { merge } = opened
  if (opened.then === 'report') return end(await reportUndo(merge))

  shown.status('undoing')
  starter = noteStarter(merge, 'undo').catch(() => {})
  const taken = await databasePart(merge, commands, shown)
  if (taken === 'abandoned') return end(await reportUndo(merge))
  if (taken !== null) return refuse(opened, taken)

  apart = true
  commands.phase = 'portal'
  shown.status('undoing', 'The records are apart again. Brings the links at the portal back.')
  await endPortalWait(merge, giveWay.name)
  const report = await portalPart(
    {
      merge,
      of: 'undone',
      summary: 'Bring the links at the portal back',
      attempt: ({ revertPortalLinks }) => revertPortalLinks(merge),
      skip: ({ who }) => skipUndoPortal(merge, who),
      shown,
    },
    commands,
  )
  return end(typeof report === 'string' ? await reportUndo(merge) : report)
}

/**
 * The undo in the database, until it is done (null), refused, or given up. What fails for good waits for a person, who has it
 * tried again, or leaves the merge as it is.
 */
async function databasePart(merge: number, commands: Commands, shown: Shown): Promise<Refusal | 'abandoned' | null> {
  commands.phase = 'database'
  for (;;) {
    try {
      return await takeBackMerge(merge)
    } catch (error) {
      const { details } = attentionOf(error)
      await untilDecided(merge, { code: 'undo-failed', details }, commands, shown)
    }
    const command = commands.take(['resume', 'abandon'])
    if (command) await noteCommand(merge, command.name === 'abandon' ? 'abandon' : 'resume', command.who)
    if (command?.name === 'abandon' && (await abandonUndo(merge))) {
      commands.abandoned = true
      return 'abandoned'
    }
    commands.phase = 'database'
    await noteAttention(merge, null)
    shown.status('undoing')
  }
}
