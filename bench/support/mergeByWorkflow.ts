import type { Client } from '@temporalio/client'
import type { MergeReport } from '../../src/domain/request'
import { queueName, workflowIdOf } from '../../src/workflows/names'
import type { Pair } from './way'

/** A single merge, asked for by a client that runs already; resolves with its end. Fails where it is not completed. */
export async function mergeByWorkflow(client: Client, { keep, remove }: Pair, on: string): Promise<void> {
  const report = (await client.workflow.execute('mergePatrons', {
    workflowId: workflowIdOf(keep, remove),
    taskQueue: queueName('desk', process.env['TASK_QUEUE_PREFIX']),
    args: [{ keep, remove, on, by: 'bench' }],
  })) as MergeReport
  mustBeCompleted(report)
}

export function mustBeCompleted({ status, refusal }: MergeReport): void {
  if (status !== 'completed') throw new Error(`the merge is ${status}: ${refusal?.code ?? ''}`)
}
