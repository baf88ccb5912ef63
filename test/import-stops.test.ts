import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { PassThrough } from 'node:stream'
import { connect } from '../src/database/pool'
import { importFile } from '../src/interchange/load'
import { exported, failure, fullPatron, inLines, OOS, ZOT } from './import-helpers'
import { freshDatabase, type TestDatabase } from './support/database'

let database: TestDatabase
beforeAll(async () => (database = await freshDatabase()))
afterAll(() => database.drop())

async function expectNothing(): Promise<void> {
  expect(await exported(database.pool)).toEqual([])
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`ontdubbel-accounts-${process.pid}-`))).toEqual([])
  // no connection is left in a transaction
  const { rows } = await database.pool.query(
    `select count(*) as n from pg_stat_activity where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()`,
  )
  expect(rows).toEqual([{ n: 0 }])
}

test('stopped while it waits for input, nothing is loaded', async () => {
  const input = new PassThrough()
  input.write(`${JSON.stringify(ZOT)}\n`)
  const stop = new AbortController()
  const loading = failure(importFile(database.pool, input, { signal: stop.signal }))
  setTimeout(() => stop.abort(), 200)
  expect(await loading).toMatchObject({ code: 'stopped', exitCode: 1 })
  await expectNothing()
})

test.each(['checking', 'loading'])('stopped while it is %s, nothing is loaded', async (stage) => {
  const records = [ZOT, OOS, ...Array.from({ length: 3_000 }, (_, n) => fullPatron(n + 1))]
  const stop = new AbortController()
  const loading = failure(
    importFile(database.pool, inLines(records), {
      signal: stop.signal,
      onProgress: (progress) => {
        if (progress.stage === stage) setTimeout(() => stop.abort(), 50)
      },
    }),
  )
  expect(await loading).toMatchObject({ code: 'stopped', exitCode: 1 })
  await expectNothing()
})

test('an input that breaks off loads nothing', async () => {
  const breaking = async function* () {
    yield* inLines([ZOT, OOS, fullPatron(1)])
    throw new Error('the disk is gone')
  }
  expect((await failure(importFile(database.pool, breaking()))).message).toBe('the disk is gone')
  await expectNothing()
})

test('a bad line after much that is good loads nothing', async () => {
  const records = [ZOT, OOS, ...Array.from({ length: 3_000 }, (_, n) => fullPatron(n + 1)), { type: 'x' }]
  expect(await failure(importFile(database.pool, inLines(records)))).toMatchObject({
    details: { line: 3_003, path: 'type' },
  })
  await expectNothing()
})

test('a role that may not make temporary tables is told what to grant', async () => {
  const owner = await connect(database.ownerUrl)
  try {
    await owner.query(
      "do $$ begin execute format('revoke temporary on database %I from public, ontdubbel_worker', current_database()); end $$",
    )
    expect(await failure(importFile(database.pool, inLines([ZOT])))).toMatchObject({
      code: 'no-temporary-tables',
      message: expect.stringContaining('grant temporary on database'),
    })
    await expectNothing()
  } finally {
    await owner.end()
  }
})
