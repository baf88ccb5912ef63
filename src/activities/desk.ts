import { Context } from '@temporalio/activity'
import type { Pool } from 'pg'
import type { Told } from '../domain/codes'
import { TRANSFERS, type TransferName } from '../domain/plan'
import type { MergeReport } from '../domain/request'
import { openSingle, type Opened } from '../merges/openSingle'
import { mergeReport } from '../merges/report'
import { abandonSingle, doStep, retireSingle } from '../merges/stepSingle'
import { recordCommand, type MergeCommand, type Who } from '../merges/commands'
import { skipPortal } from '../merges/skipPortal'
import { setAttention, setPortal, setStartedBy } from '../merges/store'
import { whileHeartbeating } from './heartbeat'
import { starterOf } from './starter'

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
      if (workflowId === undefined) throw new Error('openMerge runs in a workflow only')
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

    /** Records what was asked of a merge after it had begun, by whom and why. */
    async noteCommand(merge: number, command: MergeCommand, who: Who): Promise<void> {
      await whileHeartbeating(() => recordCommand(pool, merge, command, who))
    },

    /** Gives the portal part up, with a notice for the desk. False where it had ended before. */
    async skipPortal(merge: number, who: Who): Promise<boolean> {
      return whileHeartbeating(() => skipPortal(pool, merge, who))
    },

    /** Stores how far the portal is, for the command line. */
    async notePortal(merge: number, state: 'waiting' | 'refused' | 'gave-up', of: 'retired' | 'undone'): Promise<void> {
      await whileHeartbeating(() => setPortal(pool, merge, state, of))
    },

    /** Stores why a person has to look (null: no longer), for the command line. */
    async noteAttention(merge: number, told: Told | null): Promise<void> {
      await whileHeartbeating(() => setAttention(pool, merge, told))
    },

    /** Records who started the workflow as Temporal knows them, beside what the caller says of themselves. */
    async noteStarter(merge: number, of: 'merge' | 'undo'): Promise<void> {
      await whileHeartbeating(async () => {
        const identity = await starterOf(Context.current())
        if (identity !== null) await setStartedBy(pool, merge, identity, of)
      })
    },

    /** The merge as it is now: what the workflow completes with. */
    async reportMerge(merge: number): Promise<MergeReport> {
      return whileHeartbeating(() => mergeReport(pool, merge))
    },
  }
}
