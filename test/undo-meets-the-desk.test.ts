import type { Pool } from 'pg'
import { untilFree } from '../src/database/again'
import { createPool } from '../src/database/pool'
import { inMergeTransaction } from '../src/database/transaction'
import type { NewMerge } from '../src/domain/request'
import { abandonUndo, openUndo } from '../src/merges/openUndo'
import { openSingle } from '../src/merges/openSingle'
import { doStep } from '../src/merges/stepSingle'
import { createMerge } from '../src/merges/store'
import { undoReport } from '../src/merges/undoReport'
import { mergeGroup } from '../src/steps/group'
import { abandonMerges } from '../src/steps/setApart'
import { freshDatabase, type TestDatabase } from './support/database'
import { Desk, makeLibraries, registerPatrons, rowOf, untilWaiting, type Key } from './support/desk'
import { takeBack } from './support/takeBack'

const BY = { by: 'test', on: '2026-11-24', accept: ['rejected-before', 'unverified-login-gains-access'] as const }

let database: TestDatabase
let pool: Pool
let desk: Desk
beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool(database.url, { pipeline: true })
  await makeLibraries(database.pool)
  desk = await Desk.open(database.url)
})
afterAll(async () => {
  await desk?.close()
  await pool?.end()
  await database?.drop()
})

async function patrons(): Promise<[number, number, number, number]> {
  return (await registerPatrons(database.pool, 4)) as [number, number, number, number]
}

function asked(keep: number, remove: number): NewMerge {
  return { keep, remove, ...BY } as unknown as NewMerge
}

async function merged(keep: number, remove: number, more: object = {}): Promise<number> {
  const merge = (await createMerge(pool, { ...asked(keep, remove), ...more }, null)) ?? 0
  const client = await pool.connect()
  const result = await mergeGroup(client, [merge]).finally(() => client.release())
  expect(result.merged).toEqual([merge])
  return merge
}

async function opened(keep: number, remove: number): Promise<number> {
  const { merge } = await openSingle(pool, asked(keep, remove), { workflowId: `w${keep}`, firstRunId: '1' }, 1)
  return merge ?? 0
}

/** Undoes them together, and gives what is told of the first: lists by code. */
async function undone(...merges: number[]): Promise<Record<string, Record<string, unknown>>> {
  await untilFree(() => inMergeTransaction(pool, (client) => takeBack(client, merges)))
  const { told } = await undoReport(pool, merges[0] ?? 0)
  return Object.fromEntries(told.map(({ code, details }) => [code, details]))
}

const sql = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
  (await desk.client.query<Record<string, unknown>>(text, values)).rows
const hold = (key: Key) => rowOf(database.pool, 'hold', key)
const contact = (key: Key) => rowOf(database.pool, 'contact', key)
const NEVER_COLLECTED = { title: 'Karel ende Elegast', placed_at: '2026-11-21T10:00:00Z' }

test.each(['undone', 'given up'])(
  'two holds that the merge cancelled, made one title and library by a desk since: %s, one is open again',
  async (how) => {
    const [kept, removed] = await patrons()
    for (const library of ['L1', 'L2'])
      await desk.insert('hold', {
        patron: kept,
        library,
        title: NEVER_COLLECTED.title,
        placed_at: '2026-11-20T10:00:00Z',
      })
    const [first, second] = [
      await desk.insert('hold', { patron: removed, library: 'L1', ...NEVER_COLLECTED }),
      await desk.insert('hold', { patron: removed, library: 'L2', ...NEVER_COLLECTED }),
    ]
    const merge = how === 'undone' ? await merged(kept, removed) : await opened(kept, removed)
    if (how !== 'undone') await doStep(pool, merge, 'transferHolds', 1)
    await desk.change('hold', first, { library: 'L2' })
    if (how === 'undone') expect(await undone(merge)).toEqual({ 'hold-not-restored': { holds: [second] } })
    else expect(await inMergeTransaction(pool, (client) => abandonMerges(client, [merge]))).toEqual([merge])
    expect(await hold(first)).toMatchObject({ patron: removed, status: 'waiting' })
    expect(await hold(second)).toMatchObject({ patron: removed, status: 'cancelled' })
  },
)

test('an address and a name that a desk corrected in part since stay as they are, whole, and are told', async () => {
  const [kept, removed] = await patrons()
  await sql(
    `update patron set street = 'Oude Weg', house_number = '1', box = '2', postcode = '9000', city = 'Gent' where id = $1`,
    [kept],
  )
  await sql(
    `update patron set street = 'Kerkstraat', house_number = '5', postcode = '9000', city = 'Gent', first_name = 'Jan' where id = $1`,
    [removed],
  )
  const merge = await merged(kept, removed, { take: ['address', 'name'] })
  // columns that the merge had not changed
  await sql(`update patron set postcode = '8000', city = 'Brugge', last_name = 'Peeters-Claes' where id = $1`, [kept])
  expect(await undone(merge)).toEqual({ 'changed-since': { fields: ['address', 'name'] } })
  const [now] = await sql(
    'select last_name, first_name, street, house_number, box, postcode, city from patron where id = $1',
    [kept],
  )
  expect(Object.values(now ?? {})).toEqual(['Peeters-Claes', 'Jan', 'Kerkstraat', '5', null, '8000', 'Brugge'])
})

test('a contact edited since is told by the undo of each merge that it was moved by before that', async () => {
  const [first, second, third] = await patrons()
  const [late, early] = [
    await desk.insert('contact', { patron: first }),
    await desk.insert('contact', { patron: first }),
  ]
  const one = await merged(second, first)
  await desk.change('contact', early, { value: 'early@example.org' })
  const other = await merged(third, second)
  await desk.change('contact', late, { value: 'late@example.org' })
  expect(await undone(other)).toEqual({ 'changed-since': { contacts: [late] } })
  expect(await undone(one)).toEqual({ 'changed-since': { contacts: [late, early].sort() } })
})

test('a contact written for the removed record that was known, but for its mark, is there after the undo', async () => {
  const [kept, removed] = await patrons()
  await desk.insert('contact', { patron: kept, value: 'both@example.org' })
  await desk.insert('contact', { patron: removed, value: 'own@example.org', is_primary: true })
  const merge = await merged(kept, removed)
  await sql(`insert into contact (patron, kind, value, is_primary) values ($1, 'email', 'both@example.org', true)`, [
    removed,
  ])
  expect(await undone(merge)).toEqual({})
  expect(await sql('select value, is_primary from contact where patron = $1 order by value', [removed])).toEqual([
    { value: 'both@example.org', is_primary: false },
    { value: 'own@example.org', is_primary: true },
  ])
})

test('what was written since and stands with the removed record is not told as missing; what a desk changed of it is', async () => {
  const [kept, removed] = await patrons()
  const own = await desk.insert('hold', { patron: kept, title: 'Beatrijs' })
  await desk.insert('hold', { patron: kept, title: 'Lanseloet' })
  for (const patron of [kept, removed]) await desk.insert('contact', { patron, is_primary: true })
  const merge = await merged(kept, removed)
  const [again, away] = [
    await desk.insert('hold', { patron: removed, title: 'Beatrijs' }),
    await desk.insert('hold', { patron: removed, title: 'Lanseloet' }),
  ]
  const [marked, edited] = [
    await desk.insert('contact', { patron: removed, is_primary: true }),
    await desk.insert('contact', { patron: removed, is_primary: true }),
  ]
  await desk.remove('hold', own)
  await desk.change('hold', again, { status: 'waiting', reason: null })
  await desk.remove('hold', away)
  await desk.change('contact', edited, { value: 'edited@example.org' })
  expect(await undone(merge)).toEqual({ 'changed-since': { contacts: [edited] } })
  expect(await hold(again)).toMatchObject({ patron: removed, status: 'waiting' })
  expect(await contact(marked)).toMatchObject({ patron: removed, is_primary: false })
})

test('a visit of a removed record is its own after the undo, also of one at the beginning of a chain: nobody takes it for unused', async () => {
  const [first, second, third] = await patrons()
  const all = [first, second, third]
  await sql(`update patron set last_activity_on = '2020-01-01' where id = any($1)`, [all])
  const one = await merged(second, first)
  const other = await merged(third, second)
  for (const day of ['2026-11-24', '2026-11-26', '2026-11-25']) await desk.touch(first, day)
  const visits = () => sql('select last_activity_on::text as last from patron where id = any($1) order by id', [all])
  expect(await visits()).toEqual(['2020-01-01', '2020-01-01', '2026-11-26'].map((last) => ({ last })))
  await undone(other)
  expect(await visits()).toEqual(['2020-01-01', '2026-11-26', '2026-11-26'].map((last) => ({ last })))
  await undone(one)
  expect(await visits()).toEqual(all.map(() => ({ last: '2026-11-26' })))
  expect(await sql('select from redirect_note where stood_on = any($1)', [all])).toEqual([])
})

test('visits of both records in one statement are no error', async () => {
  const [kept, removed] = await patrons()
  await merged(kept, removed)
  await sql(`update patron set last_activity_on = '2026-11-27' where id = any($1)`, [[kept, removed]])
  expect(await sql('select last_activity_on::text as last from patron where id = $1', [kept])).toEqual([
    { last: '2026-11-27' },
  ])
})

test('a desk that waits for an undo to change a late row finds its row', async () => {
  const [kept, removed] = await patrons()
  for (const patron of [kept, removed]) await desk.insert('contact', { patron, is_primary: true })
  const merge = await merged(kept, removed)
  const key = await desk.insert('contact', { patron: removed, is_primary: true })
  const waits = await Desk.open(database.url)
  try {
    let change: Promise<void> | undefined
    await inMergeTransaction(pool, async (client) => {
      await takeBack(client, [merge])
      change = waits.change('contact', key, { value: 'meanwhile@example.org' })
      await untilWaiting(database.pool, waits.pid)
    })
    await change
  } finally {
    await waits.close()
  }
  expect(await contact(key)).toMatchObject({ patron: removed, value: 'meanwhile@example.org' })
})

test('a subscription that the merge stopped and a desk deleted since is not put back, and is told once', async () => {
  const [kept, removed] = await patrons()
  await desk.insert('subscription', { patron: kept })
  const stopped = await desk.insert('subscription', { patron: removed })
  const merge = await merged(kept, removed)
  await desk.remove('subscription', stopped)
  expect(await undone(merge)).toEqual({ 'subscription-not-restored': { subscriptions: [stopped] } })
})

test('a block that staff lifted, since the merge had brought a national number, is told', async () => {
  const [kept, removed] = await patrons()
  await sql(`update patron set registered_online = true, internet_block = 'online-registration' where id = $1`, [kept])
  await sql(`update patron set national_number = '84031202245' where id = $1`, [removed])
  const merge = await merged(kept, removed)
  await sql('update patron set internet_block = null where id = $1', [kept])
  expect(await undone(merge)).toEqual({ 'changed-since': { fields: ['internet-block'] } })
})

test('what desks did with moved rows is told: a hold collected or cancelled, a membership stopped or gone, a preference switched, a mark taken', async () => {
  const [kept, removed] = await patrons()
  const [collected, cancelled] = [
    await desk.insert('hold', { patron: removed, title: 'Mariken' }),
    await desk.insert('hold', { patron: removed, title: 'Esmoreit' }),
  ]
  const [stopped, gone] = [
    await desk.insert('subscription', { patron: removed, library: 'L1' }),
    await desk.insert('subscription', { patron: removed, library: 'L2' }),
  ]
  await desk.insert('history_preference', { patron: removed, library: 'L3', enabled: true })
  const marked = await desk.insert('contact', { patron: removed, is_primary: true })
  const unwanted = await desk.insert('contact', { patron: removed })
  const merge = await merged(kept, removed)
  await desk.change('hold', collected, { status: 'ready' })
  await desk.remove('hold', collected)
  await desk.change('hold', cancelled, { status: 'cancelled', reason: 'patron' })
  await desk.change('subscription', stopped, { stopped_on: '2026-11-25' })
  await desk.remove('subscription', gone)
  await sql('update history_preference set enabled = false where patron = $1', [kept])
  await desk.change('contact', marked, { is_primary: false })
  const deleted = await desk.insert('contact', { patron: kept })
  await desk.remove('contact', deleted)
  await desk.remove('contact', unwanted)
  // one that was placed, and collected, since
  const since = await desk.insert('hold', { patron: removed, title: 'Gloriant', placed_at: new Date().toISOString() })
  await desk.remove('hold', since)
  expect(await undone(merge)).toEqual({
    'hold-not-restored': { holds: [collected] },
    'subscription-not-restored': { subscriptions: [gone] },
    'changed-since': {
      holds: [cancelled],
      contacts: [marked, unwanted],
      subscriptions: [stopped],
      preferences: ['L3'],
    },
  })
  expect(await sql('select count(*)::int as n from changed_row where stood_on = $1', [kept])).toEqual([{ n: 0 }])
})

test('a hold of the first of a chain, collected at its end, is told by each undo', async () => {
  const [first, second, third] = await patrons()
  const key = await desk.insert('hold', { patron: first })
  const one = await merged(second, first)
  const other = await merged(third, second)
  await desk.remove('hold', key)
  const told = { 'hold-not-restored': { holds: [key] } }
  expect([await undone(other), await undone(one)]).toEqual([told, told])
})

test('a payment and a membership since are told with whom they are', async () => {
  const [kept, removed] = await patrons()
  const charge = await desk.insert('charge', { patron: removed, charged_on: '2026-01-01' })
  const merge = await merged(kept, removed)
  const [{ today } = {}] = await sql(`select (now() at time zone 'Europe/Brussels')::date::text as today`)
  await sql(`insert into payment (id, charge, amount, paid_on) values ($1, $1, 1, $2)`, [charge, today])
  await desk.insert('subscription', { patron: kept, starts_on: today as string })
  expect(await undone(merge)).toMatchObject({
    'went-with-removed': { patron: removed, rows: { payments: 1 } },
    'stays-with-kept': { patron: kept, rows: { subscriptions: 1 } },
  })
})

test('a late row that a desk has moved to somebody is his, whatever is undone beside it', async () => {
  const [kept, removed, other, theirs] = await patrons()
  await desk.insert('hold', { patron: kept, title: 'Elckerlijc' })
  const one = await merged(kept, removed)
  const two = await merged(other, theirs)
  const key = await desk.insert('hold', { patron: removed, title: 'Elckerlijc' })
  await desk.move('hold', key, kept, other)
  await undone(one, two)
  expect(await hold(key)).toMatchObject({ patron: other, written_for: null, status: 'cancelled' })
})

test('a late row that a desk has moved to somebody who was merged into the kept record later comes back to him', async () => {
  const [kept, removed, other] = await patrons()
  await desk.insert('hold', { patron: kept, title: 'Elckerlijc' })
  await merged(kept, removed)
  const key = await desk.insert('hold', { patron: removed, title: 'Elckerlijc' })
  await desk.move('hold', key, kept, other)
  await undone(await merged(kept, other))
  expect(await hold(key)).toMatchObject({ patron: other, written_for: null, status: 'cancelled' })
})

test('a late contact that a desk has moved away and to the kept record is the kept record’s', async () => {
  const [kept, removed, other] = await patrons()
  await desk.insert('contact', { patron: kept, is_primary: true })
  const merge = await merged(kept, removed)
  const key = await desk.insert('contact', { patron: removed, is_primary: true })
  await desk.move('contact', key, kept, other)
  await desk.move('contact', key, other, kept)
  expect(await undone(merge)).toEqual({})
  expect(await contact(key)).toMatchObject({ patron: kept, written_for: null })
})

test('given up before its preferences had moved: one that a desk made the one of the removed record is there once', async () => {
  const [kept, removed] = await patrons()
  await desk.insert('history_preference', { patron: removed, library: 'L1', enabled: true })
  const merge = await opened(kept, removed)
  await desk.insert('history_preference', { patron: removed, library: 'L2', enabled: false })
  await sql(`update history_preference set library = 'L1' where patron = $1`, [kept])
  await inMergeTransaction(pool, (client) => abandonMerges(client, [merge]))
  expect(
    await sql('select patron, library, enabled from history_preference where patron in ($1, $2)', [kept, removed]),
  ).toEqual([{ patron: removed, library: 'L1', enabled: true }])
})

test('what stood at a library that is no more is left out, and told', async () => {
  const [kept, removed] = await patrons()
  await sql(`insert into library (id, name) values ('GONE', 'Gesloten')`)
  const expired = await desk.insert('subscription', { patron: removed, library: 'GONE', ends_on: '2026-06-01' })
  await desk.insert('history_preference', { patron: kept, library: 'GONE', enabled: true })
  const merge = await merged(kept, removed)
  await desk.insert('history_preference', { patron: removed, library: 'GONE', enabled: false })
  await sql(`delete from history_preference where library = 'GONE'`)
  await sql(`delete from library where id = 'GONE'`)
  expect(await undone(merge)).toEqual({
    'subscription-not-restored': { subscriptions: [expired] },
    'preference-not-restored': { libraries: ['GONE'] },
  })
})

test('an undo that is given up leaves the merge as it was, what needed attention too', async () => {
  const [kept, removed] = await patrons()
  const merge = await merged(kept, removed)
  const attention = { code: 'unforeseen', details: { step: 'syncPortalLinks' } }
  await sql('update merge set attention = $2 where id = $1', [merge, JSON.stringify(attention)])
  const { then } = await openUndo(pool, { merge, by: 'test' }, { workflowId: `undo/${merge}`, firstRunId: '1' })
  expect(then).toBe('go-on')
  expect(await sql('select attention from merge where id = $1', [merge])).toEqual([{ attention: null }])
  expect(await abandonUndo(pool, merge)).toBe(true)
  expect(await sql('select status, attention from merge where id = $1', [merge])).toEqual([
    { status: 'retired', attention },
  ])
})
