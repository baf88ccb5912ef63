/** A pair on which every step of a merge has something to do, and how its merge ended: for comparing one with another. */
import { exportRecords } from '../../src/interchange/dump'
import { createPool } from '../../src/database/pool'
import { placed } from './cases'
import { aCharge, aContact, aHold, aLoan, aMessage, aReturnedLoan, aSubscription } from './examples'
import type { TestPortal } from './portal'
import { blankPatron, type World } from './records'
import { putWorld, rowsOf } from './rows'
import type { Pool } from 'pg'

export const LIBRARIES = ['ZOT', 'OOS', 'GNT']

/** 1 is kept and 2 removed. Both sides hold rows of every table, and every key that can meet does. */
const PAIR: World = {
  rejected: [],
  patrons: [
    blankPatron(1, {
      firstName: 'Mia',
      registeredOnline: true,
      registeredOn: '2021-05-03',
      lastActivityOn: '2024-06-01',
      contacts: [aContact(1, 'email', 'mia@example.org', true), aContact(2, 'phone', '09 360 11 22')],
      cards: [{ number: 'K', library: 'ZOT', status: 'active' }],
      subscriptions: [aSubscription(1), aSubscription(2, { library: 'OOS', endsOn: '2025-12-31' })],
      historyPreferences: [{ library: 'ZOT', enabled: false }],
      loans: [aLoan(1, { card: 'K' })],
      loanHistory: [aReturnedLoan(1)],
      holds: [aHold(1), aHold(2, { title: 'T2' })],
      charges: [aCharge(1), aCharge(2, { kind: 'overdue', amount: 120 })],
      payments: [{ id: 1, charge: 2, amount: 120, paidOn: '2026-10-01' }],
      messages: [aMessage(1)],
    }),
    blankPatron(2, {
      firstName: 'Mia',
      gender: 'F',
      address: { street: 'Dorpsstraat', number: '12', box: '3', postcode: '9620', city: 'Zottegem' },
      registeredOn: '2018-01-09',
      lastActivityOn: '2026-11-02',
      contacts: [aContact(11, 'email', 'MIA@Example.org', true), aContact(12, 'mobile', '0470 12 34 56', true)],
      cards: [
        { number: 'R', library: null, status: 'active' },
        { number: 'S', library: 'ZOT', status: 'lost' },
      ],
      subscriptions: [aSubscription(11), aSubscription(12, { library: 'GNT', endsOn: '2025-12-31' })],
      historyPreferences: [
        { library: 'ZOT', enabled: true },
        { library: 'OOS', enabled: true },
      ],
      loans: [aLoan(11, { card: 'R' }), aLoan(12, { title: 'T2' })],
      loanHistory: [aReturnedLoan(11), aReturnedLoan(12, { library: 'OOS', card: 'S' })],
      holds: [
        aHold(11, { status: 'ready', card: 'R' }),
        aHold(12, { title: 'T3', library: 'GNT' }),
        aHold(13, { title: 'T2', status: 'cancelled', reason: 'too-late' }),
      ],
      charges: [aCharge(11), aCharge(12, { library: 'OOS', kind: 'lost', amount: 2_500 })],
      payments: [{ id: 11, charge: 12, amount: 1_000, paidOn: '2026-10-01' }],
      messages: [aMessage(11), aMessage(12, { kind: 'remark', text: 'Betaalt met gepast geld', author: null })],
    }),
  ],
}

/** Ids of pairs lie so far apart that no amount or count can be taken for one. */
const APART = 1_000_000

export interface RichPair {
  keep: number
  remove: number
  /** Linked to the removed record at two libraries, and at one of them to the kept one too. */
  account: string
  /** What is asked. */
  request: Record<string, unknown>
}

/** Puts the `n`th pair of a database, n from 1, with its portal account. */
export async function putRichPairs(pool: Pool, portal: TestPortal, numbers: readonly number[]): Promise<RichPair[]> {
  await pool.query(`insert into library (id, name) select l, l from unnest($1::text[]) l on conflict do nothing`, [
    LIBRARIES,
  ])
  const worlds = numbers.map((n) => placed(PAIR, n * APART))
  await putWorld(pool, { rejected: [], patrons: worlds.flatMap(({ patrons }) => patrons) })
  const pairs = numbers.map((n) => {
    const [keep, remove] = [n * APART + 1, n * APART + 2]
    const request = {
      keep,
      remove,
      on: '2026-11-24',
      take: ['address', 'blanks'],
      accept: ['history-erased'],
      by: 'mia',
    }
    return { keep, remove, account: `account-${remove}`, request }
  })
  await portal.put(
    pairs.map(({ keep, remove, account }) => ({
      id: account,
      links: [
        { library: 'OOS', actorId: remove },
        { library: 'ZOT', actorId: keep },
        { library: 'ZOT', actorId: remove },
      ],
    })),
  )
  return pairs
}

/**
 * All that each merge has left: every row of both records, their export, the merge with its steps, intents, commands and
 * lines of the feed, and the links at the portal. Ids are as in the first pair, moments are left out, and which calls may have
 * had no answer, since one that is killed before it noted an answer has had none: two merges of identical pairs that ended
 * alike are equal.
 */
export async function endsOf(
  database: { url: string; pool: Pool },
  portal: TestPortal,
  pairs: readonly RichPair[],
): Promise<unknown[]> {
  const accounts = await portal.dump()
  // its cursor wants a connection that is not pipelined
  const plain = createPool(database.url, { max: 1 })
  const ends: unknown[] = []
  try {
    for (const { keep, remove, account } of pairs) {
      const told = await database.pool.query<{ told: Record<string, unknown> }>(TOLD, [keep, remove])
      const lines: unknown[] = []
      for await (const line of exportRecords(plain, { patrons: [keep, remove] })) {
        const record = JSON.parse(line) as { type: string }
        if (record.type === 'patron') lines.push(record)
      }
      const rows = await rowsOf(database.pool, [keep, remove])
      ends.push(asFirstPair({ rows, lines, links: accounts[account], ...told.rows[0]?.told }, keep - 1))
    }
  } finally {
    await plain.end()
  }
  return ends
}

const TOLD = `with m as (select * from merge where kept = $1 and removed = $2)
  select jsonb_build_object(
    'merges', (select jsonb_agg(to_jsonb(m) - array['id', 'workflow_id', 'first_run_id', 'started_by', 'asked_at', 'opened_at', 'retired_at', 'ended_at', 'portal_since']
      || jsonb_build_object('opened', opened_at is not null, 'retired', retired_at is not null, 'ended', ended_at is not null) order by id) from m),
    'steps', (select jsonb_agg(jsonb_build_object('step', step, 'counts', counts, 'was', was, 'done', done_at is not null,
      'noted', noted - 'notices') order by step) from merge_step where merge in (select id from m)),
    'intents', (select jsonb_agg(to_jsonb(i) - 'merge' - 'asked' order by account, library, actor_id) from portal_intent i where merge in (select id from m)),
    'commands', (select jsonb_agg(jsonb_build_object('command', command, 'by', by, 'reason', reason) order by id) from merge_command where merge in (select id from m)),
    'feed', (select jsonb_agg(jsonb_build_object('event', event, 'kept', kept, 'removed', removed) order by cursor) from change where merge in (select id from m)),
    'notes', (select jsonb_agg(to_jsonb(n) - array['id', 'noted_at'] order by id) from redirect_note n where stood_on in ($1, $2))) as told`

/** Ids as those of the first pair; a notice of the product has a next free id and a moment of its own. */
function asFirstPair(value: unknown, offset: number): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => asFirstPair(one, offset))
  if (typeof value === 'number') return value > offset && value < offset + APART ? value - offset : value
  if (typeof value === 'string') return value.replaceAll(`@${offset}`, '').replaceAll(String(offset).slice(0, -1), '…')
  if (typeof value !== 'object' || value === null) return value
  const whole = value as Record<string, unknown>
  const made = whole.author === 'ontdubbel' ? { id: 'made', created_at: 'made', createdAt: 'made' } : {}
  const entries = Object.entries({ ...whole, ...made }).map(([key, inner]) =>
    key === 'retired_at' ? [key, inner !== null] : [key, asFirstPair(inner, offset)],
  )
  return Object.fromEntries(entries)
}

/** The ledger's rows that are done, with the moment and the transaction that wrote each: nothing may touch them again. */
export async function finishedSteps(pool: Pool): Promise<Map<string, unknown>> {
  const { rows } = await pool.query<{ at: string; row: unknown }>(
    `select merge || ' ' || step as at, jsonb_build_object('done', done_at, 'attempts', attempts, 'xmin', xmin::text) as row
     from merge_step where done_at is not null`,
  )
  return new Map(rows.map(({ at, row }) => [at, row]))
}
