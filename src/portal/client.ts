import type { z } from 'zod'
import { ACTOR_IDS_PER_SEARCH, healthAnswer, outcomeAnswer, problemAnswer, searchAnswer } from './contract'
import { badAnswer, errorOfStatus } from './errors'
import { openHttp, parseJson, type HttpAnswer } from './http'
import { createLimits, type Turn } from './limits'
import type { LinkChange, PortalLink } from './links'

/**
 * What became of a call that changes something. `done`: by this call or an earlier one with its key. `already`: it was
 * as wanted, by nobody's call with this key. `gone`: no such link or account. `exists-already`: the account has a link
 * to the wanted actor id beside the one to change.
 */
export type AddResult = 'done' | 'already' | 'gone'
export type ChangeResult = 'done' | 'already' | 'gone' | 'exists-already'
export type RemoveResult = 'done' | 'gone'

export interface CallOptions {
  /** The same whenever the same change is asked for again: printable ASCII without spaces, at most 255. */
  readonly idempotencyKey: string
  readonly signal?: AbortSignal | undefined
  /** Its turn comes after all calls that do not give way. */
  readonly givesWay?: boolean | undefined
}

/**
 * The portal, by its contract (`docs/portal-openapi.yaml`). Every call throws `PortalError` for what is no expected
 * outcome, and what `signal` was aborted with as soon as it is. Nothing is asked again here.
 */
export interface PortalClient {
  /** All links to these actor ids, by account, library and actor id, each once; any number of ids. */
  linksTo(actorIds: readonly number[], signal?: AbortSignal, givesWay?: boolean): Promise<PortalLink[]>
  addLink(link: PortalLink, options: CallOptions): Promise<AddResult>
  changeLink(change: LinkChange, options: CallOptions): Promise<ChangeResult>
  removeLink(link: PortalLink, options: CallOptions): Promise<RemoveResult>
  /** Resolves where the portal can answer. */
  health(signal?: AbortSignal): Promise<void>
  /** Waits for the calls under way. */
  close(): Promise<void>
}

export interface PortalClientOptions {
  readonly url: string
  readonly token: string
  /** For one call, from when it is its turn to its whole answer. */
  readonly timeoutMs?: number
  readonly callsAtOnce?: number
  /** Calls that begin in any second. */
  readonly callsPerSecond?: number
}

/** A portal answers in some ms; one that takes this long is better asked again later. */
export const PORTAL_TIMEOUT_MS = 10_000

/** The portal is not ours: a campaign should not be what it notices of its day. */
export const PORTAL_CALLS_AT_ONCE = 4
export const PORTAL_CALLS_PER_SECOND = 20

/** A client for one portal, with its own connections and limits: one for each process. */
export function createPortalClient({
  url,
  token,
  timeoutMs = PORTAL_TIMEOUT_MS,
  callsAtOnce = PORTAL_CALLS_AT_ONCE,
  callsPerSecond = PORTAL_CALLS_PER_SECOND,
}: PortalClientOptions): PortalClient {
  const http = openHttp({ url, token, timeoutMs, connections: callsAtOnce })
  const limits = createLimits(callsAtOnce, callsPerSecond)

  function post(path: string, body: object, turn: Turn & { idempotencyKey?: string }): Promise<HttpAnswer> {
    const { signal, idempotencyKey } = turn
    const headers = idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }
    return limits.run(() => http.call({ method: 'POST', path, body: JSON.stringify(body), headers, signal }), turn)
  }

  async function search(actorIds: readonly number[], turn: Turn): Promise<PortalLink[]> {
    const answer = await post('/links/search', { actorIds }, turn)
    const { links } = parseOk(answer, searchAnswer)
    const asked = new Set(actorIds)
    if (links.some((link) => !asked.has(link.actorId))) throw badAnswer(answer.status)
    return links
  }

  return {
    linksTo: async (actorIds, signal, givesWay) => {
      const ids = [...new Set(actorIds)]
      const links = new Map<string, PortalLink>()
      for (let from = 0; from < ids.length; from += ACTOR_IDS_PER_SEARCH) {
        for (const link of await search(ids.slice(from, from + ACTOR_IDS_PER_SEARCH), { signal, givesWay })) {
          links.set(JSON.stringify([link.account, link.library, link.actorId]), link)
        }
      }
      return [...links.values()].sort(byAccountLibraryActor)
    },
    addLink: async ({ account, library, actorId }, options) => {
      const answer = await post('/links/add', { account, library, actorId }, options)
      return isGone(answer) ? 'gone' : parseOk(answer, outcomeAnswer).outcome
    },
    changeLink: async ({ account, library, from, to }, options) => {
      const answer = await post('/links/change', { account, library, from, to }, options)
      if (isGone(answer)) return 'gone'
      if (answer.status === 409 && problemOf(answer) === 'link-exists-already') return 'exists-already'
      return parseOk(answer, outcomeAnswer).outcome
    },
    removeLink: async ({ account, library, actorId }, options) => {
      const answer = await post('/links/remove', { account, library, actorId }, options)
      if (isGone(answer)) return 'gone'
      const { outcome } = parseOk(answer, outcomeAnswer)
      if (outcome !== 'done') throw badAnswer(answer.status)
      return outcome
    },
    health: async (signal) => {
      const answer = await limits.run(() => http.call({ method: 'GET', path: '/health', signal }), { signal })
      parseOk(answer, healthAnswer)
    },
    close: () => http.close(),
  }
}

/** The same portal for many merges: a merge that a desk waits for does not stand in line behind them. */
export function givingWay(portal: PortalClient): PortalClient {
  return {
    ...portal,
    linksTo: (actorIds, signal) => portal.linksTo(actorIds, signal, true),
    addLink: (link, options) => portal.addLink(link, { ...options, givesWay: true }),
    changeLink: (change, options) => portal.changeLink(change, { ...options, givesWay: true }),
    removeLink: (link, options) => portal.removeLink(link, { ...options, givesWay: true }),
  }
}

function isGone(answer: HttpAnswer): boolean {
  const problem = answer.status === 404 ? problemOf(answer) : undefined
  return problem === 'link-gone' || problem === 'account-gone'
}

/** The contract's code in an answer that is an error, if it holds one. */
function problemOf(answer: HttpAnswer): string | undefined {
  const parsed = problemAnswer.safeParse(parseJson(answer.text))
  return parsed.success ? parsed.data.code : undefined
}

/** What a 200 says; throws `PortalError` for another status and for what the contract has not. */
function parseOk<T>(answer: HttpAnswer, schema: z.ZodType<T>): T {
  if (answer.status !== 200) throw errorOfStatus(answer.status, problemOf(answer), answer.retryAfterMs)
  const parsed = schema.safeParse(parseJson(answer.text))
  if (!parsed.success) throw badAnswer(answer.status)
  return parsed.data
}

function byAccountLibraryActor(a: PortalLink, b: PortalLink): number {
  return compare(a.account, b.account) || compare(a.library, b.library) || a.actorId - b.actorId
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
