import type { LinkIntent, PortalLink } from './links'

/**
 * What becomes of the links to a removed actor id (R13): each shall point to `target`, the record at the end of the
 * chain; where the account has a link to it at that library already, the old one is removed.
 *
 * @param seen links to removed actor ids, as read now; those to `target` itself need nothing
 * @param targetLinks links that these accounts have, those to `target` among them; others do not count
 * @returns an intent for each link seen, in their order
 */
export function planLinks(
  seen: readonly PortalLink[],
  target: number,
  targetLinks: readonly PortalLink[],
): LinkIntent[] {
  // Grows with each link that will point there: of two old links of one account at one library, one is removed.
  const there = new Set(targetLinks.filter((link) => link.actorId === target).map(place))
  const planned = new Set<string>()
  const intents: LinkIntent[] = []
  for (const link of seen) {
    const key = JSON.stringify([place(link), link.actorId])
    if (link.actorId === target || planned.has(key)) continue
    planned.add(key)
    const action = there.has(place(link)) ? 'remove' : 'change'
    there.add(place(link))
    intents.push({ account: link.account, library: link.library, from: link.actorId, to: target, action })
  }
  return intents
}

/** The account and library of a link, as one key. */
function place(link: PortalLink): string {
  return JSON.stringify([link.account, link.library])
}
