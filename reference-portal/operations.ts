import type { Pool } from 'pg'
import { already, done, problem, type Answer } from './answers'
import type { Call, Operations } from './call'
import { once } from './idempotency'
import { checkDatabase, deleteLink, hasLink, insertLink, linksTo, takeAccount, type Link, type Tx } from './store'

interface Change {
  readonly account: string
  readonly library: string
  readonly from: number
  readonly to: number
}

/**
 * The operations of the contract over this portal's store. `onDone` is told of each piece of work that was really
 * done (not of answers given again). Bodies are trusted: the contract has been held against them.
 */
export function createOperations(pool: Pool, onDone: (operation: string) => void): Operations {
  const changing = async (call: Call, request: (string | number)[], work: (tx: Tx) => Promise<Answer>) => {
    const { answer, worked } = await once(pool, call.idempotencyKey ?? '', [call.operation, ...request], work)
    if (worked && answer.body['outcome'] === 'done') onDone(call.operation)
    return answer
  }
  return {
    getHealth: async () => {
      await checkDatabase(pool)
      return { status: 200, body: { status: 'ok' } }
    },
    searchLinks: async (call) => {
      const { actorIds } = call.body as { actorIds: number[] }
      return { status: 200, body: { links: await linksTo(pool, actorIds) } }
    },
    addLink: (call) => {
      const link = call.body as Link
      return changing(call, [link.account, link.library, link.actorId], (tx) => add(tx, link))
    },
    changeLink: (call) => {
      const change = call.body as Change
      return changing(call, [change.account, change.library, change.from, change.to], (tx) => changeTo(tx, change))
    },
    removeLink: (call) => {
      const link = call.body as Link
      return changing(call, [link.account, link.library, link.actorId], (tx) => remove(tx, link))
    },
  }
}

async function add(tx: Tx, link: Link): Promise<Answer> {
  if (!(await takeAccount(tx, link.account))) return problem('account-gone')
  return (await insertLink(tx, link)) ? done() : already()
}

async function changeTo(tx: Tx, { account, library, from, to }: Change): Promise<Answer> {
  if (!(await takeAccount(tx, account))) return problem('account-gone')
  const old = { account, library, actorId: from }
  const wanted = { account, library, actorId: to }
  const wantedThere = await hasLink(tx, wanted)
  if (from === to) return wantedThere ? already() : problem('link-gone')
  if (!(await hasLink(tx, old))) return wantedThere ? already() : problem('link-gone')
  if (wantedThere) return problem('link-exists-already')
  await deleteLink(tx, old)
  await insertLink(tx, wanted)
  return done()
}

async function remove(tx: Tx, link: Link): Promise<Answer> {
  if (!(await takeAccount(tx, link.account))) return problem('account-gone')
  return (await deleteLink(tx, link)) ? done() : problem('link-gone')
}
