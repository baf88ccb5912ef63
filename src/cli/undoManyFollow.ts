import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '@temporalio/client'
import type { Pool } from 'pg'
import { undoManyReport, undoManyUnderWay } from '../campaigns/undoReport'
import { OntdubbelError } from '../domain/errors'
import { say, UNDO_MANY_ERRORS, UNDO_MANY_LINES, type Language } from '../domain/sentences'
import type { UndoManyReport } from '../domain/undoMany'
import { hasBegun, NO_WORKER_AFTER_MS } from '../temporal/calls'
import { hasWorkflow } from '../temporal/operate'
import { progressBar } from './bar'
import { onStop } from './campaignList'
import type { Places } from './context'
import { endedIn } from './undoManyText'

/** It lasts for seconds to an hour: nobody reads faster. */
const LOOK_EVERY_MS = 500
/** Counting many merges takes the database's time: at most a tenth of it goes there. */
const LEAVE_ALONE = 9
/** Whether its workflow is still there is asked this often. */
const LOOK_FOR_WORKFLOW_EVERY_MS = 5_000

/**
 * How following ended: all has been tried; whoever followed went away; no worker has begun it; its workflow has ended before
 * it was done.
 */
export interface FollowedUndo {
  report: UndoManyReport
  how: 'ended' | 'stopped' | 'no-worker' | 'gone'
}

export interface FollowUndoOptions {
  pool: Pool
  places: Places
  client: Client
  workflowId: string
  language: Language
}

/** Follows an undo of many to its end, or until Ctrl-C; a bar on standard error, on a terminal only. */
export async function followUndoMany(undo: number, options: FollowUndoOptions): Promise<FollowedUndo> {
  const stopped = new AbortController()
  const forget = onStop(() => stopped.abort())
  const bar = progressBar('{bar} {percentage}%  {done}')
  const { language } = options
  try {
    return await follow(undo, options, stopped.signal, (report) => {
      const { merges } = report
      const done = endedIn(report)
      bar.show({ done, of: merges, beside: { done: say(UNDO_MANY_LINES.done, language, { done, merges }) } })
    })
  } finally {
    bar.end()
    forget()
  }
}

async function follow(
  undo: number,
  { pool, places, client, workflowId, language }: FollowUndoOptions,
  signal: AbortSignal,
  show: (report: UndoManyReport) => void,
): Promise<FollowedUndo> {
  const began = performance.now()
  let lookedAt = began
  for (;;) {
    const asked = performance.now()
    const report = await requireUndoMany(pool, undo, { language, urlOf: places.urlOf, told: 0 })
    show(report)
    if (report.status === 'undone') return { report, how: 'ended' }
    if (signal.aborted) return { report, how: 'stopped' }
    if (endedIn(report) === 0 && performance.now() - began >= NO_WORKER_AFTER_MS) {
      if (!(await hasBegun(client, workflowId))) return { report, how: 'no-worker' }
    }
    if (performance.now() - lookedAt >= LOOK_FOR_WORKFLOW_EVERY_MS) {
      lookedAt = performance.now()
      if (await isGone(pool, client, undo)) return { report, how: 'gone' }
    }
    const took = performance.now() - asked
    await sleep(Math.max(LOOK_EVERY_MS, took * LEAVE_ALONE), undefined, { signal }).catch(() => {})
  }
}

/** Its workflow has begun, is no longer there, and has left something to do. */
async function isGone(pool: Pool, client: Client, undo: number): Promise<boolean> {
  const [seen] = await undoManyUnderWay(pool, { id: undo })
  if (!seen || seen.workflowId === null || (await hasWorkflow(client, seen))) return false
  // what ended between the two questions is not gone
  const [now] = await undoManyUnderWay(pool, { id: undo })
  return now !== undefined && now.firstRunId === seen.firstRunId
}

/**
 * An undo of many that somebody named.
 * @throws OntdubbelError `unknown-undo` (exit code 2)
 */
export async function requireUndoMany(
  pool: Pool,
  undo: number,
  options: Parameters<typeof undoManyReport>[2],
): Promise<UndoManyReport> {
  const report = await undoManyReport(pool, undo, options)
  if (!report) throw new OntdubbelError('unknown-undo', UNDO_MANY_ERRORS.unknown, 2, { undo })
  return report
}
