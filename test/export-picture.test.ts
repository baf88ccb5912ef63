import { PassThrough } from 'node:stream'
import type { Client } from 'pg'
import { connect } from '../src/database/pool'
import { exportRecords } from '../src/interchange/dump'
import { writeLines } from '../src/interchange/write'
import { exported, failure, fullPatron, load, OOS, ZOT, type Json } from './import-helpers'
import { freshDatabase, type TestDatabase } from './support/database'

let database: TestDatabase
let owner: Client
beforeAll(async () => {
  database = await freshDatabase()
  owner = await connect(database.ownerUrl)
  await load(database.pool, [
    ZOT,
    OOS,
    { type: 'library', id: 'GAV', name: 'Bibliotheek Gavere' },
    fullPatron(1),
    fullPatron(2),
    { type: 'patron', id: 3, mergedInto: 2 },
    { type: 'patron', id: 4, lastName: 'Claes', cards: [{ number: '4', library: 'GAV', status: 'active' }] },
  ])
})
afterAll(async () => {
  await owner.end()
  await database.drop()
})

async function* accounts() {
  yield {
    id: 'a',
    links: [
      { library: 'GAV', actorId: 3 },
      { library: 'ZOT', actorId: 1 },
    ],
  }
  yield { id: 'b', links: [{ library: 'ZOT', actorId: 1 }] }
  yield { id: 'c', links: [] }
}

const parsed = (lines: string[]) => lines.map((line) => JSON.parse(line) as Json)
const ids = (lines: string[]) => parsed(lines).map(({ id }) => id)

test('libraries by id, patrons by id, accounts as the portal gives them', async () => {
  expect(ids(await exported(database.pool, { accounts: accounts() }))).toEqual([
    'GAV',
    'OOS',
    'ZOT',
    1,
    2,
    3,
    4,
    'a',
    'b',
    'c',
  ])
})

test('one patron comes with whom it was merged into, the libraries they name, and their links', async () => {
  const lines = await exported(database.pool, { patrons: [3], accounts: accounts() })
  expect(ids(lines)).toEqual(['GAV', 'OOS', 'ZOT', 2, 3, 'a'])
  expect(parsed(lines).at(-1)).toEqual({ type: 'portalAccount', id: 'a', links: [{ library: 'GAV', actorId: 3 }] })
  expect(ids(await exported(database.pool, { patrons: [4] }))).toEqual(['GAV', 4])
})

test('patrons that do not exist are named, and nothing is written', async () => {
  const error = await failure(exported(database.pool, { patrons: [4, 77, 78] }))
  expect(error).toMatchObject({ code: 'unknown-patron', exitCode: 2, message: 'there is no patron 77, 78' })
})

test('a record that is being merged comes out as merged, its remaining rows under the kept record, and this is said', async () => {
  await owner.query('update patron set merged_into = 1 where id = 2')
  try {
    const told: number[] = []
    const lines = await exported(database.pool, { onPicture: (merging) => told.push(merging) })
    expect(told).toEqual([1])
    const [kept = {}, removed, before] = parsed(lines).slice(3)
    expect(removed).toEqual({ type: 'patron', id: 2, mergedInto: 1 })
    expect(before).toEqual({ type: 'patron', id: 3, mergedInto: 2 })
    expect((kept.loans as Json[]).map(({ id }) => id)).toEqual([10, 20])
    expect((kept.payments as Json[]).map(({ id }) => id)).toEqual([10, 11, 20, 21])
    expect((kept.contacts as Json[]).length).toBe(4)

    const one = await exported(database.pool, { patrons: [1], onPicture: (merging) => told.push(merging) })
    expect(told).toEqual([1, 1])
    expect(parsed(one).find(({ id }) => id === 1)).toEqual(kept)
    await exported(database.pool, { patrons: [4], onPicture: (merging) => told.push(merging) })
    expect(told).toEqual([1, 1])
  } finally {
    await owner.query(
      `set ontdubbel.step = 'on'; update patron set merged_into = null where id = 2; reset ontdubbel.step`,
    )
  }
})

test('an export is one snapshot: what is written meanwhile is not in it', async () => {
  const lines: string[] = []
  for await (const line of exportRecords(database.pool)) {
    if (lines.length === 0) await owner.query("insert into patron (id, last_name) values (50, 'Later')")
    lines.push(line)
  }
  await owner.query('delete from patron where id = 50')
  expect(ids(lines)).not.toContain(50)
})

test('a patron with 50,000 history entries is one line, and can be imported', async () => {
  const loanHistory = Array.from({ length: 50_000 }, (_, n) => ({
    id: 1_000_000 + n,
    library: 'ZOT',
    item: String(n),
    title: `T${n}`,
    loanedOn: '2026-05-01',
    returnedOn: '2026-05-20',
  }))
  await load(database.pool, [{ type: 'patron', id: 60, lastName: 'Boekenworm', loanHistory }])
  const [line] = (await exported(database.pool, { patrons: [60] })).slice(1)
  const written = (JSON.parse(line ?? '') as { loanHistory: unknown[] }).loanHistory
  // compared as text: comparing 50,000 objects takes longer than loading them
  expect(JSON.stringify(written) === JSON.stringify(loanHistory.map((row) => ({ ...row, card: null })))).toBe(true)
})

test('a reader who goes away ends an export, without an error, and frees the connection', async () => {
  const out = new PassThrough({ highWaterMark: 10 })
  const writing = writeLines(exportRecords(database.pool), out)
  setTimeout(() => out.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })), 50)
  await writing
  for await (const _ of exportRecords(database.pool)) break
  expect(database.pool.idleCount).toBe(database.pool.totalCount)
})

test('empty texts that desks wrote come out as none, as an import would have them', async () => {
  await owner.query(`insert into patron (id, last_name, first_name, street, legitimation) values (70, 'x', '', '', '')`)
  expect(parsed(await exported(database.pool, { patrons: [70] }))[0]).toMatchObject({
    firstName: null,
    address: null,
    legitimation: null,
  })
})
