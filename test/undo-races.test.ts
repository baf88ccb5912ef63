import type { Pool } from 'pg'
import { createPool } from '../src/database/pool'
import { TRANSFERS } from '../src/domain/plan'
import { openSingle } from '../src/merges/openSingle'
import { openUndo } from '../src/merges/openUndo'
import { doStep, retireSingle } from '../src/merges/stepSingle'
import { takeBackMerge } from '../src/merges/undoSingle'
import { freshDatabase, type TestDatabase } from './support/database'
import { Desk, makeLibraries, nextId, registerPatrons } from './support/desk'

const RACES = 16
const BY = { by: 'test', on: '2026-11-24' }

let database: TestDatabase
/** Two workers. */
let one: Pool
let two: Pool
beforeAll(async () => {
  database = await freshDatabase()
  one = createPool(database.url, { max: 8, pipeline: true })
  two = createPool(database.url, { max: 8, pipeline: true })
  await makeLibraries(database.pool)
})
afterAll(async () => {
  await one?.end()
  await two?.end()
  await database?.drop()
})

async function patronsWithCards(count: number): Promise<number[]> {
  const ids = await registerPatrons(database.pool, count)
  const desk = await Desk.open(database.url)
  for (const patron of ids) await desk.insert('card', { patron, number: `card of ${patron}` })
  await desk.close()
  return ids
}

/** The merge's id, or the code of its refusal. */
async function merge(pool: Pool, keep: number, remove: number): Promise<number | string> {
  const workflow = { workflowId: `merge/${keep}/${remove}`, firstRunId: `${nextId()}` }
  const { merge: id, then, refusal } = await openSingle(pool, { keep, remove, ...BY }, workflow, 1)
  if (id === null || then !== 'go-on') return refusal?.code ?? then
  for (const name of TRANSFERS) await doStep(pool, id, name, 1)
  await retireSingle(pool, id, 1)
  return id
}

/** `undone`, or the code of the refusal. */
async function undo(pool: Pool, id: number): Promise<string> {
  const { refusal } = await openUndo(pool, { merge: id, by: 'test' }, { workflowId: `undo/${id}`, firstRunId: '1' })
  return refusal?.code ?? (await takeBackMerge(pool, id))?.code ?? 'undone'
}

/** Where the cards of these patrons are. */
async function holders(patrons: readonly number[]): Promise<(number | undefined)[]> {
  const { rows } = await database.pool.query<{ number: string; patron: number }>(
    `select number, patron from card where number = any($1)`,
    [patrons.map((patron) => `card of ${patron}`)],
  )
  return patrons.map((patron) => rows.find(({ number }) => number === `card of ${patron}`)?.patron)
}

test.each(['kept', 'removed'] as const)(
  'an undo against another merge in which its kept record is the %s one: the merge stands and the undo is refused, or both are done',
  async (side) => {
    const seen = new Set<string>()
    for (let race = 0; race < RACES; race++) {
      const [a = 0, b = 0, c = 0] = await patronsWithCards(3)
      const first = (await merge(one, a, b)) as number
      const [keep, remove] = side === 'kept' ? [a, c] : [c, a]
      // in the first race the merge is first for sure, in the second the undo
      const early = race === 1 ? await undo(one, first) : null
      const merging = merge(two, keep, remove)
      if (race === 0) await merging
      const [undone, merged] = await Promise.all([early ?? undo(one, first), merging])
      seen.add(undone)
      expect(['undone', 'later-merge']).toContain(undone)
      expect(merged).toEqual(expect.any(Number))
      const end = side === 'kept' ? a : c
      expect(await holders([a, b, c])).toEqual([end, undone === 'undone' ? b : end, side === 'kept' ? a : c])
      const { rows } = await database.pool.query(`select event from change where merge = $1 order by cursor`, [first])
      expect(rows.map(({ event }) => event as string)).toEqual(undone === 'undone' ? ['merged', 'undone'] : ['merged'])
      // refused, it is as it was, and can be undone after the other
      if (undone === 'later-merge') {
        expect(await undo(one, merged as number)).toBe('undone')
        expect(await undo(one, first)).toBe('undone')
        expect(await holders([a, b, c])).toEqual([a, b, c])
      }
    }
    expect([...seen].sort()).toEqual(['later-merge', 'undone'])
  },
)

test('an undo asked for by several workers at once is done once, and told once', async () => {
  for (let race = 0; race < RACES; race++) {
    const [a = 0, b = 0] = await patronsWithCards(2)
    const id = (await merge(one, a, b)) as number
    const { then } = await openUndo(one, { merge: id, by: 'test' }, { workflowId: `undo/${id}`, firstRunId: '1' })
    expect(then).toBe('go-on')
    const answers = await Promise.all([one, two, one, two].map((pool) => takeBackMerge(pool, id)))
    expect(answers).toEqual([null, null, null, null])
    expect(await holders([a, b])).toEqual([a, b])
    const { rows } = await database.pool.query(`select event from change where merge = $1 order by cursor`, [id])
    expect(rows).toEqual([{ event: 'merged' }, { event: 'undone' }])
  }
})
