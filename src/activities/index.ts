import type { Pool } from 'pg'
import { givingWay, type PortalClient } from '../portal/client'
import { campaignActivities } from './campaign'
import { deskActivities } from './desk'
import { portalActivities } from './portal'
import { undoActivities } from './undo'
import { undoManyActivities } from './undoMany'

export interface ActivityDependencies {
  /** Connections for single merges. */
  pool: Pool
  portal: PortalClient
  /** For campaigns: a connection for each batch at work, and some for planning and steering. `pool` where they are left out. */
  pools?: { batches: Pool; steering: Pool } | undefined
}

/** All activities, over what they need; tests hand in what they like. */
export function createActivities(dependencies: ActivityDependencies) {
  const { pool, portal, pools = { batches: pool, steering: pool } } = dependencies
  return {
    ...deskActivities(pool),
    ...undoActivities(pool),
    ...portalActivities(pool, portal),
    ...campaignActivities(pools, givingWay(portal)),
    ...undoManyActivities(pools, givingWay(portal)),
  }
}

export type Activities = ReturnType<typeof createActivities>
