import { statement } from '../database/statement'
import type { PortalError } from '../portal/errors'
import { PORTAL_NOT_ENDED } from './store'

/** A campaign's merge that no workflow of its own has taken up: the campaign and its sweeper look after the portal. */
export const NO_WORKFLOW = `m.status = 'retired' and m.workflow_id is null`
/** The same of a merge that was undone with many, whosever it was. */
export const UNDONE_WITH_MANY = `m.status = 'undone' and exists (select from undo u where u.merge = m.id and u.workflow_id is null)`

function waitsOf(which: string): string {
  return `update merge m set portal = 'waiting', portal_since = coalesce(portal_since, clock_timestamp())
   where m.id = any($1) and ${which} and ${PORTAL_NOT_ENDED}`
}
function refusedOf(which: string): string {
  return `update merge m set portal = 'refused' where m.id = any($1) and ${which} and m.portal in ('pending', 'waiting')`
}

/** Merges ($1 bigint[]) wait for the portal from now on. */
export const waits = statement('portalStands.waits', waitsOf(NO_WORKFLOW))
/** The portal refuses these for good: a person has to look. Their campaigns' brakes count them, each once. */
export const isRefused = statement('portalStands.refused', tallied(`${refusedOf(NO_WORKFLOW)} returning m.campaign`))
/** The same of those that were undone. */
export const undoWaits = statement('portalStands.undoWaits', waitsOf(UNDONE_WITH_MANY))
export const undoIsRefused = statement('portalStands.undoRefused', refusedOf(UNDONE_WITH_MANY))

/** Writes down how many merges of each campaign have come to need a person: `changed` gives the campaign of each. */
export function tallied(changed: string): string {
  return `with bad as (${changed})
   insert into campaign_tally (campaign, ended, bad) select campaign, 0, count(*) from bad where campaign is not null group by campaign`
}

/** Others are asked again. */
export function thoseRefused(failed: Map<number, PortalError>): number[] {
  return [...failed].filter(([, error]) => !error.retryable).map(([merge]) => merge)
}

export function idsOf(rows: readonly { id: number }[]): number[] {
  return rows.map(({ id }) => id)
}
