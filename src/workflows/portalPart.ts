import {
  ActivityFailure,
  ApplicationFailure,
  proxyActivities,
  sleep,
  workflowInfo,
  type ActivityOptions,
} from '@temporalio/workflow'
import { msToNumber } from '@temporalio/common/lib/time'
import type { Activities } from '../activities'
import type { Shown } from './attention'
import type { Command, Commands } from './commands'
import { portalQueueOf } from './names'
import { NOTE, PORTAL_PATIENCE_MS, PORTAL_QUICK, PORTAL_WAIT } from './options'
import { standsAt, type PortalStand } from './portalStand'

const { noteCommand } = proxyActivities<Activities>(NOTE)

const LEAVES_A_TRY = ['skip-portal', 'give-way'] as const satisfies Command['name'][]
const LEAVES_THE_WAIT = ['retry-portal', ...LEAVES_A_TRY] as const satisfies Command['name'][]

export interface PortalWork<T> {
  merge: number
  /** Of the merge (`retired`), or of its undo (`undone`). */
  of: 'retired' | 'undone'
  /** What the Temporal UI says of the attempts. */
  summary: string
  /** The activity that asks the portal. */
  attempt: (activities: Pick<Activities, 'syncPortalLinks' | 'revertPortalLinks'>) => Promise<T>
  /** Gives it up; false where it has ended meanwhile. */
  skip: (command: Command) => Promise<boolean>
  shown: Shown
}

/**
 * The portal's part of a merge or an undo: three quick tries, then one activity that the server tries again each minute for
 * 30 days from the first attempt; a refusal for good, and the end of the 30 days, wait for a person. A person may have it
 * tried now, or give it up (then the answer is `skipped`), at any moment; an undo of the merge ends it (`gave-way`).
 */
export async function portalPart<T>(work: PortalWork<T>, commands: Commands): Promise<T | 'skipped' | 'gave-way'> {
  let patienceEnds = Date.now() + PORTAL_PATIENCE_MS
  let next: 'try' | 'wait' | 'ask' = 'try'
  // what a busy portal has asked for (Retry-After)
  let pauseMs = 0
  for (;;) {
    if (next === 'ask') await commands.wait(LEAVES_THE_WAIT)
    if (commands.take(['give-way'])) return 'gave-way'
    const skip = commands.take(['skip-portal'])
    if (skip !== undefined) {
      if (await work.skip(skip)) return 'skipped'
      next = 'try'
    }
    const retry = commands.take(['retry-portal'])
    if (retry !== undefined) {
      await noteCommand(work.merge, 'retry-portal', retry.who)
      // a person who asks again after the end has it waited for anew
      if (next === 'ask') patienceEnds = Date.now() + PORTAL_PATIENCE_MS
      next = 'try'
    }
    const waits = next === 'wait'
    let failed: PortalStand
    try {
      const end = await commands.untilAsked(waits ? LEAVES_THE_WAIT : LEAVES_A_TRY, () =>
        waits ? waited(work, pauseMs, patienceEnds) : work.attempt(portal(PORTAL_QUICK, work.summary)),
      )
      if (end === 'left') continue
      return end.done
    } catch (error) {
      failed = standAfter(error)
      pauseMs = pauseAfter(error)
      if (waits && failed === 'waiting') failed = 'gave-up'
    }
    await standsAt(work.merge, work.of, failed, work.shown)
    commands.portalTried()
    next = failed === 'waiting' ? 'wait' : 'ask'
  }
}

async function waited<T>(work: PortalWork<T>, pauseMs: number, patienceEnds: number): Promise<T> {
  if (pauseMs > 0) await sleep(pauseMs)
  return work.attempt(portal(waitUntil(patienceEnds), 'Wait for the portal: tried each minute for 30 days'))
}

/** The portal has a queue of its own. */
function portal(options: ActivityOptions, summary: string): Activities {
  const taskQueue = portalQueueOf(workflowInfo().taskQueue)
  return proxyActivities<Activities>({ ...options, taskQueue, summary })
}

/** How long a portal that is busy has asked us to stay away. */
function pauseAfter(error: unknown): number {
  const cause = error instanceof ActivityFailure ? error.cause : undefined
  return cause instanceof ApplicationFailure && cause.nextRetryDelay ? msToNumber(cause.nextRetryDelay) : 0
}

function waitUntil(patienceEnds: number): ActivityOptions {
  // at least one attempt
  return { ...PORTAL_WAIT, scheduleToCloseTimeout: Math.max(patienceEnds - Date.now(), 60_000) }
}

function standAfter(error: unknown): PortalStand {
  if (!(error instanceof ActivityFailure)) throw error
  if (!(error.cause instanceof ApplicationFailure)) return 'waiting'
  const { type, nonRetryable } = error.cause
  if (type === 'portal-refused') return 'refused'
  return type === 'unforeseen' && nonRetryable === true ? { unforeseen: error.cause.message } : 'waiting'
}
