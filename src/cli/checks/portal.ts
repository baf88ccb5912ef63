import { NETWORK_FAILURES, networkFailure, type NetworkFailure } from '../../domain/networkFailures'
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
  if (!place.embedded && place.token === '') {
    return [
      wrong('portal', 'PORTAL_URL is set and PORTAL_TOKEN is not.', 'Set PORTAL_TOKEN to what the portal gave you.'),
    ]
  }
  let portal: ReturnType<typeof createPortalClient>
  try {
    portal = createPortalClient({ url: place.url, token: place.token, timeoutMs: CHECK_TIMEOUT_MS })
  } catch (error) {
    return [wrong('portal', saidBy(error), 'Check PORTAL_URL and PORTAL_TOKEN.')]
  }
  try {
    await portal.health()
  } catch (error) {
    await portal.close()
    return [notHealthy(error)]
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

const CHECK_URL = 'Check host and port in PORTAL_URL; ask whoever runs the portal.'
const WAIT = 'Merges wait for it by themselves, for 30 days.'

/** What to do about a portal that did not answer, by what failed on the way. */
const REMEDIES: Partial<Record<NetworkFailure, string>> = {
  'no-such-host': 'Check the host in PORTAL_URL.',
  'not-trusted':
    'Set NODE_EXTRA_CA_CERTS to the file of the authority that made it (PEM), for workers and commands, and start them again.',
  expired: `${WAIT} Ask whoever runs the portal for a new certificate.`,
  'not-yet-valid': 'Set the clock; else ask whoever runs the portal.',
  'other-name': 'Use the name in the certificate as host in PORTAL_URL.',
  'no-tls-there': 'Begin PORTAL_URL with http://, or name another port.',
  'client-certificate': 'This program has no client certificate for the portal: ask whoever runs it.',
}

function notHealthy(error: unknown): Check {
  const { code, details } = error as { code?: string; details?: { network?: string } }
  const failure = networkFailure(details?.network)
  if (failure !== null) {
    const remedy = REMEDIES[failure] ?? `${WAIT} ${CHECK_URL}`
    return wrong('portal', `The portal cannot be reached: ${NETWORK_FAILURES[failure]}.`, remedy)
  }
  // what it answers is no HTTP at all
  if (details?.network?.startsWith('HPE_')) {
    return wrong(
      'portal',
      'What answers at PORTAL_URL speaks no HTTP.',
      'Begin PORTAL_URL with https://, or name another port.',
    )
  }
  const answered = code === 'portal-refused' || code === 'portal-bad-answer' || code === 'bad-input'
  return wrong('portal', saidBy(error), answered ? 'Check PORTAL_URL and PORTAL_TOKEN.' : `${WAIT} ${CHECK_URL}`)
}
