import { isPortalError, type PortalError } from '../portal/errors'
import { allOf } from '../steps/step'
import { isForAll } from './eachLink'

/** Merges whose links are moved at once; the client has limits of its own. */
const AT_ONCE = 8
/** So many failures with nothing done between them: it is not the account, it is the portal. */
const MOST_IN_A_ROW = 10

/** What failed for one merge alone; one merge never stops another, but a portal that is down is not asked for each. */
export class Failed {
  readonly merges = new Map<number, PortalError>()
  private inARow = 0

  /** Does one merge's part. @throws PortalError where the portal does nobody's */
  async around(merge: number, work: () => Promise<void>): Promise<void> {
    try {
      await work()
      this.inARow = 0
    } catch (error) {
      if (!isPortalError(error) || error.code === 'portal-busy' || isForAll(error)) throw error
      if (error.retryable && ++this.inARow >= MOST_IN_A_ROW) throw error
      this.merges.set(merge, error)
    }
  }
}

/** Some at once; after a failure none is begun, and those under way have ended when it rejects. */
export async function someAtOnce<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items]
  const lane = async () => {
    try {
      for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item)
    } catch (error) {
      waiting.length = 0
      throw error
    }
  }
  await allOf(Array.from({ length: Math.min(AT_ONCE, items.length) }, lane))
}
