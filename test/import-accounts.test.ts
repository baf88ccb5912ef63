import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { Client } from 'pg'
import { connect } from '../src/database/pool'
import { importFile } from '../src/interchange/load'
import { exported, failure, keptAccounts, load, OOS, ZOT, type Json } from './import-helpers'
import { freshDatabase, type TestDatabase } from './support/database'

let database: TestDatabase
let owner: Client
beforeAll(async () => {
  database = await freshDatabase()
  owner = await connect(database.ownerUrl)
})
afterAll(async () => {
  await owner.end()
  await database.drop()
})
beforeEach(() => owner.query('truncate library, patron, payment, import_file, merge cascade'))

/** At most: accounts are sent by the thousand, patrons only take time. */
const PATRONS = 100
const patrons = (n: number) => Array.from({ length: n }, (_, i) => ({ type: 'patron', id: i + 1, lastName: 'Peeters' }))
const accounts = (n: number): Json[] =>
  Array.from({ length: n }, (_, i) => ({
    type: 'portalAccount',
    id: `acc-${i + 1}`,
    links: [{ library: 'ZOT', actorId: (i % PATRONS) + 1 }],
  }))
const file = (n: number) => [ZOT, OOS, ...accounts(n), ...patrons(Math.min(n, PATRONS))]

/** A portal that takes some calls and then none. */
function breaksAfter(calls: number) {
  const portal = keptAccounts()
  let left = calls
  return {
    ...portal,
    sendAccounts: async (lines: AsyncIterable<string>) => {
      if (left === 0) throw new Error('connect ECONNREFUSED')
      left -= 1
      await portal.sendAccounts(lines)
    },
  }
}

async function remembered(): Promise<unknown[]> {
  const { rows } = await owner.query('select accounts, accounts_sent_at is not null as sent from import_file')
  return rows
}

function spools(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`ontdubbel-accounts-${process.pid}-`))
}

test('accounts go to the portal last, after the database has committed', async () => {
  const portal = keptAccounts()
  const counts = await load(database.pool, file(3), {
    sendAccounts: async (lines) => {
      expect((await database.pool.query('select id from patron')).rowCount).toBe(3)
      await portal.sendAccounts(lines)
    },
  })
  expect(counts).toMatchObject({ libraries: 2, patrons: 3, portalAccounts: 3 })
  expect([...portal.kept.values()]).toEqual(accounts(3))
  expect(await remembered()).toEqual([{ accounts: 0, sent: true }])
})

test('a file with accounts is refused before anything is loaded where they cannot go anywhere', async () => {
  const whyNoAccounts = async () => ({ en: 'the portal is somebody else’s', nl: 'het portaal is van een ander' })
  const { sendAccounts } = keptAccounts()
  const refused = await failure(load(database.pool, file(1), { sendAccounts, whyNoAccounts }))
  expect(refused).toMatchObject({
    code: 'bad-input',
    exitCode: 2,
    message: 'line 3, type: the portal is somebody else’s',
  })
  const lines = async function* () {
    for (const record of file(1)) yield `${JSON.stringify(record)}\n`
  }
  expect(await failure(importFile(database.pool, lines()))).toMatchObject({ code: 'bad-input', details: { line: 3 } })
  expect(await exported(database.pool)).toEqual([])
})

test('accounts that the portal did not take wait; the same file again sends the rest of them and nothing else', async () => {
  const before = spools()
  const broken = breaksAfter(2)
  const error = await failure(load(database.pool, file(2_500), { sendAccounts: broken.sendAccounts }))
  expect(error).toMatchObject({ code: 'accounts-not-sent', exitCode: 4, details: { accounts: 2_500, left: 500 } })
  expect(await remembered()).toEqual([{ accounts: 500, sent: false }])
  const stored = await exported(database.pool)
  expect(stored.length).toBe(PATRONS + 2)

  expect(await failure(load(database.pool, file(2_500), { sendAccounts: breaksAfter(0).sendAccounts }))).toMatchObject({
    code: 'accounts-not-sent',
    details: { left: 500 },
  })

  const portal = keptAccounts()
  const counts = await load(database.pool, file(2_500), { sendAccounts: portal.sendAccounts })
  expect(counts).toMatchObject({ libraries: 0, patrons: 0, portalAccounts: 500 })
  expect([...portal.kept.values()]).toEqual(accounts(2_500).slice(2_000))
  expect(await exported(database.pool)).toEqual(stored)

  expect(await failure(load(database.pool, file(2_500), { sendAccounts: portal.sendAccounts }))).toMatchObject({
    code: 'bad-input',
    details: { line: 1, path: 'id' },
  })
  expect(spools()).toEqual(before)
})

test('another file is another file, whatever waits', async () => {
  await failure(load(database.pool, file(1), { sendAccounts: breaksAfter(0).sendAccounts }))
  const again = [...file(1), { type: 'patron', id: 2, lastName: 'x' }]
  expect(await failure(load(database.pool, again))).toMatchObject({ code: 'bad-input', details: { line: 1 } })
})

test('an account that is sent after a merge names the record that stayed, once', async () => {
  const both = { type: 'portalAccount', id: 'both', links: [1, 2, 3].map((actorId) => ({ library: 'ZOT', actorId })) }
  const records = [ZOT, ...patrons(3), both]
  await failure(load(database.pool, records, { sendAccounts: breaksAfter(0).sendAccounts }))
  await owner.query(
    `insert into merge (kept, removed, on_date, status, by, opened_at, retired_at) values (1, 2, '2026-11-24', 'retired', 'test', now(), now())`,
  )
  await owner.query('update patron set merged_into = 1, retired_at = now() where id = 2')
  const portal = keptAccounts()
  await load(database.pool, records, { sendAccounts: portal.sendAccounts })
  expect(portal.kept.get('both')).toEqual({ ...both, links: [1, 3].map((actorId) => ({ library: 'ZOT', actorId })) })
})

test('a file that says itself that a record was merged keeps the links to it', async () => {
  const account = { type: 'portalAccount', id: 'a', links: [{ library: 'ZOT', actorId: 9 }] }
  const portal = keptAccounts()
  await load(database.pool, [ZOT, account, ...patrons(1), { type: 'patron', id: 9, mergedInto: 1 }], portal)
  expect(portal.kept.get('a')).toEqual(account)
})

test('an account whose id holds a line separator is one line', async () => {
  const account = { type: 'portalAccount', id: 'a\u2028b', links: [] }
  const portal = keptAccounts()
  await load(database.pool, [account], portal)
  expect([...portal.kept.values()]).toEqual([account])
})
