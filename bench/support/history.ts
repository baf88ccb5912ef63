import type { Client } from '@temporalio/client'

/** How large what Temporal keeps of a workflow has become. */
export interface HistorySize {
  /** Of the longest of its runs. */
  events: number
  largestPayloadBytes: number
}

/** Looks through all runs of a workflow, the last one first. */
export async function historySize(client: Client, workflowId: string): Promise<HistorySize> {
  const size = { events: 0, largestPayloadBytes: 0 }
  let runId: string | undefined
  do {
    const { events } = await client.workflow.getHandle(workflowId, runId).fetchHistory()
    size.events = Math.max(size.events, events?.length ?? 0)
    size.largestPayloadBytes = Math.max(size.largestPayloadBytes, largestPayload(events ?? []))
    runId = events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId || undefined
  } while (runId !== undefined)
  return size
}

/** Payloads stand in many places of an event: whatever has bytes called `data`. */
function largestPayload(value: unknown): number {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return 0
  const { data } = value as { data?: unknown }
  const own = data instanceof Uint8Array ? data.byteLength : 0
  return Object.values(value).reduce<number>((most, part) => Math.max(most, largestPayload(part)), own)
}
