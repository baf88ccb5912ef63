import type { Context } from '@temporalio/activity'

/** The Temporal identity that started an activity's workflow, from the first event of its history; null where it is not told. */
export async function starterOf({ info, client }: Context): Promise<string | null> {
  const answer = await client.workflowService.getWorkflowExecutionHistory({
    namespace: info.namespace,
    execution: info.workflowExecution ?? null,
    maximumPageSize: 1,
  })
  return answer.history?.events?.[0]?.workflowExecutionStartedEventAttributes?.identity || null
}
