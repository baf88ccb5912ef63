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

/** Histories asked for at a time: the server looks for the next while one is read. */
const AT_ONCE = 4

/** Every workflow that was started since a moment, one at a time: a history has thousands of texts. */
export async function* textsOfAllWorkflows(client: Client, since: Date): AsyncGenerator<Text[]> {
  const asked: Promise<Text[]>[] = []
  for await (const { workflowId, runId, memo, searchAttributes } of client.workflow.list({
    query: `StartTime >= '${since.toISOString()}'`,
  })) {
    yield [{ where: `workflow ${workflowId}, as it is listed`, text: JSON.stringify({ memo, searchAttributes }) }]
    const texts = textsOfWorkflow(client, workflowId, runId)
    // told when it is its turn
    texts.catch(() => {})
    asked.push(texts)
    if (asked.length === AT_ONCE) yield (await asked.shift()) ?? []
  }
  for (const texts of asked) yield await texts
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
function textsIn(value: unknown, texts: string[] = []): string[] {
  if (typeof value === 'string') texts.push(value)
  else if (value instanceof Uint8Array) {
    const text = Buffer.from(value).toString('utf8')
    texts.push(text)
    if (/^\s*["[{]/.test(text)) {
      try {
        textsIn(JSON.parse(text), texts)
      } catch {
        // no JSON
      }
    }
  } else if (typeof value === 'object' && value !== null) {
    // the keys of what is no plain object are names of Temporal's own fields
    const isPlain = Object.getPrototypeOf(value) === Object.prototype
    for (const [key, one] of Object.entries(value)) {
      if (isPlain) texts.push(key)
      textsIn(one, texts)
    }
  }
  return texts
}
