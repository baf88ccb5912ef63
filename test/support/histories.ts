/** All texts of workflow histories, to be searched. */
import type { Client } from '@temporalio/client'
import { temporal } from '@temporalio/proto'

export interface Text {
  /** Which event of which workflow. */
  where: string
  text: string
}

const { EventType } = temporal.api.enums.v1

/**
 * The texts of one workflow's history: payloads (inputs, results, failures, memos, search attributes, summaries), failures'
 * messages, names, whatever an event holds. `asTyped: false` leaves out what the caller sent, in the events that hold it.
 */
export async function textsOfWorkflow(
  client: Client,
  workflowId: string,
  runId?: string,
  { asTyped = true } = {},
): Promise<Text[]> {
  const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory()
  return (events ?? []).flatMap((event) => {
    const where = `workflow ${workflowId}, event ${String(event.eventId)} ${EventType[event.eventType ?? 0]}`
    return textsIn(asTyped ? event : withoutTyped(event)).map((text) => ({ where, text }))
  })
}

/** Every workflow that was started since a moment. */
export async function* textsOfAllWorkflows(client: Client, since: Date): AsyncGenerator<Text> {
  for await (const { workflowId, runId, memo, searchAttributes } of client.workflow.list({
    query: `StartTime >= '${since.toISOString()}'`,
  })) {
    yield { where: `workflow ${workflowId}, as it is listed`, text: JSON.stringify({ memo, searchAttributes }) }
    yield* await textsOfWorkflow(client, workflowId, runId)
  }
}

type HistoryEvent = temporal.api.history.v1.IHistoryEvent

/** What the caller typed stands in the history because they sent it: as the workflow's input, an update's, openMerge's. */
function withoutTyped(event: HistoryEvent): HistoryEvent {
  const {
    workflowExecutionStartedEventAttributes: started,
    workflowExecutionUpdateAcceptedEventAttributes: accepted,
    activityTaskScheduledEventAttributes: scheduled,
    ...rest
  } = event
  const opens = ['openMerge', 'openUndo'].includes(scheduled?.activityType?.name ?? '')
  return {
    ...rest,
    ...(started && { workflowExecutionStartedEventAttributes: { ...started, input: null } }),
    ...(accepted && { workflowExecutionUpdateAcceptedEventAttributes: { ...accepted, acceptedRequest: null } }),
    ...(scheduled && { activityTaskScheduledEventAttributes: opens ? { ...scheduled, input: null } : scheduled }),
  }
}

/** All strings in a value, its bytes read as text; what is JSON is read once more, for what JSON escapes. */
function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (value instanceof Uint8Array) {
    const text = Buffer.from(value).toString('utf8')
    try {
      return [text, ...textsIn(JSON.parse(text))]
    } catch {
      return [text]
    }
  }
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, one]) => [key, ...textsIn(one)])
}
