import { Context } from '@temporalio/activity'
import type { Pool } from 'pg'
import { OntdubbelError } from '../domain/errors'
import type { MergeReport, UndoReport } from '../domain/request'
import { FAILURES } from '../domain/sentences'
import { mergeReport } from '../merges/report'
import { revertPortalLinks } from '../merges/revertPortal'
import { requireMerge } from '../merges/store'
import { syncPortalLinks } from '../merges/syncPortal'
import { undoReport } from '../merges/undoReport'
import type { PortalClient } from '../portal/client'
import { whileHeartbeating } from './heartbeat'

/** Whatever calls the portal, on its own queue. */
export function portalActivities(pool: Pool, portal: PortalClient) {
  return {
    /**
     * Updates the links at the portal, completes the merge, and gives it as it is then. While an undo of it is not done in
     * the database it fails, to be tried again: given up, that leaves the merge to its workflow.
     */
    async syncPortalLinks(merge: number): Promise<MergeReport> {
      const { attempt } = Context.current().info
      await whileHeartbeating(({ signal }) => syncPortalLinks(pool, portal, merge, attempt, signal))
      if ((await requireMerge(pool, merge)).status === 'undoing')
        throw new OntdubbelError('undo-under-way', FAILURES['undo-under-way'].says, 1, { merge })
      return mergeReport(pool, merge)
    },

    /** Brings the links at the portal back, ends the undo, and tells what came of it. */
    async revertPortalLinks(merge: number): Promise<UndoReport> {
      await whileHeartbeating(({ signal }) => revertPortalLinks(pool, portal, merge, signal))
      return undoReport(pool, merge)
    },
  }
}
