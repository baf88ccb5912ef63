import { createPortalClient } from '../../portal/client'
import type { Places } from '../context'
import { CHECK_TIMEOUT_MS, saidBy, well, wrong, type Check } from './check'

/** Any actor id: what is asked is whether the portal answers as its contract says. */
const SOME_ACTOR_ID = 1

/** Checks the portal: whether it is there, takes the token, and speaks the contract. */
export async function checkPortal(places: Places): Promise<Check[]> {
  const place = places.portal()
  if (place === null) {
    return [
      wrong(
        'portal',
        'No portal is known.',
        'Set PORTAL_URL and PORTAL_TOKEN, or start the embedded stack ("ontdubbel up").',
      ),
    ]
  }
  let portal: ReturnType<typeof createPortalClient>
  try {
    portal = createPortalClient({ url: place.url, token: place.token, timeoutMs: CHECK_TIMEOUT_MS })
  } catch (error) {
    return [wrong('portal', saidBy(error), 'Check PORTAL_URL.')]
  }
  try {
    await portal.health()
  } catch (error) {
    const { code } = error as { code?: string }
    const remedy =
      code === 'portal-refused' || code === 'portal-bad-answer'
        ? 'Check PORTAL_URL and PORTAL_TOKEN.'
        : 'Merges wait for it by themselves, for 30 days. Check PORTAL_URL; ask whoever runs the portal.'
    await portal.close()
    return [wrong('portal', saidBy(error), remedy)]
  }
  const said = well('portal', `The ${place.embedded ? 'reference ' : ''}portal answers.`)
  try {
    await portal.linksTo([SOME_ACTOR_ID])
    return [said, well('portal-contract', 'It takes the token, and answers as its contract says.')]
  } catch (error) {
    return [
      said,
      wrong(
        'portal-contract',
        saidBy(error),
        'Check PORTAL_TOKEN; ask whoever runs the portal what this token may do, and whether its contract has changed.',
      ),
    ]
  } finally {
    await portal.close()
  }
}
