/** Merges whose database part is done, with the links that the portal still has of the removed record. */
import type { Client, Pool } from 'pg'
import type { Queryable } from '../../src/database/statement'
import type { PortalClient } from '../../src/portal/client'
import { unreachable } from '../../src/portal/errors'
import { registerPatrons } from './desk'
import { mergeSingly, mergeTogether } from './mergeOnDatabase'
import type { TestPortal } from './portal'

export interface PortalPair {
  merge: number
  kept: number
  removed: number
  /** Accounts, by the letter that stands for each in `linksOf`. */
  accounts: Readonly<Record<Letter, string>>
}

/** Nothing taken over, accepted or overridden. */
export const NOTHING_ELSE = { take: [], accept: [], override: [] }

const LETTERS = ['a', 'b', 'c', 'd'] as const
export type Letter = (typeof LETTERS)[number]
/** Whom a link points to. */
export type Who = 'kept' | 'removed'
/** The links of an account, as `library:who`. */
export type Links = Partial<Record<Letter, string[]>>

/**
 * Three accounts with four links to the removed record: a plain one, a double one that collapses, two libraries beside a
 * link of the kept record's. A fourth account has none yet.
 */
export const BEFORE: Links = {
  a: ['L1:removed'],
  b: ['L1:kept', 'L1:removed'],
  c: ['L1:removed', 'L2:kept', 'L3:removed'],
  d: [],
}

/** What has become of them after an undisturbed merge. */
export const AFTER: Links = { a: ['L1:kept'], b: ['L1:kept'], c: ['L1:kept', 'L2:kept', 'L3:kept'], d: [] }

/** Merges pairs in the database, up to where the portal's part begins, and puts their links at the portal. */
export async function portalPairs(
  pool: Pool,
  client: Client,
  portal: TestPortal,
  count: number,
): Promise<PortalPair[]> {
  const ids = await registerPatrons(pool, count * 2)
  const asked = Array.from({ length: count }, (_, n) => ({
    keep: ids[n * 2] ?? 0,
    remove: ids[n * 2 + 1] ?? 0,
    on: '2026-11-24',
    ...NOTHING_ELSE,
  }))
  const done = await mergeTogether(pool, client, asked)
  const pairs = asked.map(({ keep, remove }, n) => ({
    merge: done[n]?.merge ?? 0,
    kept: keep,
    removed: remove,
    accounts: Object.fromEntries(LETTERS.map((letter) => [letter, `${letter} of ${remove}`])) as Record<Letter, string>,
  }))
  for (const pair of pairs) await putLinks(portal, pair, BEFORE)
  return pairs
}

/** Merges the kept record into a third, in the database; gives that merge. */
export async function mergeOn(pool: Pool, { kept }: PortalPair): Promise<{ third: number; merge: number }> {
  const [third = 0] = await registerPatrons(pool, 1)
  const done = await mergeSingly(pool, { keep: third, remove: kept, on: '2026-11-24', ...NOTHING_ELSE })
  return { third, merge: done.merge ?? 0 }
}

/** What the patron does at the portal: these accounts have these links from now on. */
export async function putLinks(portal: TestPortal, pair: PortalPair, links: Links): Promise<void> {
  await portal.put(
    Object.entries(links).map(([letter, of]) => ({
      id: pair.accounts[letter as Letter],
      links: of.map((link) => {
        const [library = '', who] = link.split(':')
        return { library, actorId: pair[who as Who] }
      }),
    })),
  )
}

/**
 * The links of a pair's accounts, read in the portal's own database, so that no call is spent on it. `others` gives names
 * to further actor ids.
 */
export async function linksOf(
  portalDatabase: Queryable,
  pair: PortalPair,
  others: Record<string, number> = {},
): Promise<Links> {
  const { rows } = await portalDatabase.query<{ account: string; library: string; actor_id: number }>(
    'select account, library, actor_id from link where account = any($1)',
    [Object.values(pair.accounts)],
  )
  const names = new Map(
    Object.entries({ kept: pair.kept, removed: pair.removed, ...others }).map(([name, id]) => [id, name]),
  )
  return Object.fromEntries(
    LETTERS.map((letter) => [
      letter,
      rows
        .filter(({ account }) => account === pair.accounts[letter])
        .map((row) => `${row.library}:${names.get(row.actor_id) ?? row.actor_id}`)
        .sort(),
    ]),
  )
}

/** A client that has no answer to one call, numbered from 0, which is on its way still: `late` makes it. */
export function lateAt(client: PortalClient, at: number, late: (() => Promise<unknown>)[]): PortalClient {
  return aroundEach(client, async (number, _, call) => {
    if (number !== at) return call()
    late.push(call)
    throw unreachable()
  })
}

/**
 * Does something before each call of a client, which is numbered from 0; the call is made after it. `lose`: its answer then
 * gets lost.
 */
export function atEach(
  client: PortalClient,
  what: (call: { number: number; operation: string }) => Promise<'lose' | 'answer' | void>,
): PortalClient {
  return aroundEach(client, async (number, operation, call) => {
    const then = await what({ number, operation })
    const answer = await call()
    if (then === 'lose') throw unreachable()
    return answer
  })
}

function aroundEach(
  client: PortalClient,
  make: <R>(number: number, operation: string, call: () => Promise<R>) => Promise<R>,
): PortalClient {
  let number = 0
  const around =
    <A extends unknown[], R>(operation: string, call: (...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      make(number++, operation, () => call(...args))
  return {
    ...client,
    linksTo: around('searchLinks', client.linksTo),
    addLink: around('addLink', client.addLink),
    changeLink: around('changeLink', client.changeLink),
    removeLink: around('removeLink', client.removeLink),
  }
}
