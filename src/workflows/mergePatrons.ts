import {
  ActivityFailure,
  allHandlersFinished,
  ApplicationFailure,
  condition,
  proxyActivities,
  rootCause,
  setHandler,
  workflowInfo,
  type ActivityOptions,
} from '@temporalio/workflow'
import type { Activities } from '../activities'
import type { MergeStatus, StepName } from '../domain/codes'
import { ON_THE_PATRON_ROW, SIDE_BY_SIDE, type TransferName } from '../domain/plan'
import { refusedWithoutRow } from '../domain/reports'
import type { MergeReport } from '../domain/request'
import { stepSentence } from '../domain/sentences'
import type { Opened } from '../merges/openSingle'
import { abandon, open, resume } from './messages'
import { portalQueueOf } from './names'
import { DATABASE_STEP, NOTE, PORTAL_QUICK, PORTAL_WAIT, STARTER } from './options'
import { showState } from './showState'
import { answerTo } from './sameMerge'

/** One proxy a step, each with its fixed summary: the Temporal UI then reads like the domain. */
function step<Name extends Exclude<StepName, 'syncPortalLinks'>>(name: Name): Activities[Name] {
  const proxies = proxyActivities<Activities>({ ...DATABASE_STEP, summary: stepSentence(name, 'en') })
  return proxies[name] as Activities[Name]
}

const { reportMerge, noteAttention, notePortal } = proxyActivities<Activities>(NOTE)
const { noteStarter } = proxyActivities<Activities>({ ...STARTER, summary: 'Record who started it' })
const { abandonMerge } = proxyActivities<Activities>({ ...DATABASE_STEP, summary: 'Take the unfinished merge back' })

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
  let status: MergeStatus = 'running'
  let decision: 'resume' | 'abandon' | undefined
  let underWay = false

  setHandler(
    open,
    async (asked) => {
      await condition(() => opened !== undefined)
      return answerTo(asked, opened as Opened, status, underWay)
    },
    { description: 'Answers with the id of the merge, or the refusal, as soon as both records are taken.' },
  )
  const onlyWhileAttention = () => {
    if (status !== 'needs-attention' || decision !== undefined) {
      throw ApplicationFailure.create({
        type: 'not-waiting',
        message: `The merge is ${status}: there is nothing to decide.`,
      })
    }
  }
  setHandler(resume, () => void (decision = 'resume'), {
    validator: onlyWhileAttention,
    description: 'Does the steps that failed again.',
  })
  setHandler(abandon, () => void (decision = 'abandon'), {
    validator: onlyWhileAttention,
    description: 'Takes the unfinished merge back: both records are as they were.',
  })

  const show = (now: MergeStatus, words: string) => {
    status = now
    showState({
      status,
      words,
      merge: opened?.merge ?? null,
      keep: opened?.keep ?? idOf(input, 'keep'),
      remove: opened?.remove ?? idOf(input, 'remove'),
    })
  }
  const end = async (report: MergeReport): Promise<MergeReport> => {
    show(report.status as MergeStatus, report.refusal?.message ?? `The merge is ${report.status}.`)
    await condition(allHandlersFinished)
    return report
  }

  show('running', 'Takes both records.')
  opened = await step('openMerge')(input, workflowInfo().firstExecutionRunId)
  if (opened.merge === null) return end(refusedWithoutRow(opened.refusal ?? { code: 'bad-input', details: {} }))
  const { merge } = opened
  if (opened.then === 'refused' && opened.refusal?.code === 'merge-in-progress') {
    // the merge of that id is another workflow's: this one is refused, it is not
    return end({ ...(await reportMerge(merge)), ...refusedPart(opened) })
  }
  if (opened.then === 'refused') await noteStarter(merge).catch(() => {})
  if (opened.then !== 'go-on') return end(await reportMerge(merge))

  underWay = true
  show('running', 'Everything moves from the removed record to the kept one.')
  for (;;) {
    const failure = await databaseSteps(merge)
    if (failure === null) break
    await noteAttention(merge, failure)
    show(
      'needs-attention',
      `${failure.details.message}\n\nSend the update \`resume\` to try again, or \`abandon\` to take the merge back.`,
    )
    await condition(() => decision !== undefined)
    const decided = decision
    decision = undefined
    if (decided === 'abandon' && (await abandonMerge(merge))) return end(await reportMerge(merge))
    await noteAttention(merge, null)
    show('running', 'Goes on.')
  }

  underWay = false
  show('running', 'Updates the links at the portal.')
  // beside the portal's answer; a server that does not tell who started it stops no merge
  const [report] = await Promise.all([portalPart(merge, show), noteStarter(merge).catch(() => {})])
  return end(report)
}

interface Attention {
  code: string
  details: { step: string; message: string }
}

/** All steps in the database, side by side where the plan allows. Null when the record is retired, else what failed for good. */
async function databaseSteps(merge: number): Promise<Attention | null> {
  const chain = async () => {
    for (const name of ON_THE_PATRON_ROW) await named(name, merge)
  }
  // the chain first: the server gives only the first few back to this worker at once, and it is the longest way
  const results = await Promise.allSettled([chain(), ...SIDE_BY_SIDE.map((name) => named(name, merge))])
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) return attentionOf(failed.reason)
  try {
    await step('retireRecord')(merge)
    return null
  } catch (error) {
    return attentionOf(error)
  }
}

async function named(name: TransferName, merge: number): Promise<void> {
  await step(name)(merge)
}

function attentionOf(error: unknown): Attention {
  if (!(error instanceof ActivityFailure)) throw error
  const cause = error.cause
  const code = cause instanceof ApplicationFailure ? (cause.type ?? 'step-failed') : 'step-failed'
  return { code, details: { step: error.activityType, message: rootCause(error) ?? code } }
}

/** R13: three quick tries, then one activity that the server tries again each minute for 30 days. */
async function portalPart(merge: number, show: (status: MergeStatus, words: string) => void): Promise<MergeReport> {
  try {
    return await portal(PORTAL_QUICK, stepSentence('syncPortalLinks', 'en')).syncPortalLinks(merge)
  } catch (error) {
    if (isRefusal(error)) return portalRefused(merge, show)
    await notePortal(merge, 'waiting')
    show(
      'waiting-for-portal',
      `The portal did not answer (since ${new Date().toISOString()}). It is tried again each minute for 30 days; the records are merged already.`,
    )
  }
  try {
    return await portal(PORTAL_WAIT, 'Wait for the portal: tried each minute for 30 days').syncPortalLinks(merge)
  } catch (error) {
    if (isRefusal(error)) return portalRefused(merge, show)
    await notePortal(merge, 'gave-up')
    show('needs-attention', 'The portal did not answer for 30 days.')
    return reportMerge(merge)
  }
}

async function portalRefused(merge: number, show: (status: MergeStatus, words: string) => void): Promise<MergeReport> {
  await notePortal(merge, 'refused')
  show('needs-attention', 'The portal refuses for good.')
  return reportMerge(merge)
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === 'portal-refused'
  )
}

function refusedPart(opened: Opened): Pick<MergeReport, 'status' | 'refusal'> {
  const { refusal } = refusedWithoutRow(opened.refusal ?? { code: 'merge-in-progress', details: {} })
  return { status: 'refused', refusal }
}

/** What the caller named, before anything has been checked: only to show it. */
function idOf(input: unknown, key: 'keep' | 'remove'): number | null {
  const value = typeof input === 'object' && input !== null ? (input as Record<string, unknown>)[key] : null
  return typeof value === 'number' ? value : null
}
