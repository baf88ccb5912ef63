import fc from 'fast-check'
import { componentsOf, sampleOf } from '../src/campaigns/components'
import { readPairs } from '../src/campaigns/pairList'
import { previewCampaign } from '../src/campaigns/preview'
import { wholeList } from '../src/campaigns/wholeList'
import { createPool } from '../src/database/pool'
import type { ListedPair } from '../src/domain/campaign'
import { exportRecords } from '../src/interchange/dump'
import type { Pool } from 'pg'
import { newCampaign, putPatrons, refuseLoans, startCampaign, standOf, type Listed } from './support/campaigns'
import { testStack, type TestStack } from './support/stack'

let stack: TestStack
let pool: Pool

beforeAll(async () => {
  stack = await testStack({ campaigns: true })
  pool = createPool(stack.database.url, { pipeline: true, applicationName: 'test preview' })
}, 120_000)
afterAll(async () => {
  await pool.end()
  await stack.stop()
})

const OPTIONS = { on: '2026-11-27', accept: [], override: [], by: 'test' }
const listed = (pairs: readonly Listed[]): ListedPair[] =>
  pairs.map((pair) => ({ take: [], accept: [], override: [], ...pair }))
const everything = async (): Promise<unknown[]> => {
  const records: unknown[] = []
  for await (const record of exportRecords(stack.database.pool)) records.push(record)
  return records
}

test('a preview says what the campaign then does, and changes nothing', async () => {
  await putPatrons(
    stack.database.pool,
    Array.from({ length: 200 }, (_, n) => n + 1),
  )
  await stack.database.pool.query(`update patron set protected = true where id = 20`)
  // history that would be erased: must be accepted
  await stack.database.pool.query(
    `insert into loan_history (id, patron, library, title, item, loaned_on, returned_on) select i, i, 'ZOT', 'T', 'I' || i, '2026-01-01', '2026-02-01' from unnest(array[32, 34]) i`,
  )
  await refuseLoans(stack.database.superUrl, [42])
  const pairs: Listed[] = [
    ...Array.from({ length: 40 }, (_, n) => ({ keep: 2 * n + 1, remove: 2 * n + 2 })),
    { keep: 101, remove: 102 },
    { keep: 103, remove: 101 },
    { keep: 102, remove: 104 },
    { keep: 105, remove: 105 },
    { keep: 106, remove: 999_999 },
  ]
  pairs[16] = { ...pairs[16]!, accept: ['history-erased'] }
  const before = await everything()
  const preview = await previewCampaign(pool, listed(pairs), OPTIONS)
  expect(await everything()).toEqual(before)
  expect((await stack.database.pool.query('select from merge')).rowCount).toBe(0)
  expect(preview).toMatchObject({
    pairs: 45,
    previewed: 45,
    sampled: false,
    hangTogetherMoreWidely: 0,
    refusals: { protected: 1, 'already-merged': 1, 'same-record': 1, 'unknown-patron': 1 },
  })

  const campaign = await newCampaign(stack.database.pool, pairs)
  await (await startCampaign(stack, campaign)).result()
  const { outcomes } = await standOf(stack.database.pool, campaign)
  expect(preview.outcomes).toEqual({
    completed: outcomes.completed,
    refused: outcomes.refused,
    'needs-acceptance': outcomes['needs-acceptance'],
    'set-aside': outcomes['set-aside'],
    waiting: 0,
    busy: 0,
  })
  expect(outcomes).toMatchObject({ 'needs-acceptance': 1, 'set-aside': 1, refused: 4 })
  const { rows } = await stack.database.pool.query<{ code: string; n: number }>(
    `select w ->> 'code' as code, count(*)::int as n from merge m, jsonb_array_elements(m.warnings) w where m.status in ('retired', 'refused') group by 1`,
  )
  expect(preview.warnings).toEqual(Object.fromEntries(rows.map(({ code, n }) => [code, n])))
  expect(preview.moved).toMatchObject({ loans: outcomes.completed + 1, cards: outcomes.completed + 1 })
})

test('pairs that hang together more widely than fifty are counted and said', async () => {
  const kept = 1_000
  const ids = Array.from({ length: 61 }, (_, n) => kept + n)
  await putPatrons(stack.database.pool, ids)
  const preview = await previewCampaign(pool, listed(ids.slice(1).map((remove) => ({ keep: kept, remove }))), OPTIONS)
  expect(preview.previewed + preview.hangTogetherMoreWidely).toBe(60)
  expect(preview.hangTogetherMoreWidely).toBeGreaterThanOrEqual(10)
  expect(preview.outcomes.completed).toBe(preview.previewed)
})

test('the same pair twice is an error that names both lines', async () => {
  const text = '{"keep":1,"remove":2}\n{"keep":2,"remove":1}\n{"keep":1,"remove":2}\n'
  async function* input() {
    yield text
  }
  await expect(wholeList(readPairs(input()))).rejects.toMatchObject({
    code: 'bad-input',
    details: { line: 3, before: 1 },
  })
})

describe('what hangs together', () => {
  const pair = fc.record({ keep: fc.integer({ min: 1, max: 30 }), remove: fc.integer({ min: 1, max: 30 }) })

  test('every pair is in one component, in order; two components share nobody; each is connected', () => {
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 40 }), (pairs) => {
        const components = componentsOf(pairs)
        expect(components.flat().sort((a, b) => a - b)).toEqual([...pairs.keys()])
        const owners = new Map<number, number>()
        for (const [which, places] of components.entries()) {
          expect([...places].sort((a, b) => a - b)).toEqual(places)
          const reached = new Set(patronsOf(pairs[places[0]!]!))
          for (let grew = true; grew;) {
            const before = reached.size
            for (const place of places) {
              const two = patronsOf(pairs[place]!)
              if (two.some((one) => reached.has(one))) for (const one of two) reached.add(one)
            }
            grew = reached.size > before
          }
          for (const place of places) {
            for (const patron of patronsOf(pairs[place]!)) {
              expect(reached.has(patron)).toBe(true)
              expect(owners.get(patron) ?? which).toBe(which)
              owners.set(patron, which)
            }
          }
        }
      }),
    )
  })

  test('a sample is of whole components, no more than asked for, and always the same', () => {
    const components = componentsOf(Array.from({ length: 3_000 }, (_, n) => ({ keep: 2 * n, remove: 2 * n + 1 })))
    const sample = sampleOf(components, 500)
    expect(sample).toHaveLength(500)
    expect(sampleOf(components, 500)).toEqual(sample)
    // from all over the list
    expect(sample.filter(([place]) => place! < 1_500).length).toBeGreaterThan(150)
    expect(sample.filter(([place]) => place! >= 1_500).length).toBeGreaterThan(150)
  })
})

const patronsOf = ({ keep, remove }: { keep: number; remove: number }) => [keep, remove]
