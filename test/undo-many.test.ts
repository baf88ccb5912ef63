import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../src/database/pool'
import type { CampaignReport } from '../src/domain/campaign'
import type { UndoManyPreview, UndoManyReport } from '../src/domain/undoMany'
import {
  newCampaign,
  putPatrons,
  refuseLoans,
  reportsOf,
  standOf,
  startCampaign,
  type Listed,
} from './support/campaigns'
import { runHere, type Ended } from './support/cli'
import { until } from './support/desk'
import { rowsOf, type Rows } from './support/rows'
import { testStack, type TestStack } from './support/stack'

let stack: TestStack
let last = 0

beforeAll(async () => {
  stack = await testStack()
  // an undo of many has a workflow of its id, and other databases share the Temporal server
  const owner = await connect(stack.database.superUrl)
  for (const table of ['campaign', 'undo_many']) {
    await owner.query(`select setval(pg_get_serial_sequence('${table}', 'id'), $1)`, [2e9 + process.pid * 1e5])
  }
  await owner.end()
}, 120_000)
afterAll(() => stack.stop())
afterEach(() => stack.portal.behave({ mode: 'ok' }))

const ontdubbel = (...args: (string | number)[]): Promise<Ended> => runHere(args, stack.env)
const sql = async <Row extends object = Record<string, unknown>>(
  text: string,
  values: unknown[] = [],
): Promise<Row[]> => (await stack.database.pool.query<Row>(text, values)).rows

/** New patrons; every one has a link at the portal. */
async function patrons(count: number): Promise<number[]> {
  const ids = Array.from({ length: count }, () => ++last)
  await putPatrons(stack.database.pool, ids)
  await stack.portal.put(ids.map((id) => ({ id: `account-${id}`, links: [{ library: 'ZOT', actorId: id }] })))
  return ids
}

async function pairs(count: number): Promise<Listed[]> {
  const ids = await patrons(2 * count)
  return Array.from({ length: count }, (_, n) => ({ keep: ids[2 * n]!, remove: ids[2 * n + 1]! }))
}

/** Runs a campaign to its end. */
async function merged(list: readonly Listed[], options: Parameters<typeof newCampaign>[2] = {}): Promise<number> {
  const campaign = await newCampaign(stack.database.pool, list, options)
  await (await startCampaign(stack, campaign)).result()
  return campaign
}

const everybody = (list: readonly Listed[]) => [...new Set(list.flatMap(({ keep, remove }) => [keep, remove]))]
const before = async (list: readonly Listed[]): Promise<Rows> => rowsOf(stack.database.pool, everybody(list))

async function linksAreBack(list: readonly Listed[]): Promise<void> {
  const accounts = await stack.portal.dump()
  for (const id of everybody(list)) expect([id, accounts[`account-${id}`]]).toEqual([id, [`ZOT:${id}`]])
}

test('a campaign of pairs, chains and stars is undone: all records are as they were, all told as of single undos', async () => {
  const ids = await patrons(10)
  const [a, b, c, d, e, f, g, h, i, j] = ids as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  // a chain of four, a star of three, a pair
  const list: Listed[] = [
    { keep: b, remove: a },
    { keep: c, remove: b },
    { keep: d, remove: c },
    { keep: e, remove: f },
    { keep: e, remove: g },
    { keep: e, remove: h },
    { keep: i, remove: j },
  ]
  const was = await before(list)
  const campaign = await merged(list, { by: 'an' })
  expect((await standOf(stack.database.pool, campaign)).outcomes.completed).toBe(7)

  const preview = (await ontdubbel('campaign', 'undo', campaign, '--preview', '--json')).json() as UndoManyPreview
  expect(preview).toEqual({ merges: 7, undone: 7, refused: {}, notUndone: [], campaigns: [campaign] })
  expect((await standOf(stack.database.pool, campaign)).status).toBe('completed')

  const ended = await ontdubbel('campaign', 'undo', campaign, '--by', 'mia', '--reason', 'a wrong rule', '--json')
  expect([ended.code, ended.err]).toEqual([0, 'Undoing 7 merges, latest first.\n'])
  const { undo, ...report } = ended.json() as CampaignReport & { undo: UndoManyReport }
  expect(report).toMatchObject({ id: campaign, status: 'undone', pairs: 7, outcomes: { undone: 7 } })
  expect(undo).toMatchObject({
    campaign,
    status: 'undone',
    merges: 7,
    outcomes: { undone: 7, refused: 0, 'set-aside': 0, pending: 0 },
    notUndone: [],
    waitsForPortal: 0,
    by: 'mia',
    reason: 'a wrong rule',
  })
  expect(await before(list)).toEqual(was)
  await linksAreBack(list)

  // each as if it had been undone alone
  const merges = (await reportsOf(stack.database.pool, campaign)).map(({ merge }) => merge!)
  const events = await sql<{ merge: number; event: string }>(
    'select merge, event from change where merge = any($1) order by cursor',
    [merges],
  )
  expect(events.filter(({ event }) => event === 'undone')).toHaveLength(7)
  const order = events.filter(({ event }) => event === 'undone').map(({ merge }) => merges.indexOf(merge))
  for (const [later, earlier] of [
    [2, 1],
    [1, 0],
    [5, 4],
    [4, 3],
  ]) {
    expect(order.indexOf(later!)).toBeLessThan(order.indexOf(earlier!))
  }
  const shown = await ontdubbel('merge', 'show', merges[0]!)
  expect(shown.out).toMatch(/undone[^]*undo by mia: a wrong rule/)
  const single = await ontdubbel('undo', merges[0]!, '--json')
  expect([single.code, single.json()]).toEqual([
    0,
    expect.objectContaining({
      status: 'undone',
      by: 'mia',
      reason: 'a wrong rule',
      back: expect.objectContaining({ cards: 1, loans: 1, portalLinks: expect.any(Number) }),
      seen: [expect.objectContaining({ patron: b, of: a }), expect.objectContaining({ patron: a, of: b })],
    }),
  ])
  expect(await sql('select 1 from pair_decision where lower_patron = $1 and higher_patron = $2', [a, b])).toHaveLength(
    1,
  )
  expect(await stack.merge({ keep: i, remove: j, by: 'test' })).toMatchObject({
    refusal: { code: 'needs-acceptance', details: { warnings: ['rejected-before'] } },
  })

  // asked again
  const again = await ontdubbel('campaign', 'undo', campaign)
  expect([again.code, again.err]).toEqual([0, `Campaign ${campaign} is undone already: there is nothing to do.\n`])
  const status = await ontdubbel('campaign', 'status', campaign)
  expect(status.out).toContain('It was undone: 7 of 7.')
  expect(status.out).toContain('undo by mia: a wrong rule')
  expect((await ontdubbel('campaign', 'resume', campaign)).code).toBe(3)
})
