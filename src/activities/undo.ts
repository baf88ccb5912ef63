import { Context } from '@temporalio/activity'
import type { Pool } from 'pg'
import type { Refusal } from '../domain/codes'
import type { UndoReport } from '../domain/request'
import type { Who } from '../merges/commands'
import type { Opened } from '../merges/openSingle'
import { abandonUndo, openUndo } from '../merges/openUndo'
import { skipUndoPortal } from '../merges/revertPortal'
import { requireMerge } from '../merges/store'
import { undoReport } from '../merges/undoReport'
import { takeBackMerge } from '../merges/undoSingle'
import { giveWay } from './giveWay'
import { whileHeartbeating } from './heartbeat'

/** The database part of an undo, and what surrounds it. */
export function undoActivities(pool: Pool) {
  return {
    /** Refuses, or notes that the merge is to be undone; finds the undo where it exists already. */
    async openUndo(input: unknown, firstRunId: string): Promise<Opened> {
      const { workflowId } = Context.current().info.workflowExecution ?? {}
      if (workflowId === undefined) throw new Error('openUndo runs in a workflow only')
      return whileHeartbeating(() => openUndo(pool, input, { workflowId, firstRunId }))
    },

    /** Sets the two records apart again, in one transaction. A refusal where a later merge came in between. */
    async takeBackMerge(merge: number): Promise<Refusal | null> {
      return whileHeartbeating(({ signal, onWait }) => takeBackMerge(pool, merge, { signal, onWait }))
    },

    /** Leaves the merge as it is. False where it has been taken back meanwhile. */
    async abandonUndo(merge: number): Promise<boolean> {
      return whileHeartbeating(() => abandonUndo(pool, merge))
    },

    /**
     * The merge's own workflow, where it still waits for the portal, ends: its last attempt has stopped before links are
     * brought back. One that is gone, or has ended, is no error. `update` is what tells it so.
     */
    async endPortalWait(merge: number, update: string): Promise<void> {
      const { workflow_id } = await requireMerge(pool, merge)
      if (workflow_id !== null) await whileHeartbeating(() => giveWay(workflow_id, merge, update))
    },

    /** Gives the portal's part up, with a notice for the desk. False where it had ended before. */
    async skipUndoPortal(merge: number, who: Who): Promise<boolean> {
      return whileHeartbeating(() => skipUndoPortal(pool, merge, who))
    },

    /** The undo as it is now: what the workflow completes with. */
    async reportUndo(merge: number): Promise<UndoReport> {
      return whileHeartbeating(() => undoReport(pool, merge))
    },
  }
}
