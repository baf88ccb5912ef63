import type { Pool } from 'pg'
import type { PortalClient } from '../portal/client'
import { deskActivities } from './desk'
import { portalActivities } from './portal'

export interface ActivityDependencies {
  /** Connections for single merges. */
  pool: Pool
  portal: PortalClient
}

/** All activities, over what they need; tests hand in what they like. */
export function createActivities(dependencies: ActivityDependencies) {
  return { ...deskActivities(dependencies.pool), ...portalActivities(dependencies.pool, dependencies.portal) }
}

export type Activities = ReturnType<typeof createActivities>
