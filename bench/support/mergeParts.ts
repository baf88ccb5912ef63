import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Client } from '@temporalio/client'
import type { Pool } from 'pg'
import { runOne, statement } from '../../src/database/statement'
import { workflowIdOf } from '../../src/workflows/names'
import type { ThrowawayStack } from './throwawayStack'
import type { Pair } from './way'

/** Where the time of one merge by the command went, in the order of time; together they are all of it. */
export const PARTS = ['start', 'workflowTasks', 'handingOver', 'database', 'portal', 'end'] as const
export type Part = (typeof PARTS)[number]
export type PartsMs = Record<Part, number>

export const PART_WORDS: Record<Part, string> = {
  start: 'starting the command, to the moment in which Temporal has the merge',
  workflowTasks: 'Temporal: workflow tasks, scheduled to completed',
  handingOver: 'Temporal: handing over activities and their results',
  database: "database: its activities' transactions",
  portal: "portal: its activity's calls, and what is written down of them",
  end: 'the command: noticing the end, printing it, ending',
}

/** From one moment to another, in ms since the epoch. */
type Span = readonly [from: number, to: number]

/** The activity that asks the portal; that which asks Temporal who started the merge runs beside it, and nobody waits for it. */
const PORTAL_ACTIVITY = 'syncPortalLinks'
const BESIDE = 'noteStarter'

const completedAt = statement<{ at: number }>(
  'bench.completedAt',
  `select extract(epoch from ended_at)::float8 * 1000 as at from merge where kept = $1 and removed = $2 order by id desc limit 1`,
)

/** Where the time from `from` to `to` went: by Temporal's history, the worker's log, and the merge's row. */
export async function partsOf(
  pair: Pair,
  [from, to]: Span,
  { client, pool, stack }: { client: Client; pool: Pool; stack: ThrowawayStack },
): Promise<PartsMs> {
  const workflowId = workflowIdOf(pair.keep, pair.remove)
  const { started, tasks } = await workflowTasks(client, workflowId)
  const completed = (await runOne(pool, completedAt, [pair.keep, pair.remove]))?.at ?? to
  const activities = activitiesOf(stack, workflowId)
  const database = spans(activities, (name) => name !== PORTAL_ACTIVITY && name !== BESIDE)
  const portal = spans(activities, (name) => name === PORTAL_ACTIVITY)

  // whatever overlaps is counted once, as what the merge could not do without longest
  const within = (all: readonly Span[]) => coveredMs(all, [started, completed])
  const databaseMs = within(database)
  const withPortalMs = within([...database, ...portal])
  const withTasksMs = within([...database, ...portal, ...tasks])
  return {
    start: started - from,
    database: databaseMs,
    portal: withPortalMs - databaseMs,
    workflowTasks: withTasksMs - withPortalMs,
    handingOver: completed - started - withTasksMs,
    end: to - completed,
  }
}

interface LoggedActivity {
  name: string
  span: Span
}

function spans(activities: readonly LoggedActivity[], which: (name: string) => boolean): Span[] {
  return activities.filter(({ name }) => which(name)).map(({ span }) => span)
}

/** By the worker's own log: without the way to it and back. */
function activitiesOf({ dataDir }: ThrowawayStack, workflowId: string): LoggedActivity[] {
  const lines = readFileSync(path.join(dataDir, 'logs', 'worker.log'), 'utf8').split('\n')
  const activities = lines.flatMap((line) => {
    if (!line.includes(`"${workflowId}"`)) return []
    const { time, ms, activityType, msg } = JSON.parse(line) as Record<string, unknown>
    if (msg !== 'done' || typeof time !== 'number' || typeof ms !== 'number') return []
    return [{ name: String(activityType), span: [time - ms, time] as const }]
  })
  if (activities.length === 0) throw new Error(`the worker's log tells of no activity of ${workflowId}`)
  return activities
}

async function workflowTasks(client: Client, workflowId: string): Promise<{ started: number; tasks: Span[] }> {
  const { events } = await client.workflow.getHandle(workflowId).fetchHistory()
  const scheduled = new Map<string, number>()
  const tasks: Span[] = []
  for (const { eventId, eventTime, ...event } of events ?? []) {
    const at = Number(eventTime?.seconds ?? 0) * 1000 + (eventTime?.nanos ?? 0) / 1_000_000
    scheduled.set(String(eventId), at)
    const task = event.workflowTaskCompletedEventAttributes?.scheduledEventId
    if (task) tasks.push([scheduled.get(String(task)) ?? at, at])
  }
  return { started: scheduled.get('1') ?? 0, tasks }
}

/** How much of `within` these cover together. */
function coveredMs(all: readonly Span[], [least, most]: Span): number {
  let covered = 0
  let upTo = least
  for (const [from, to] of all.toSorted((a, b) => a[0] - b[0])) {
    const end = Math.min(to, most)
    if (end <= upTo) continue
    covered += end - Math.max(from, upTo)
    upTo = end
  }
  return covered
}
