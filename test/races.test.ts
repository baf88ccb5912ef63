import { setTimeout as pause } from 'node:timers/promises'
import type { Pool } from 'pg'
import { untilFree } from '../src/database/again'
import { judgeFailure } from '../src/database/failures'
import { createPool } from '../src/database/pool'
import { ON_THE_PATRON_ROW, SIDE_BY_SIDE, TRANSFERS } from '../src/domain/plan'
import { openSingle } from '../src/merges/openSingle'
import { doStep, retireSingle } from '../src/merges/stepSingle'
import { createMerge } from '../src/merges/store'
import { mergeGroup } from '../src/steps/group'
import { freshDatabase, type TestDatabase } from './support/database'
import { Desk, makeLibraries, nextId, registerPatrons, rowsOn } from './support/desk'

const RACES = 60
/** That are run at once: pairs of one group, and single races side by side. */
const AT_ONCE = 6
/** How often what is short is tried. */
const TIMES = [1, 2, 3, 4, 5]
/** Of a group that finds records in use. */
const PASSES_AT_MOST = 500
const PASS_PAUSE_AT_MOST_MS = 20
const BY = { by: 'test', on: '2026-11-24', accept: ['history-erased'] as 'history-erased'[] }

/** What a merge that lost a race is told. */
const LOST = ['merge-in-progress', 'already-merged']

type Pair = { keep: number; remove: number }
/** `merged`, or the code of the refusal. */
type Outcome = string

let database: TestDatabase
/** Two workers. */
let pools: Pool[]
beforeAll(async () => {
  database = await freshDatabase()
  pools = [1, 2].map((n) => createPool(database.url, { max: 16, pipeline: true, applicationName: `worker ${n}` }))
  await makeLibraries(database.pool)
})
afterAll(async () => {
  for (const pool of pools ?? []) await pool.end()
  await database?.drop()
})

/** Patrons with a card, a loan and a hold each. */
async function patrons(count: number): Promise<number[]> {
  const ids = await registerPatrons(database.pool, count)
  const desk = await Desk.open(database.url)
  for (const patron of ids) {
    await desk.insert('card', { patron, number: `card of ${patron}` })
    await desk.insert('loan', { patron })
    await desk.insert('hold', { patron, title: 'wanted by all' })
  }
  await desk.close()
  return ids
}

async function asSingle(worker: Pool, { keep, remove }: Pair): Promise<Outcome> {
  const workflow = { workflowId: `merge/${keep}/${remove}`, firstRunId: `${nextId()}` }
  const { merge, then, refusal } = await openSingle(worker, { keep, remove, ...BY }, workflow, 1)
  if (merge === null || then !== 'go-on') return refusal?.code ?? then
  const onTheRow = async () => {
    for (const name of ON_THE_PATRON_ROW) await doStep(worker, merge, name, 1)
  }
  await Promise.all([...SIDE_BY_SIDE.map((name) => doStep(worker, merge, name, 1)), onTheRow()])
  await retireSingle(worker, merge, 1)
  return 'merged'
}

/** All pairs as one group, which comes again with those that were in use. */
async function asGroup(worker: Pool, pairs: readonly Pair[]): Promise<Outcome[]> {
  const outcomes = new Map<number, Outcome>()
  const ids: number[] = []
  for (const pair of pairs) ids.push((await createMerge(worker, { ...pair, ...BY }, null)) ?? 0)
  const client = await worker.connect()
  try {
    for (let pass = 0; outcomes.size < ids.length; pass++) {
      if (pass === PASSES_AT_MOST) throw new Error(`${ids.length - outcomes.size} merges never ended`)
      try {
        const left = ids.filter((id) => !outcomes.has(id))
        const { merged, refused } = await mergeGroup(client, left)
        for (const id of merged) outcomes.set(id, 'merged')
        for (const { id, refusal } of refused) outcomes.set(id, refusal.code)
      } catch (error) {
        if (judgeFailure(error) !== 'again') throw error
      }
      await pause(Math.random() * PASS_PAUSE_AT_MOST_MS)
    }
  } finally {
    client.release()
  }
  return ids.map((id) => outcomes.get(id) ?? '')
}

/** Runs two merges against each other for each of the races, one on each worker; gives both outcomes of each. */
type Race = (races: readonly [Pair, Pair][]) => Promise<[Outcome, Outcome][]>

const WAYS: Record<string, Race> = {
  'as single merges': (races) =>
    Promise.all(races.map(async ([one, other]) => Promise.all([asSingle(pools[0]!, one), asSingle(pools[1]!, other)]))),
  'as groups': async (races) => {
    const [ones, others] = await Promise.all([
      asGroup(
        pools[0]!,
        races.map(([one]) => one),
      ),
      // the other way round, so that the groups meet in the middle
      asGroup(pools[1]!, races.map(([, other]) => other).reverse()).then((outcomes) => outcomes.reverse()),
    ])
    return races.map((_, n) => [ones[n] ?? '', others[n] ?? ''])
  },
}

/** Where each record leads in the end; fails on a circle. */
async function lastOf(patron: number): Promise<number> {
  const seen = new Set<number>()
  for (let current = patron; ;) {
    if (seen.has(current)) throw new Error(`merged_into goes in a circle at patron ${current}`)
    seen.add(current)
    const { rows } = await database.pool.query('select merged_into from patron where id = $1', [current])
    if (rows[0]?.merged_into == null) return current
    current = rows[0].merged_into as number
  }
}

/** Every card leads to the last record, on which everything is; the others hold nothing; nobody is in a merge. */
async function expectAllOnTheLast(records: readonly number[]): Promise<void> {
  for (const record of records) {
    const last = await lastOf(record)
    const card = await database.pool.query('select patron from card where number = $1', [`card of ${record}`])
    expect(card.rows).toEqual([{ patron: last }])
    if (last !== record) expect(await rowsOn(database.pool, record)).toEqual({})
    else {
      const here = (await Promise.all(records.map(lastOf))).filter((one) => one === record).length
      expect(await rowsOn(database.pool, record)).toEqual({ card: here, loan: here, hold: here })
      const open = await database.pool.query(`select from hold where patron = $1 and status <> 'cancelled'`, [record])
      expect(open.rowCount).toBe(1)
    }
  }
  const busy = await database.pool.query('select from patron where id = any($1) and merging is not null', [records])
  expect(busy.rowCount).toBe(0)
}

describe.each(Object.entries(WAYS))('%s', (_, race) => {
  test('B into A against A into C: one wins, the other follows or is refused with its code', async () => {
    for (let n = 0; n < RACES; n += AT_ONCE) {
      const ids = await patrons(AT_ONCE * 3)
      const triples = Array.from(
        { length: AT_ONCE },
        (_none, i) => ids.slice(i * 3, i * 3 + 3) as [number, number, number],
      )
      const outcomes = await race(
        triples.map(([a, b, c]) => [
          { keep: a, remove: b },
          { keep: c, remove: a },
        ]),
      )
      for (const [i, [into, onward]] of outcomes.entries()) {
        expect(['merged', ...LOST]).toContain(into)
        expect(['merged', 'merge-in-progress']).toContain(onward)
        expect([into, onward]).toContain('merged')
        const [a, b, c] = triples[i]!
        expect(await lastOf(b)).toBe(into !== 'merged' ? b : onward === 'merged' ? c : a)
        expect(await lastOf(a)).toBe(onward === 'merged' ? c : a)
        await expectAllOnTheLast([a, b, c])
      }
    }
  })

  test('A into B against B into A: one wins, the other is refused with its code, and nothing goes in a circle', async () => {
    for (let n = 0; n < RACES; n += AT_ONCE) {
      const ids = await patrons(AT_ONCE * 2)
      const pairs = Array.from({ length: AT_ONCE }, (_none, i) => ids.slice(i * 2, i * 2 + 2) as [number, number])
      const outcomes = await race(
        pairs.map(([a, b]) => [
          { keep: b, remove: a },
          { keep: a, remove: b },
        ]),
      )
      for (const [i, both] of outcomes.entries()) {
        expect(both.filter((outcome) => outcome === 'merged')).toHaveLength(1)
        expect(LOST).toContain(both.find((outcome) => outcome !== 'merged'))
        const [a, b] = pairs[i]!
        expect(await lastOf(a)).toBe(await lastOf(b))
        expect(await lastOf(a)).toBe(both[0] === 'merged' ? b : a)
        await expectAllOnTheLast([a, b])
      }
    }
  })

  test('the same pair asked for twice at once is merged once', async () => {
    const ids = await patrons(AT_ONCE * 2)
    const pairs = Array.from({ length: AT_ONCE }, (_none, i): Pair => ({ keep: ids[i * 2]!, remove: ids[i * 2 + 1]! }))
    for (const both of await race(pairs.map((pair) => [pair, pair]))) {
      expect(both.filter((outcome) => outcome === 'merged')).toHaveLength(1)
      expect([...LOST, 'report']).toContain(both.find((outcome) => outcome !== 'merged'))
    }
    for (const { keep, remove } of pairs) await expectAllOnTheLast([keep, remove])
    const retired = await database.pool.query(`select from merge where removed = any($1) and status = 'retired'`, [
      pairs.map(({ remove }) => remove),
    ])
    expect(retired.rowCount).toBe(AT_ONCE)
  })
})

/** What the ledger and the feed hold of a merge, each row with how often it is there. */
async function written(merge: number): Promise<Record<string, number>> {
  const { rows } = await database.pool.query(
    `select step, count(*) as n from merge_step where merge = $1 and done_at is not null group by step
     union all select 'change', count(*) from change where merge = $1`,
    [merge],
  )
  return Object.fromEntries(rows.map(({ step, n }) => [step, Number(n)]))
}
const ALL_ONCE = Object.fromEntries(['openMerge', ...TRANSFERS, 'retireRecord', 'change'].map((name) => [name, 1]))

test.each(TIMES)(
  'a doubled activity finds nothing to do: opening, every step and retirement, by two workers at once (%i)',
  async () => {
    const [keep = 0, remove = 0] = await patrons(2)
    const workflow = { workflowId: `merge/${keep}/${remove}`, firstRunId: 'doubled' }
    const twice = <T>(work: (worker: Pool, attempt: number) => Promise<T>) =>
      Promise.all(pools.map((pool, n) => work(pool, n + 1)))

    const opened = await twice((worker, attempt) => openSingle(worker, { keep, remove, ...BY }, workflow, attempt))
    expect(opened.map(({ then }) => then)).toEqual(['go-on', 'go-on'])
    expect(new Set(opened.map(({ merge }) => merge)).size).toBe(1)
    const merge = opened[0]?.merge ?? 0
    for (const name of TRANSFERS) await twice((worker, attempt) => doStep(worker, merge, name, attempt))
    await twice((worker, attempt) => retireSingle(worker, merge, attempt))

    expect(await written(merge)).toEqual(ALL_ONCE)
    const { rows } = await database.pool.query(
      `select (select counts from merge_step where merge = $1 and step = 'transferHolds') as holds,
       (select counts from merge_step where merge = $1 and step = 'transferCards') as cards`,
      [merge],
    )
    expect(rows).toEqual([{ holds: { holds: 1, collapsed: 1 }, cards: { cards: 1 } }])
    await expectAllOnTheLast([keep, remove])
  },
)

test.each(TIMES)('a doubled group merges each of its pairs once (%i)', async () => {
  const ids = await patrons(AT_ONCE * 2)
  const merges: number[] = []
  for (let n = 0; n < AT_ONCE; n++)
    merges.push((await createMerge(pools[0]!, { keep: ids[n * 2]!, remove: ids[n * 2 + 1]!, ...BY }, null)) ?? 0)
  const merged = await Promise.all(
    pools.map(async (worker) => {
      const client = await worker.connect()
      return untilFree(() => mergeGroup(client, merges))
        .then(({ merged }) => merged)
        .finally(() => client.release())
    }),
  )
  expect(merged.flat().sort((a, b) => a - b)).toEqual(merges)
  for (const merge of merges) expect(await written(merge)).toEqual(ALL_ONCE)
})
