import { isPortalError, type PortalError } from '../portal/errors'

/** Nothing that this token asks will be done. */
const TOKEN_REFUSED = 401

/** A refusal of whatever is asked, not of one account. */
export function isForAll({ details }: PortalError): boolean {
  return details['status'] === TOKEN_REFUSED
}

/**
 * Does the work of each link, one after the other. A refusal may be for one account alone: the links of the others are not
 * given up with it.
 * @throws PortalError at once where asking again may help or nothing will be done; the first refusal when all were tried
 */
export async function eachLink<L>(links: readonly L[], work: (link: L) => Promise<void>): Promise<void> {
  let refused: PortalError | undefined
  for (const link of links) {
    try {
      await work(link)
    } catch (error) {
      if (!isPortalError(error) || error.retryable || isForAll(error)) throw error
      refused ??= error
    }
  }
  if (refused !== undefined) throw refused
}
