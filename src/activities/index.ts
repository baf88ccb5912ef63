import type { Pool } from 'pg'
import type { PortalClient } from '../portal/client'
import { deskActivities } from './desk'
import { portalActivities } from './portal'
import { undoActivities } from './undo'

export interface ActivityDependencies {
  /** Connections for single merges. */
  pool: Pool
  portal: PortalClient
}

/** All activities, over what they need; tests hand in what they like. */
export function createActivities(dependencies: ActivityDependencies) {
  const { pool, portal } = dependencies
  return { ...deskActivities(pool), ...undoActivities(pool), ...portalActivities(pool, portal) }
}

export type Activities = ReturnType<typeof createActivities>
