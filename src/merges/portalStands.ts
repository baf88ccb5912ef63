import { statement } from '../database/statement'
import type { PortalError } from '../portal/errors'
import { PORTAL_NOT_ENDED } from './store'

/** A campaign's merge that no workflow of its own has taken up: the campaign and its sweeper look after the portal. */
export const NO_WORKFLOW = `m.status = 'retired' and m.workflow_id is null`
/** The same of a merge that was undone with many, whosever it was. */
export const UNDONE_WITH_MANY = `m.status = 'undone' and exists (select from undo u where u.merge = m.id and u.workflow_id is null)`

function standsOf(name: string, which: string) {
  return statement(
    name,
    `update merge m set portal = $2, portal_since = case when $2 = 'waiting' then coalesce(portal_since, clock_timestamp()) else portal_since end
     where m.id = any($1) and ${which} and ${PORTAL_NOT_ENDED}`,
  )
}
/** How merges stand at the portal from now on: ($1 bigint[] merges, $2 text). */
export const stands = standsOf('batchPortal.stands', NO_WORKFLOW)
/** The same of those that were undone. */
export const undoStands = standsOf('batchPortal.undoStands', UNDONE_WITH_MANY)

/** Others are asked again. */
export function refusedOf(failed: Map<number, PortalError>): number[] {
  return [...failed].filter(([, error]) => !error.retryable).map(([merge]) => merge)
}

export function idsOf(rows: readonly { id: number }[]): number[] {
  return rows.map(({ id }) => id)
}
