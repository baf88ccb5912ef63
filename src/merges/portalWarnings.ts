import type { Warning } from '../domain/codes'
import type { PortalClient } from '../portal/client'
import { planLinks } from '../portal/plan'

/** The preview's warnings of the portal, asked before its transaction: double links, or that it could not be asked. */
export async function portalWarnings(portal: PortalClient, keep: number, remove: number): Promise<Warning[]> {
  try {
    const links = await portal.linksTo([keep, remove])
    const plan = planLinks(
      links.filter((link) => link.actorId === remove),
      keep,
      links.filter((link) => link.actorId === keep),
    )
    const doubled = plan.filter((intent) => intent.action === 'remove').length
    return doubled > 0 ? [{ code: 'portal-links-collapse', details: { links: doubled } }] : []
  } catch {
    return [{ code: 'portal-unreachable', details: {} }]
  }
}
