import fc from 'fast-check'
import type { Pool } from 'pg'
import { untilFree } from '../src/database/again'
import { createPool } from '../src/database/pool'
import { inMergeTransaction } from '../src/database/transaction'
import { openSingle } from '../src/merges/openSingle'
import { createMerge } from '../src/merges/store'
import { mergeGroup } from '../src/steps/group'
import { abandonMerges } from '../src/steps/setApart'
import { BesideTheModel } from './support/besideTheModel'
import { freshDatabase, type TestDatabase } from './support/database'
import { Desk, makeLibraries, registerPatrons, rowOf, until, type Key } from './support/desk'
import { action } from './support/lateActions'
import { PROPERTY_TIMEOUT_MS, runs } from './support/properties'
import { takeBack } from './support/takeBack'

const PATRONS = 4
const BY = { by: 'test', on: '2026-11-24' }

let database: TestDatabase
let pool: Pool
/** The second one's clock is set to another time zone. */
let desks: Desk[]
beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool(database.url, { pipeline: true })
  await makeLibraries(database.pool)
  desks = [await Desk.open(database.url), await Desk.open(database.url, 'repeatable read')]
  await desks[1]?.client.query(`set timezone to 'Australia/Eucla'`)
})
afterAll(async () => {
  for (const desk of desks ?? []) await desk.close()
  await pool?.end()
  await database?.drop()
})

test(
  'whatever merges, chains, desks and undos come in whatever order, every row is where the rules say, and comes back',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 30, maxLength: 60, size: 'max' }), async (actions) => {
        const both = new BesideTheModel(await registerPatrons(database.pool, PATRONS), pool, desks)
        for (const action of actions) {
          await both.happen(action)
          await both.compare()
        }
        await both.takeAllBack()
      }),
      { ...runs(2.5), endOnFailure: true },
    )
  },
  PROPERTY_TIMEOUT_MS,
)

/** A merge of two fresh records, as a group; and a third record beside them. */
async function mergedTrio(furnish: (kept: number, removed: number) => Promise<unknown> = async () => {}) {
  const [kept = 0, removed = 0, third = 0] = await registerPatrons(database.pool, 3)
  await furnish(kept, removed)
  const merge = (await createMerge(pool, { keep: kept, remove: removed, ...BY }, null)) ?? 0
  const client = await pool.connect()
  await mergeGroup(client, [merge]).finally(() => client.release())
  return { kept, removed, third, merge }
}

function undoing(merges: readonly number[], onWait?: () => void): Promise<number[]> {
  const back = () => inMergeTransaction(pool, (client) => takeBack(client, merges))
  return untilFree(back, { onWait })
}

test.each(['loan', 'loan_history', 'hold'] as const)(
  'a %s made with a card of the removed record, and not committed when the merge is taken back, goes back with it',
  async (table) => {
    const desk = await Desk.open(database.url)
    try {
      const { kept, removed, merge } = await mergedTrio((_, patron) =>
        desk.insert('card', { patron, number: `c${patron}` }),
      )
      await desk.begin()
      const key = await desk.insert(table, { patron: kept, card: `c${removed}` })
      let waits = 0
      const back = undoing([merge], () => waits++)
      await Promise.race([until('the reverse waits for the desk', () => waits > 0), back])
      await desk.commit()
      await back
      expect(await rowOf(database.pool, table, key)).toMatchObject({ patron: removed, written_for: null })
    } finally {
      await desk.close()
    }
  },
)

test('a hold that the redirect cancelled and a desk then moved to a third patron stays with the third', async () => {
  const desk = desks[0]!
  const { kept, removed, third, merge } = await mergedTrio((patron) =>
    desk.insert('hold', { patron, title: 'wanted by one' }),
  )
  const key = await desk.insert('hold', { patron: removed, title: 'wanted by one' })
  await desk.move('hold', key, kept, third)
  await undoing([merge])
  expect(await rowOf(database.pool, 'hold', key)).toMatchObject({
    patron: third,
    written_for: null,
    status: 'cancelled',
  })
})

test('a hold that the redirect cancelled and a desk opened again, beside one that has not moved: given up, the merge leaves the earlier one open', async () => {
  const desk = desks[0]!
  const [kept = 0, removed = 0] = await registerPatrons(database.pool, 2)
  const own = await desk.insert('hold', { patron: removed, title: 'wanted twice' })
  const { merge } = await openSingle(
    pool,
    { keep: kept, remove: removed, ...BY },
    { workflowId: 'w', firstRunId: '1' },
    1,
  )
  const key = await desk.insert('hold', { patron: removed, title: 'wanted twice' })
  expect(await rowOf(database.pool, 'hold', key)).toMatchObject({ patron: kept, status: 'cancelled' })
  await desk.client.query(`update hold set status = 'waiting', reason = null where id = $1`, [key])
  expect(await inMergeTransaction(pool, (client) => abandonMerges(client, [merge!]))).toEqual([merge])
  expect(await rowOf(database.pool, 'hold', own)).toMatchObject({ patron: removed, status: 'waiting' })
  expect(await rowOf(database.pool, 'hold', key)).toMatchObject({
    patron: removed,
    status: 'cancelled',
    reason: 'duplicate-after-merge',
  })
})

/** A contact, of which the kind and the mark matter. */
const contact = (patron: number, kind: 'email' | 'mobile', is_primary: boolean): Promise<Key> =>
  desks[0]!.insert('contact', { patron, kind, is_primary })

test('two contacts of two kinds that had their mark, made one kind by a desk since: the one that it left as it was has it again', async () => {
  const desk = desks[0]!
  const keys: Key[] = []
  const { removed, merge } = await mergedTrio(async (kept, patron) => {
    keys.push(await contact(patron, 'mobile', true), await contact(patron, 'email', true))
    await contact(kept, 'mobile', true)
    await contact(kept, 'email', true)
  })
  const [changed, left] = keys as [Key, Key]
  await desk.change('contact', changed, { kind: 'email', value: 'changed@example.org' })
  await undoing([merge])
  expect(await rowOf(database.pool, 'contact', changed)).toMatchObject({ patron: removed, is_primary: false })
  expect(await rowOf(database.pool, 'contact', left)).toMatchObject({ patron: removed, is_primary: true })
})

test('a contact stored for the removed record, made primary by a desk beside one that has not moved: given up, the earlier one keeps its mark', async () => {
  const desk = desks[0]!
  const [kept = 0, removed = 0] = await registerPatrons(database.pool, 2)
  const own = await contact(removed, 'email', true)
  const asked = { keep: kept, remove: removed, ...BY }
  const { merge } = await openSingle(pool, asked, { workflowId: 'p', firstRunId: '1' }, 1)
  const key = await contact(removed, 'email', false)
  await desk.change('contact', key, { is_primary: true })
  expect(await rowOf(database.pool, 'contact', key)).toMatchObject({ patron: kept, is_primary: true })
  expect(await inMergeTransaction(pool, (client) => abandonMerges(client, [merge!]))).toEqual([merge])
  expect(await rowOf(database.pool, 'contact', own)).toMatchObject({ patron: removed, is_primary: true })
  expect(await rowOf(database.pool, 'contact', key)).toMatchObject({ patron: removed, is_primary: false })
})

test('a hold of a third patron, brought there by another merge, that a desk moves to the removed record goes back as that record’s own', async () => {
  const desk = desks[0]!
  const { kept, removed, merge } = await mergedTrio((patron) => desk.insert('hold', { patron, title: 'wanted by one' }))
  let key: Key = 0
  const other = await mergedTrio(
    async (_, patron) => (key = await desk.insert('hold', { patron, title: 'wanted by one' })),
  )
  await desk.move('hold', key, other.kept, removed)
  expect(await rowOf(database.pool, 'hold', key)).toMatchObject({
    patron: kept,
    written_for: removed,
    status: 'cancelled',
  })
  await undoing([merge])
  expect(await rowOf(database.pool, 'hold', key)).toMatchObject({
    patron: removed,
    written_for: null,
    status: 'waiting',
  })
})

test('the reverse of several merges takes every removed record as a merge does: no desk can write for one meanwhile', async () => {
  const trios = await Promise.all([1, 2, 3].map(() => mergedTrio()))
  const removed = trios.map((trio) => trio.removed)
  await inMergeTransaction(
    pool,
    async (client) => {
      await takeBack(
        client,
        trios.map(({ merge }) => merge),
      )
      const { rows } = await database.pool.query('select id from patron where id = any($1) for key share skip locked', [
        removed,
      ])
      expect(rows).toEqual([])
    },
    { limited: false },
  )
})
