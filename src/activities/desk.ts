import { Context } from '@temporalio/activity'
import type { Pool } from 'pg'
import type { Told } from '../domain/codes'
import { OntdubbelError } from '../domain/errors'
import { TRANSFERS, type TransferName } from '../domain/plan'
import type { MergeReport } from '../domain/request'
import { openSingle, type Opened } from '../merges/openSingle'
import { mergeReport } from '../merges/report'
import { abandonSingle, doStep, retireSingle } from '../merges/stepSingle'
import { setAttention, setStartedBy } from '../merges/store'
import { whileHeartbeating } from './heartbeat'

/** The database steps of a single merge, one activity each, with names that a librarian understands. */
export function deskActivities(pool: Pool) {
  const steps = Object.fromEntries(
    TRANSFERS.map((name) => [
      name,
      (merge: number) =>
        whileHeartbeating(({ signal, attempt, onWait }) => doStep(pool, merge, name, attempt, { signal, onWait })),
    ]),
  ) as Record<TransferName, (merge: number) => Promise<void>>

  return {
    ...steps,

    /** Refuses, or takes both records; finds the merge where it exists already. */
    async openMerge(input: unknown, firstRunId: string): Promise<Opened> {
      const { workflowId } = Context.current().info.workflowExecution ?? {}
      if (workflowId === undefined) throw new OntdubbelError('no-workflow', 'openMerge runs in a workflow only')
      return whileHeartbeating(({ signal, attempt, onWait }) =>
        openSingle(pool, input, { workflowId, firstRunId }, attempt, { signal, onWait }),
      )
    },

    async retireRecord(merge: number): Promise<void> {
      await whileHeartbeating(({ signal, attempt, onWait }) => retireSingle(pool, merge, attempt, { signal, onWait }))
    },

    /** Takes an unfinished merge back. False where it has been retired meanwhile. */
    async abandonMerge(merge: number): Promise<boolean> {
      return whileHeartbeating(({ signal, onWait }) => abandonSingle(pool, merge, { signal, onWait }))
    },

    /** Stores why a person has to look (null: no longer), for the command line. */
    async noteAttention(merge: number, told: Told | null): Promise<void> {
      await setAttention(pool, merge, told)
    },

    /** Records who started the workflow as Temporal knows them, beside what the caller says of themselves. */
    async noteStarter(merge: number): Promise<void> {
      const { info, client } = Context.current()
      const answer = await client.workflowService.getWorkflowExecutionHistory({
        namespace: info.namespace,
        execution: info.workflowExecution ?? null,
        maximumPageSize: 1,
      })
      const started = answer.history?.events?.[0]?.workflowExecutionStartedEventAttributes
      if (started?.identity) await setStartedBy(pool, merge, started.identity)
    },

    /** The merge as it is now: what the workflow completes with. */
    async reportMerge(merge: number): Promise<MergeReport> {
      const report = await mergeReport(pool, merge)
      if (!report) throw new OntdubbelError('unknown-merge', `there is no merge ${merge}`)
      return report
    },
  }
}
