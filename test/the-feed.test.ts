import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { connect } from '../src/database/pool'
import { migrate } from '../src/database/migrate'
import { momentIn } from '../src/domain/sentences'
import { changesSince, type Change } from '../src/merges/feed'
import { removeDataDir } from '../src/stack/dataDir'
import { startPostgres } from '../src/stack/postgres'
import { freshDatabase, serverUrl, type TestDatabase } from './support/database'
import { makeLibraries, registerPatrons, until } from './support/desk'
import { dump, restore } from './support/dumpAndRestore'
import { Reader, write, type Pair, type Told } from './support/feedWriters'
import { expectGone } from './support/leavesNothing'
import { follow, runCli } from './support/cli'
import { testDataDir } from './support/testDataDir'

const WRITERS = 20
/** Each in the next way. */
const PAIRS_EACH = 6
/** A feed tells a merge well within this; only a busy machine needs it. */
const SOON_MS = 5_000

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
  await makeLibraries(database.pool)
})
afterAll(() => database?.drop())

/** Pairs for each writer. */
async function pairsFor(writers: number, each: number): Promise<Pair[][]> {
  const ids = await registerPatrons(database.pool, writers * each * 2)
  const pairs = Array.from({ length: writers * each }, (_, n) => ({
    keep: ids[2 * n] ?? 0,
    remove: ids[2 * n + 1] ?? 0,
  }))
  return Array.from({ length: writers }, (_, writer) => pairs.slice(writer * each, (writer + 1) * each))
}

/** All writers at once; gives what they committed. */
async function writeAll(url: string, pairs: readonly Pair[][]): Promise<Told[]> {
  const told: Told[] = []
  await Promise.all(pairs.map((own, writer) => write(url, writer, own, told)))
  return told
}

async function all(client: Client | TestDatabase['pool'], cursor = 0): Promise<Change[]> {
  const read: Change[] = []
  for await (const change of changesSince(client, cursor)) read.push(change)
  return read
}

const toldBy = (changes: readonly Change[]): Told[] => changes.map(({ merge, event }) => `${merge} ${event}`)

/** That the numbers go on one by one after a cursor. */
function expectNoGap(changes: readonly Change[], after: number): void {
  expect(changes.map(({ cursor }) => cursor)).toEqual(changes.map((_, n) => after + n + 1))
}

test('a reader beside 20 writers gets each merge and undo once, in order, none missed; what was rolled back is not told', async () => {
  const pairs = await pairsFor(WRITERS, PAIRS_EACH)
  const reader = new Reader(database.url, 0).start()
  const told = await writeAll(database.url, pairs)
  const read = await reader.stop()
  expectNoGap(read, 0)
  expect(toldBy(read).sort()).toEqual(told.sort())
  // an undo is told after its merge
  const places = new Map(toldBy(read).map((one, n) => [one, n]))
  for (const [one, n] of places) {
    if (one.endsWith('undone')) expect(places.get(one.replace('undone', 'merged'))).toBeLessThan(n)
  }
  expect(await all(database.pool)).toEqual(read)
  const half = read[Math.floor(read.length / 2)]?.cursor ?? 0
  expect(await all(database.pool, half)).toEqual(read.slice(half))
  const times = read.map(({ at }) => at)
  expect(times).toEqual([...times].sort())
})

test('a transaction that is open for long, in another database or in this one, does not hold the feed up', async () => {
  const [pairs = []] = await pairsFor(1, 2)
  const before = (await all(database.pool)).length
  const others = [await connect(serverUrl('postgres')), await connect(database.url)]
  try {
    for (const other of others) {
      await other.query('begin isolation level repeatable read')
      await other.query('select pg_current_xact_id()')
    }
    const told = await writeAll(database.url, [pairs])
    expect(toldBy(await all(database.pool, before)).sort()).toEqual(told.sort())
  } finally {
    for (const other of others) await other.end()
  }
})

test('a merge that has its number and is not committed keeps no reader waiting, and none is told before it', async () => {
  const [pairs = []] = await pairsFor(1, 1)
  const before = (await all(database.pool)).length
  const open = await connect(database.url)
  await open.query('begin')
  await open.query('update feed_counter set last = last + 1')
  expect(await all(database.pool, before)).toEqual([])
  const writing = writeAll(database.url, [pairs])
  await sleep(300)
  expect(await all(database.pool, before)).toEqual([])
  await open.query('rollback')
  await open.end()
  const told = await writing
  const read = await all(database.pool, before)
  expectNoGap(read, before)
  expect(toldBy(read)).toEqual(told)
})

test('a reader of more than it gets at once misses nothing', async () => {
  const many = await freshDatabase()
  try {
    await many.pool.query(
      `with m as (insert into merge (kept, removed, on_date, by) select 1, 2, '2026-11-24', 'test' from generate_series(1, 2500) returning id)
       insert into change (cursor, at, merge, event, kept, removed) select row_number() over (order by id), now(), id, 'merged', 1, 2 from m`,
    )
    const read = await all(many.pool)
    expect(read).toHaveLength(2_500)
    expectNoGap(read, 0)
    expect(await all(many.pool, 1_500)).toEqual(read.slice(1_500))
    expect(await all(many.pool, 2_500)).toEqual([])
  } finally {
    await many.drop()
  }
})

test('after a dump and a restore into another cluster a reader goes on from its cursor: none missed, none repeated', async () => {
  const dataDir = testDataDir('ontdubbel-test-restored-')
  const forget = expectGone(`PostgreSQL on ${dataDir}`)
  const postgres = await startPostgres({ dataDir, port: 0, durable: false })
  try {
    await migrate(postgres.ownerUrl())
    const before = await pairsFor(WRITERS, 2)
    const after = await pairsFor(WRITERS, 2)
    const start = (await all(database.pool)).length
    const reader = new Reader(database.url, start).start()
    const writing = writeAll(database.url, before)
    // in the middle of it, and behind the last that the reader has
    await until('the reader has read some', () => reader.read.length > WRITERS / 2)
    const { cursor } = reader
    const saved = await dump(database.superUrl)
    await writing
    await reader.stop()

    const url = postgres.superuserUrl('ontdubbel')
    await restore(url, saved)
    const again = new Reader(postgres.workerUrl(), cursor).start()
    const told = await writeAll(postgres.workerUrl(), after)
    const read = await again.stop()
    expectNoGap(read, cursor)
    // up to the dump what the first cluster told, then what the second did
    const restored = read.length - told.length
    expect(read.slice(0, restored)).toEqual(reader.read.filter(({ cursor: at }) => at > cursor).slice(0, restored))
    expect(toldBy(read.slice(restored)).sort()).toEqual(told.sort())
  } finally {
    await postgres.stop()
    removeDataDir(dataDir)
    forget()
  }
})

describe('ontdubbel changes', () => {
  const env = () => ({ DATABASE_URL: database.url })
  const lines = (text: string) => text.split('\n').filter((line) => line !== '')

  test.each(['json', 'text'])(
    '--follow prints what was there, then each new merge soon, and stops on SIGINT (%s)',
    async (form) => {
      const there = await all(database.pool)
      const since = there.length - 3
      const following = follow(['changes', '--since', since, '--follow', ...(form === 'json' ? ['--json'] : [])], env())
      await until('it has printed what was there', () => lines(following.out()).length === 3)
      const [pairs = []] = await pairsFor(1, 2)
      const told = await writeAll(database.url, [pairs])
      const began = Date.now()
      await until('it has printed what is new', () => lines(following.out()).length === 3 + told.length)
      expect(Date.now() - began).toBeLessThan(SOON_MS)
      const stopped = Date.now()
      expect(await following.stop('SIGINT')).toEqual({ code: 0, signal: null })
      expect(Date.now() - stopped).toBeLessThan(SOON_MS)
      expect(following.err()).toBe('')
      const now = await all(database.pool, since)
      if (form === 'json') expect(lines(following.out()).map((line) => JSON.parse(line) as Change)).toEqual(now)
      else
        expect(lines(following.out())).toEqual(
          now.map(
            ({ cursor, at, event, removed, kept, merge }) =>
              `${cursor}  ${momentIn(at, 'en')}  ${event}  ${removed} into ${kept}  (merge ${merge})`,
          ),
        )
    },
  )

  test('--follow ends well when nobody reads on', async () => {
    const following = follow(['changes', '--follow', '--json'], env())
    await until('it has printed something', () => following.out() !== '')
    following.closePipe()
    const [pairs = []] = await pairsFor(1, 1)
    await writeAll(database.url, [pairs])
    expect(await following.ended).toEqual({ code: 0, signal: null })
    expect(following.err()).toBe('')
  })

  test.each(['', 'x', '-1', '1.5', '1e3', '0x10', '9007199254740993', '1; drop table change'])(
    '--since %j is wrong usage',
    async (cursor) => {
      const ended = await runCli(['changes', `--since=${cursor}`, '--json'], env())
      expect([ended.code, ended.out]).toEqual([2, ''])
      expect(ended.err).toContain('It is a whole number')
    },
  )

  test('a cursor ahead of the feed is told: this database is an older one, or another', async () => {
    const last = (await all(database.pool)).length
    const at = await runCli(['changes', '--since', last, '--json'], env())
    expect([at.code, at.out, at.err]).toEqual([0, '', ''])
    const ahead = await runCli(['changes', '--since', last + 1, '--json'], env())
    expect([ahead.code, ahead.out]).toEqual([0, ''])
    expect(ahead.err).toContain(`The feed ends at ${last}`)
  })
})
