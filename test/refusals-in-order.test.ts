import { previewMerge } from '../src/merges/preview'
import { openSingle } from '../src/merges/openSingle'
import { ON } from './support/arbitraries'
import { aCharge } from './support/examples'
import { someWorkflow } from './support/mergeOnDatabase'
import { blankPatron, type PatronRecord } from './support/records'
import { rowsOf } from './support/rows'
import { useDatabase } from './support/useDatabase'

const setting = useDatabase()

/** Everything that speaks against merging 2 into 1 at once. */
async function atOdds(): Promise<{ keep: number; remove: number; ids: number[] }> {
  const kept: Partial<PatronRecord> = { nationalNumber: '84031202245', protected: true }
  const removed: Partial<PatronRecord> = {
    legitimation: 'eID 84.03.12-024.43',
    charges: [aCharge(1, { inCollection: true }), aCharge(2, { amount: 0, inCollection: true })],
  }
  const { offset, ids } = await setting.put({
    patrons: [blankPatron(1, kept), blankPatron(2, removed)],
    rejected: [[1, 2]],
  })
  return { keep: offset + 1, remove: offset + 2, ids }
}

async function refusalOf(asked: {
  keep: number
  remove: number
  override?: string[]
  accept?: string[]
  ifToken?: string
}) {
  const { refusal } = await openSingle(setting.pool, { on: ON, by: 'test', ...asked }, someWorkflow(), 1)
  return refusal?.code ?? null
}

test('of all that speaks against a merge the first is told, and nothing is changed until nothing is left', async () => {
  const { keep, remove, ids } = await atOdds()
  const pair = { keep, remove }
  const before = await rowsOf(setting.pool, ids)
  expect(await refusalOf({ ...pair, keep: remove })).toBe('same-record')
  expect(await refusalOf({ ...pair, remove: remove + 50 })).toBe('unknown-patron')
  expect(await refusalOf(pair)).toBe('protected')
  expect(await rowsOf(setting.pool, ids)).toEqual(before)

  await setting.pool.query(`update patron set protected = false where id = any($1)`, [ids])
  const ifToken = 'a preview of long ago'
  expect(await refusalOf({ ...pair, ifToken })).toBe('different-national-numbers')
  const override = ['different-national-numbers']
  expect(await refusalOf({ ...pair, ifToken, override })).toBe('charges-in-collection')
  override.push('charges-in-collection')
  expect(await refusalOf({ ...pair, ifToken, override })).toBe('changed-since-preview')
  expect(await refusalOf({ ...pair, override })).toBe('needs-acceptance')
  expect(await rowsOf(setting.pool, ids)).toEqual({
    ...before,
    patron: before.patron.map((row) => ({ ...row, protected: false })),
  })

  const { token } = await previewMerge(setting.pool, { ...pair, on: ON, override, by: 'test' } as never, [], 'en')
  expect(await refusalOf({ ...pair, override, accept: ['rejected-before'], ifToken: token ?? '' })).toBeNull()
  expect(await refusalOf({ keep: remove, remove: keep })).toBe('merge-in-progress')
})

test('a record that does not exist is told before one that was merged away, and that before a protected one', async () => {
  const { ids, offset } = await setting.put({
    patrons: [blankPatron(1, { protected: true }), blankPatron(2), blankPatron(3, { lastName: '', mergedInto: 2 })],
    rejected: [],
  })
  const [guarded = 0, , merged = 0] = ids
  expect(await refusalOf({ keep: offset + 90, remove: merged })).toBe('unknown-patron')
  expect(await refusalOf({ keep: guarded, remove: merged })).toBe('already-merged')
  expect(await refusalOf({ keep: merged, remove: guarded })).toBe('already-merged')
  expect(await refusalOf({ keep: offset + 2, remove: guarded })).toBe('protected')
})
