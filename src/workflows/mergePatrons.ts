import {
  ActivityFailure,
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  setHandler,
  workflowInfo,
  type ActivityOptions,
} from '@temporalio/workflow'
import type { Activities } from '../activities'
import type { MergeStatus, StepName, Told } from '../domain/codes'
import { ON_THE_PATRON_ROW, SIDE_BY_SIDE, type TransferName } from '../domain/plan'
import { attentionReport, refusedWithoutRow } from '../domain/reports'
import type { MergeReport } from '../domain/request'
import { statusSentence, stepSentence } from '../domain/sentences'
import type { Opened } from '../merges/openSingle'
import { Commands } from './commands'
import { open } from './messages'
import { portalQueueOf } from './names'
import { DATABASE_STEP, NOTE, STARTER } from './options'
import { portalPart, type PortalStand } from './portalPart'
import { answerTo } from './sameMerge'
import { inBrussels, showState } from './showState'

/** One proxy a step, each with its fixed summary: the Temporal UI then reads like the domain. */
function step<Name extends Exclude<StepName, 'syncPortalLinks'>>(name: Name): Activities[Name] {
  const proxies = proxyActivities<Activities>({ ...DATABASE_STEP, summary: stepSentence(name, 'en') })
  return proxies[name] as Activities[Name]
}

const { reportMerge, noteAttention, notePortal, noteCommand, skipPortal } = proxyActivities<Activities>(NOTE)
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
  let underWay = false
  const commands = new Commands(idOf(input, 'merge') !== null)

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
    show(report.status as MergeStatus, report.refusal?.message)
    commands.phase = 'ended'
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
  commands.phase = 'database'
  show('running')
  while (!(await databasePart(merge, commands))) {
    const abandoned = commands.take(['abandon'])
    if (abandoned) {
      await noteCommand(merge, 'abandon', abandoned.who)
      if (await abandonMerge(merge)) return end(await reportMerge(merge))
      continue
    }
    commands.phase = 'attention'
    await commands.wait(['resume', 'abandon'])
    const resumed = commands.take(['resume'])
    commands.phase = 'database'
    if (!resumed) continue
    await noteCommand(merge, 'resume', resumed.who)
    await noteAttention(merge, null)
    show('running')
  }

  /** All steps in the database; false where a person has to decide, or has. */
  async function databasePart(id: number, asked: Commands): Promise<boolean> {
    // taken up is what resume asks for
    const resumed = asked.take(['resume'])
    if (resumed) await noteCommand(id, 'resume', resumed.who)
    if (asked.asked(['abandon'])) return false
    const failure = await untilAbandoned(() => databaseSteps(id), asked)
    if (failure === 'abandoned') return false
    if (failure === null) return true
    await noteAttention(id, failure)
    showAttention({ ...failure, details: { ...failure.details, merge: id } })
    return false
  }

  underWay = false
  commands.take(['resume', 'abandon'])
  commands.phase = 'portal'
  show('running', 'The records are merged. Updates the links at the portal.')
  const stands = async (stand: PortalStand) => {
    if (typeof stand === 'object') {
      const told = { code: 'unforeseen', details: { step: 'syncPortalLinks' } }
      await noteAttention(merge, told)
      return showAttention({ ...told, details: { ...told.details, merge } })
    }
    await notePortal(merge, stand)
    if (stand !== 'waiting') return showAttention({ code: `portal-${stand}`, details: { merge } })
    show('waiting-for-portal', statusSentence('waiting-for-portal', { merge, since: inBrussels(new Date()) }, 'en'))
  }
  // beside the portal's answer; a server that does not tell who started it stops no merge
  const [report] = await Promise.all([
    portalPart(
      {
        attempt: (options, waiting) =>
          portal(
            options,
            waiting ? 'Wait for the portal: tried each minute for 30 days' : stepSentence('syncPortalLinks', 'en'),
          ).syncPortalLinks(merge),
        stands,
        retry: (command) => noteCommand(merge, 'retry-portal', command.who),
        skip: (command) => skipPortal(merge, command.who),
      },
      commands,
    ),
    noteStarter(merge).catch(() => {}),
  ])
  return end(report === 'skipped' ? await reportMerge(merge) : report)
}

/** Does the steps until they end or a person abandons the merge; then those under way find that it is not open. */
async function untilAbandoned(
  steps: () => Promise<Told | null>,
  commands: Commands,
): Promise<Told | null | 'abandoned'> {
  const scope = new CancellationScope()
  let ended = false
  const result = scope.run(steps).then(
    (failure) => failure,
    (error: unknown) => {
      if (isCancellation(error)) return 'abandoned' as const
      throw error
    },
  )
  void result.then(
    () => (ended = true),
    () => (ended = true),
  )
  await commands.wait(['abandon'], () => ended)
  if (!ended) scope.cancel()
  return result
}

/** All steps in the database, side by side where the plan allows. Null when the record is retired, else what failed for good. */
async function databaseSteps(merge: number): Promise<Told | null> {
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

function attentionOf(error: unknown): Told {
  if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error
  const { cause } = error
  const details = cause instanceof ApplicationFailure ? (cause.details?.[0] as Record<string, unknown> | undefined) : {}
  const code = cause instanceof ApplicationFailure ? (cause.type ?? 'unforeseen') : 'unforeseen'
  return { code, details: { ...details, step: error.activityType } }
}

function refusedPart(opened: Opened): Pick<MergeReport, 'status' | 'refusal'> {
  const { refusal } = refusedWithoutRow(opened.refusal ?? { code: 'merge-in-progress', details: {} })
  return { status: 'refused', refusal }
}

/** What the caller named, before anything has been checked: only to show it. */
function idOf(input: unknown, key: 'keep' | 'remove' | 'merge'): number | null {
  const value = typeof input === 'object' && input !== null ? (input as Record<string, unknown>)[key] : null
  return typeof value === 'number' ? value : null
}
