import { Context } from '@temporalio/activity'
import type { Pool } from 'pg'
import { undoBatch, type UndoBatchProgress } from '../campaigns/undoBatch'
import {
  nextAtPortal,
  planUndoBatch,
  setUndoManyStartedBy,
  settleUndoMany,
  takeUpUndoMany,
  workflowOfUndoneCampaign,
} from '../campaigns/undoPlan'
import { undoManyReport } from '../campaigns/undoReport'
import { OntdubbelError } from '../domain/errors'
import { UNDO_MANY_ERRORS } from '../domain/sentences'
import type { UndoManyReport } from '../domain/undoMany'
import { revertBatchPortal, workflowsAtPortal } from '../merges/batchPortal'
import type { PortalClient } from '../portal/client'
import { giveWay } from './giveWay'
import { whileHeartbeating } from './heartbeat'
import { starterOf } from './starter'

/** A workflow's result, and what it shows, need not name them all: they are in the database. */
const TOLD_ONE_BY_ONE = 20

/** What the workflow of an undo of many has done. */
export function undoManyActivities(pools: { batches: Pool; steering: Pool }, portal: PortalClient) {
  const { batches, steering } = pools
  return {
    /** Begins, or goes on with, an undo of many; null where there is none of that id. */
    async beginUndoMany(undo: number, firstRunId: string): Promise<{ campaign: number | null } | null> {
      const { workflowId } = Context.current().info.workflowExecution ?? {}
      if (workflowId === undefined) throw new Error('beginUndoMany runs in a workflow only')
      return takeUpUndoMany(steering, undo, { workflowId, firstRunId })
    },

    /** The next batch for the database; null where none is left. */
    async planUndoBatch(undo: number): Promise<number | null> {
      return planUndoBatch(steering, undo)
    },

    /** Undoes a batch in the database, group by group. */
    async undoBatch(batch: number): Promise<UndoBatchProgress> {
      return whileHeartbeating(({ signal, tell }) => undoBatch(batches, batch, { signal, onProgress: tell }))
    },

    /** The next batch for the portal; null where there is none at the moment. */
    async nextUndoneAtPortal(undo: number): Promise<number | null> {
      return nextAtPortal(steering, undo)
    },

    /**
     * Whether the workflow of the campaign that is undone has ended, and with it its last call to the portal; true where
     * there is none. `signal` has one that pauses look again.
     */
    async hasCampaignEnded(undo: number, signal: string): Promise<boolean> {
      return whileHeartbeating(async () => {
        const workflowId = await workflowOfUndoneCampaign(steering, undo)
        if (workflowId === null) return true
        const handle = Context.current().client.workflow.getHandle(workflowId)
        try {
          if ((await handle.describe()).status.name !== 'RUNNING') return true
          await handle.signal(signal)
          return false
        } catch (error) {
          // by name: under a test framework errors come from another realm
          if ((error as { name?: string }).name === 'WorkflowNotFoundError') return true
          throw error
        }
      })
    },

    /** Merges of a batch that still waited for the portal, each by a workflow of its own: these end. `update` tells them so. */
    async endPortalWaits(batch: number, update: string): Promise<void> {
      await whileHeartbeating(async ({ signal }) => {
        for (const { workflowId, merge } of await workflowsAtPortal(steering, batch)) {
          signal.throwIfAborted()
          await giveWay(workflowId, merge, update)
        }
      })
    },

    /** The portal's part of a batch. What it could not do waits for the sweeper. */
    async revertBatchPortal(batch: number): Promise<{ waiting: number }> {
      return whileHeartbeating(({ signal }) => revertBatchPortal(steering, portal, batch, signal))
    },

    /** All has been tried. */
    async settleUndoMany(undo: number): Promise<void> {
      await settleUndoMany(steering, undo)
    },

    /** The undo of many as it is now. */
    async reportUndoMany(undo: number): Promise<UndoManyReport> {
      const report = await undoManyReport(steering, undo, { told: TOLD_ONE_BY_ONE })
      if (!report) throw new OntdubbelError('unknown-undo', UNDO_MANY_ERRORS.unknown, 2, { undo })
      return report
    },

    /** Records who started the workflow as Temporal knows them. */
    async noteUndoManyStarter(undo: number): Promise<void> {
      await whileHeartbeating(async () => {
        const identity = await starterOf(Context.current())
        if (identity !== null) await setUndoManyStartedBy(steering, undo, identity)
      })
    },
  }
}
