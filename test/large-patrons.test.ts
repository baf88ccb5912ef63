import type { Client, Pool } from 'pg'
import { untilFree } from '../src/database/again'
import { sqlState } from '../src/database/failures'
import { connect, createPool } from '../src/database/pool'
import { declaredStatements } from '../src/database/statement'
import { inMergeTransaction } from '../src/database/transaction'
import { TRANSFERS } from '../src/domain/plan'
import { benchPairIds, benchPairs } from '../src/generator/benchPairs'
import { importFile } from '../src/interchange/load'
import { openSingle } from '../src/merges/openSingle'
import { previewMerge } from '../src/merges/preview'
import { doStep, retireSingle } from '../src/merges/stepSingle'
import { createMerge } from '../src/merges/store'
import { mergeGroup } from '../src/steps/group'
import { freshDatabase, type TestDatabase } from './support/database'
import { nextId, registerPatrons, rowsOn, until } from './support/desk'
import { takeBack } from './support/takeBack'

const BY = { by: 'test', on: '2026-11-24' }
const SIZE = { seed: 11, pairs: 1_000, today: '2026-11-24' }
/** Pairs of the file that are merged before anything is looked at, so that the ledger has its size too. */
const MERGED_BEFORE = 250
/** Merges that were asked for in the years before, beside those. */
const REFUSED_BEFORE = 10_000
const GROUP = 50
/** As many of these pairs as a hundred are of twenty thousand: of a tenth of its rows, a table may well be read whole. */
const SMALL_GROUP = 5
/** What a merge may take beside moving its rows, on a machine that does other things meanwhile; tried: 1 to 2. */
const TIMES_AT_MOST = 8
/** Tables that grow with the consortium: never read from end to end. */
const BIG = [
  'patron',
  'loan',
  'loan_history',
  'hold',
  'charge',
  'payment',
  'message',
  'contact',
  'card',
  'subscription',
  'history_preference',
  'merge',
  'merge_step',
]
/** Whose statements a merge, its reverse and its ledger are made of. */
const OF_A_MERGE = /^(open|retire|undo|step|merge|transfer[A-Za-z]+|applyInternetBlock)\./

let database: TestDatabase
let pool: Pool
/** One connection, whose doings are counted. */
let only: Pool
let owner: Client
const pairs = [...benchPairIds(SIZE)]

beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool(database.url, { pipeline: true })
  only = createPool(database.url, { pipeline: true, max: 1 })
  owner = await connect(database.ownerUrl)
  const loading = createPool(database.url)
  const merging = createPool(database.url, { pipeline: true })
  await importFile(loading, lines())
  for (let n = 0; n < MERGED_BEFORE; n += GROUP) {
    const merges = await newMerges(merging, pairs.slice(n, n + GROUP))
    expect(await mergedTogether(merging, merges)).toHaveLength(GROUP)
  }
  await loading.end()
  await merging.end()
  // what they counted is told when they are gone
  await until('only the owner is connected', async () => {
    const { rows } = await owner.query(
      `select from pg_stat_activity where datname = current_database() and backend_type = 'client backend'
         and pid <> pg_backend_pid()`,
    )
    return rows.length === 0
  })
  await owner.query(
    `insert into merge (kept, removed, on_date, by, status)
     select 1 + n % $1::int, 1 + $1::int + n % $1::int, '2026-01-01', 'test', 'refused' from generate_series(1, $2::int) n`,
    [SIZE.pairs, REFUSED_BEFORE],
  )
  await owner.query('analyze')
})
afterAll(async () => {
  await only?.end()
  await owner?.end()
  await pool?.end()
  await database?.drop()
})

async function* lines(): AsyncGenerator<string> {
  for (const record of benchPairs(SIZE)) if (record.type !== 'portalAccount') yield `${JSON.stringify(record)}\n`
}

async function newMerges(on: Pool, asked: readonly { keep: number; remove: number }[]): Promise<number[]> {
  const ids: number[] = []
  for (const pair of asked) ids.push((await createMerge(on, { ...pair, ...BY }, null)) ?? 0)
  return ids
}

async function mergedTogether(on: Pool, merges: readonly number[], limited = false): Promise<number[]> {
  const client = await on.connect()
  try {
    return (await mergeGroup(client, merges, { limited })).merged
  } finally {
    client.release()
  }
}

/** The big tables that a plan reads from end to end. */
function scannedIn(plan: unknown): string[] {
  if (typeof plan !== 'object' || plan === null) return []
  const { 'Node Type': type, 'Relation Name': table } = plan as Record<string, unknown>
  const here = type === 'Seq Scan' && BIG.includes(String(table)) ? [String(table)] : []
  return [...here, ...Object.values(plan).flatMap(scannedIn)]
}

test('no statement of a merge or its reverse reads a big table from end to end, with a plan for any parameters', async () => {
  const found: string[] = []
  const statements = declaredStatements().filter(({ name }) => OF_A_MERGE.test(name))
  for (const { name, text } of statements) {
    const { rows } = await owner.query(`explain (generic_plan, format json) ${text}`)
    const scanned = scannedIn(rows[0]['QUERY PLAN'])
    if (scanned.length > 0) found.push(`${name}: ${scanned.join(', ')}`)
  }
  expect(found).toEqual([])
  expect(statements.length).toBeGreaterThan(40)
})

describe('nor does anything that triggers and functions do on the way,', () => {
  /** How often each big table was read from end to end so far, by anybody. */
  async function scans(): Promise<Record<string, number>> {
    for (const one of [only, owner]) await one.query('select pg_stat_force_next_flush()')
    const { rows } = await owner.query('select relname, seq_scan from pg_stat_user_tables where relname = any($1)', [
      BIG,
    ])
    return Object.fromEntries(rows.map(({ relname, seq_scan }) => [relname, Number(seq_scan)]))
  }

  // in this order: what is merged is taken back
  const group = pairs.slice(MERGED_BEFORE, MERGED_BEFORE + SMALL_GROUP)
  const one = pairs[MERGED_BEFORE + SMALL_GROUP]!
  let merged: number[]
  const doings: [string, () => Promise<unknown>][] = [
    ['a group', async () => (merged = await mergedTogether(only, await newMerges(only, group)))],
    [
      'the reverse of a group',
      () =>
        inMergeTransaction(only, (c) => takeBack(c, merged), {
          limited: false,
        }),
    ],
    ['a preview', () => previewMerge(only, { ...one, ...BY }, [], 'en')],
    [
      'a single merge, and what is written for its removed record',
      async () => {
        const asked = { ...one, ...BY }
        const { merge } = await openSingle(only, asked, { workflowId: 'one', firstRunId: '1' }, 1)
        await lateRows(one.remove)
        for (const name of TRANSFERS) await doStep(only, merge!, name, 1)
        await retireSingle(only, merge!, 1)
        await lateRows(one.remove)
        await inMergeTransaction(only, (c) => takeBack(c, [merge!]))
      },
    ],
  ]

  async function lateRows(patron: number): Promise<void> {
    const { rows } = await only.query('select number from card where patron = any($1)', [[one.keep, one.remove]])
    const loan = nextId()
    await only.query(
      `insert into loan (id, patron, library, item, title, loaned_on, due_on, card)
       select $1, $2, id, 'i', 't', '2026-11-01', '2026-12-01', $3 from library limit 1`,
      [loan, patron, rows[0]?.number ?? null],
    )
    await only.query(
      `insert into hold (id, patron, library, title, placed_at, status) select $1, $2, id, 't', now(), 'waiting' from library limit 1`,
      [nextId(), patron],
    )
    await only.query(`insert into contact (id, patron, kind, value) values ($1, $2, 'email', $3)`, [
      nextId(),
      patron,
      `${loan}@example.org`,
    ])
    await only.query(`select return_loan($1, '2026-11-24')`, [loan])
    await only.query('update patron set last_activity_on = $2 where id = $1', [patron, '2026-11-24'])
  }

  test.each(doings)('in %s', async (_, doing) => {
    const before = await scans()
    await doing()
    expect(await scans()).toEqual(before)
  })
})

describe('a patron with a long history', () => {
  async function longReader(rows: number): Promise<{ keep: number; remove: number }> {
    const [keep = 0, remove = 0] = await registerPatrons(pool, 2)
    await owner.query(
      `insert into loan_history (id, patron, library, item, title, loaned_on, returned_on)
       select (select max(id) from loan_history) + n, $1, (select min(id) from library), 'i', 't', '2020-01-01', '2020-02-01'
       from generate_series(1, $2::int) n`,
      [remove, rows],
    )
    await owner.query('analyze loan_history')
    return { keep, remove }
  }

  /** Milliseconds, and what came of it; as the product does it, the limit is lifted where a busy machine needs longer. */
  async function timed<T>(work: (limited: boolean) => Promise<T>): Promise<[number, T]> {
    const began = performance.now()
    const result = await untilFree(work)
    return [performance.now() - began, result]
  }

  test('of 10,000 rows is merged and taken back, each in little more than it takes to move the rows', async () => {
    const pair = await longReader(10_000)
    const [merge = 0] = await newMerges(pool, [pair])
    const [plain] = await timed(() =>
      owner.query(
        `begin; set local ontdubbel.step = 'on'; update loan_history set patron = ${pair.keep} where patron = ${pair.remove}; rollback`,
      ),
    )
    const [there, merged] = await timed((limited) => mergedTogether(pool, [merge], limited))
    expect(merged).toEqual([merge])
    expect(await rowsOn(pool, pair.keep)).toEqual({ loan_history: 10_000 })
    const [back, undone] = await timed((limited) => inMergeTransaction(pool, (c) => takeBack(c, [merge]), { limited }))
    expect(undone).toEqual([merge])
    expect(await rowsOn(pool, pair.remove)).toEqual({ loan_history: 10_000 })
    expect(Math.max(there, back)).toBeLessThan(plain * TIMES_AT_MOST)
  })

  test('of 50,000 rows is merged step by step, without the limit where that is too short', async () => {
    const pair = await longReader(50_000)
    const { merge } = await openSingle(pool, { ...pair, ...BY }, { workflowId: 'long', firstRunId: '1' }, 1)
    for (const name of TRANSFERS) await doStep(pool, merge!, name, 1)
    await retireSingle(pool, merge!, 1)
    expect([await rowsOn(pool, pair.keep), await rowsOn(pool, pair.remove)]).toEqual([{ loan_history: 50_000 }, {}])
  })

  test('of 50,000 rows, in a group, comes again without the limit where that is too short, and nothing is half done', async () => {
    const pair = await longReader(50_000)
    const [merge = 0] = await newMerges(pool, [pair])
    const tooLong = await mergedTogether(pool, [merge], true).then(
      () => null,
      (error: unknown) => sqlState(error) ?? String(error),
    )
    if (tooLong !== null) {
      expect(tooLong).toBe('25P04')
      expect([await rowsOn(pool, pair.keep), await rowsOn(pool, pair.remove)]).toEqual([{}, { loan_history: 50_000 }])
      expect(await mergedTogether(pool, [merge])).toEqual([merge])
    }
    expect([await rowsOn(pool, pair.keep), await rowsOn(pool, pair.remove)]).toEqual([{ loan_history: 50_000 }, {}])
  })
})

test('a transaction that lasts too long is ended by the server and told as too long; the worker goes on', async () => {
  const sleeping = inMergeTransaction(pool, (c) => Promise.all([c.query('select pg_sleep(5)'), c.query('select 1')]))
  expect(await sleeping.then(() => null, sqlState)).toBe('25P04')
  // what pg says to everybody when a connection is gone would come now
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect((await pool.query('select 1 as works')).rows).toEqual([{ works: 1 }])
})
