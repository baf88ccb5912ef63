import { condition, proxyActivities, setHandler, workflowInfo } from '@temporalio/workflow'
import type { Activities } from '../activities'
import type { MergeStatus } from '../domain/codes'
import { refusalReport, refusedWithoutRow } from '../domain/reports'
import type { MergeReport } from '../domain/request'
import { stepSentence } from '../domain/sentences'
import type { Opened } from '../merges/openSingle'
import { Commands } from './commands'
import { databasePart } from './databasePart'
import { open } from './messages'
import { DATABASE_STEP, NOTE, STARTER } from './options'
import { portalPart } from './portalPart'
import { answerTo } from './sameMerge'
import { ended, idOf, showing } from './shown'

const { reportMerge, skipPortal } = proxyActivities<Activities>(NOTE)
const { noteStarter } = proxyActivities<Activities>({ ...STARTER, summary: 'Record who started it' })
const { openMerge } = proxyActivities<Activities>({ ...DATABASE_STEP, summary: stepSentence('openMerge', 'en') })

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

  const shown = showing(input, commands, () => opened)
  const end = (report: MergeReport): Promise<MergeReport> => {
    // the records are apart again: what is left of that is the undo's, not this workflow's
    shown.status(report.status === 'undoing' ? 'undone' : (report.status as MergeStatus), report.refusal?.message)
    return ended(report, commands, starter)
  }

  shown.status('running', 'Takes both records.')
  opened = await openMerge(input, workflowInfo().firstExecutionRunId)
  if (opened.merge === null) return end(refusedWithoutRow(opened.refusal))
  const { merge } = opened
  commands.merge = merge
  if (opened.refusal?.code === 'merge-in-progress') {
    // the merge of that id is another workflow's: this one is refused, it is not
    const refusal = refusalReport(opened.refusal, 'en')
    return end({ ...(await reportMerge(merge)), status: 'refused', refusal })
  }
  if (opened.then === 'report') return end(await reportMerge(merge))
  // beside all that follows; a server that does not tell who started it stops no merge
  starter = noteStarter(merge, 'merge').catch(() => {})
  if (opened.then === 'refused') return end(await reportMerge(merge))

  underWay = true
  shown.status('running')
  const retired = await databasePart(merge, commands, shown)
  if (!retired) return end(await reportMerge(merge))

  underWay = false
  commands.phase = 'portal'
  shown.status('running', 'The records are merged. Updates the links at the portal.')
  const report = await portalPart(
    {
      merge,
      of: 'retired',
      summary: stepSentence('syncPortalLinks', 'en'),
      attempt: ({ syncPortalLinks }) => syncPortalLinks(merge),
      skip: ({ who }) => skipPortal(merge, who),
      shown,
    },
    commands,
  )
  return end(typeof report === 'string' ? await reportMerge(merge) : report)
}
