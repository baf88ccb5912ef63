import { optionalTsToMs } from '@temporalio/common/lib/time'
import { connect } from '../src/database/pool'
import type { CampaignReport } from '../src/domain/campaign'
import type { UndoManyPreview, UndoManyReport } from '../src/domain/undoMany'
import {
  everybody,
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
import { backlogWorkflowIdOf, queueName } from '../src/workflows/names'

let stack: TestStack
// merges have workflows of their ids, and other databases share the Temporal server
let last = 910_000

beforeAll(async () => {
  stack = await testStack({ campaigns: true })
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

const before = async (list: readonly Listed[]): Promise<Rows> => rowsOf(stack.database.pool, everybody(list))

async function linksAreBack(list: readonly Listed[]): Promise<void> {
  const accounts = await stack.portal.dump()
  for (const id of everybody(list)) expect([id, accounts[`account-${id}`]]).toEqual([id, [`ZOT:${id}`]])
}

test('a campaign of pairs, chains and stars is undone: all records are as they were, all told as of single undos', async () => {
  const ids = await patrons(10)
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0, j = 0] = ids
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

test('what may not be undone is reported with its code, what fails is left as it is, and neither stops another', async () => {
  const list = await pairs(6)
  const [x] = await patrons(1)
  const campaign = await merged(list)
  const merges = (await reportsOf(stack.database.pool, campaign)).map(({ merge }) => merge!)
  // merged on since; its old values stripped; refused by the database; undone by hand
  const later = await stack.merge({ keep: x, remove: list[0]!.keep, by: 'test' })
  expect(later.status).toBe('completed')
  await sql('update merge set stripped_at = now() where id = $1', [merges[1]])
  await refuseLoans(stack.database.superUrl, [list[2]!.keep])
  expect(await stack.undo({ merge: merges[3], by: 'an' })).toMatchObject({ status: 'undone' })

  const preview = await ontdubbel('campaign', 'undo', campaign, '--preview')
  expect([preview.code, preview.out]).toEqual([
    0,
    [
      'What an undo would do, as things are now: 5 merges',
      '  3 would be undone',
      '  2 would be refused',
      `    1 undo-window-over: merges ${merges[1]}`,
      `    1 later-merge: merges ${merges[0]}`,
      '',
    ].join('\n'),
  ])
  const ended = await ontdubbel('campaign', 'undo', campaign, '--json')
  expect(ended.code).toBe(4)
  const { undo, outcomes, status } = ended.json() as CampaignReport & { undo: UndoManyReport }
  expect([status, outcomes.undone, outcomes.completed]).toEqual(['undone', 3, 3])
  expect(undo).toMatchObject({
    merges: 5,
    outcomes: { undone: 2, refused: 2, 'set-aside': 1, pending: 0 },
    notUndoneBy: { 'later-merge': 1, 'undo-window-over': 1, 'undo-failed': 1 },
  })
  expect(undo.notUndone.map(({ merge, outcome, code, details }) => [merge, outcome, code, details])).toEqual([
    [merges[2], 'set-aside', 'undo-failed', { merge: merges[2], sqlState: '23514' }],
    [merges[1], 'refused', 'undo-window-over', { merge: merges[1] }],
    [merges[0], 'refused', 'later-merge', { merge: merges[0], later: later.id, patron: list[0]!.keep }],
  ])
  expect(await sql('select merged_into from patron where id = $1', [list[2]!.remove])).toEqual([
    { merged_into: list[2]!.keep },
  ])
  await linksAreBack(list.slice(3))

  // the later one undone, the cause mended: they are tried again; in the end one is left that cannot be
  await stack.undo({ merge: later.id, by: 'an' })
  await refuseLoans(stack.database.superUrl, [])
  const again = await ontdubbel('campaign', 'undo', campaign, '--lang', 'nl')
  expect([again.code, again.out]).toEqual([
    0,
    expect.stringContaining(
      `  2 ongedaan gemaakt\n  1 geweigerd\n    1 undo-window-over: ontdubbelingen ${merges[1]}\n`,
    ),
  ])
  const last = await ontdubbel('campaign', 'undo', campaign, '--json')
  expect([last.code, (last.json() as CampaignReport).status]).toEqual([3, 'undone'])
  expect((await ontdubbel('campaign', 'status', campaign)).out).toContain('Not undone: 1.')
})

test('all that one person approved is undone, alone and in campaigns; a period, by dates of Brussels and by moments', async () => {
  const [one, two, three, four, five] = (await pairs(5)) as [Listed, Listed, Listed, Listed, Listed]
  const list = [one, two, three, four, five]
  const was = await before(list)
  const campaign = await merged([one, two], { by: 'Bea' })
  const single = await stack.merge({ ...three, by: 'Bea' })
  await stack.merge({ ...four, by: 'Cis' })
  // somebody else merged one of hers on
  const later = await stack.merge({ keep: five.keep, remove: one.keep, by: 'Cis' })
  const merges = (await reportsOf(stack.database.pool, campaign)).map(({ merge }) => merge!)
  const madeAt = (merge: number | null, at: string) => sql('update merge set opened_at = $2 where id = $1', [merge, at])
  // the last day of March has 23 hours: from 23:00 UTC to 22:00 UTC
  await madeAt(merges[0]!, '2026-03-28T22:59:59Z')
  await madeAt(merges[1]!, '2026-03-28T23:00:00Z')
  await madeAt(single.id, '2026-03-29T22:00:00Z')

  const numbers = async (...args: string[]): Promise<unknown> => {
    const { merges: n, undone } = (await ontdubbel('undo', ...args, '--preview', '--json')).json() as UndoManyPreview
    return [n, undone]
  }
  expect(await numbers('--approved-by', 'Bea')).toEqual([3, 2])
  expect(await numbers('--approved-by', 'Nobody')).toEqual([0, 0])
  expect(await numbers('--from', '2026-03-29', '--to', '2026-03-30')).toEqual([1, 1])
  expect(await numbers('--from', '2026-03-28', '--to', '2026-03-29')).toEqual([1, 0])
  expect(await numbers('--approved-by', 'Bea', '--to', '2026-03-29T22:00:00Z')).toEqual([2, 1])
  expect(await numbers('--approved-by', 'Bea', '--from', '2026-03-30T00:00+02:00')).toEqual([1, 1])

  for (const wrong of [
    ['--approved-by', ''],
    ['--from', '2026-03-30', '--to', '2026-03-29'],
    ['--to', '2026-03-29'],
  ]) {
    const refused = await ontdubbel('undo', ...wrong, '--preview')
    expect([wrong, refused.code, refused.err]).toEqual([wrong, 2, expect.stringContaining('--from')])
  }
  const day = await ontdubbel('undo', '--from', '2026-03-29', '--to', '2026-03-30', '--by', 'mia', '--json')
  expect([day.code, day.err, day.json()]).toEqual([
    0,
    'Undoing 1 merge, latest first.\n',
    expect.objectContaining({
      status: 'undone',
      campaign: null,
      from: '2026-03-28T23:00:00Z',
      to: '2026-03-29T22:00:00Z',
    }),
  ])
  const hers = await ontdubbel('undo', '--approved-by', 'Bea')
  expect([hers.code, hers.out]).toEqual([
    0,
    expect.stringMatching(/approved by Bea.*2 merges[^]*1 undone\n +1 refused\n.*later-merge/),
  ])
  await stack.undo({ merge: later.id, by: 'test' })
  expect((await ontdubbel('undo', '--approved-by', 'Bea')).code).toBe(0)
  expect((await ontdubbel('undo', '--approved-by', 'Cis')).code).toBe(0)
  expect(await before(list)).toEqual(was)
  await linksAreBack(list)
  const none = await ontdubbel('undo', '--approved-by', 'Bea')
  expect([none.code, none.out]).toEqual([0, 'There is no merge to undo.\n'])
  // the campaign was undone piece by piece
  expect(await standOf(stack.database.pool, campaign)).toMatchObject({ status: 'completed', outcomes: { undone: 2 } })

  for (const wrong of [
    [],
    [single.id!, '--approved-by', 'Bea'],
    ['--to', '2026-03-30'],
    ['--from', '2026-02-30'],
    ['--from', '2026-03-30T10:00'],
  ]) {
    expect([wrong, (await ontdubbel('undo', ...wrong)).code]).toEqual([wrong, 2])
  }
  expect((await ontdubbel('campaign', 'undo', 999)).code).toBe(2)
})

test('a campaign that runs is not undone; one that pauses is cancelled with it, and its workflow ends', async () => {
  const list = await pairs(4)
  const was = await before(list)
  const campaign = await newCampaign(stack.database.pool, list, { first: 2, by: 'Dirk' })
  const runs = await ontdubbel('campaign', 'undo', campaign)
  expect([runs.code, runs.err]).toEqual([3, expect.stringContaining(`ontdubbel campaign pause ${campaign}`)])
  const handle = await startCampaign(stack, campaign)
  await until('it is paused', async () => (await standOf(stack.database.pool, campaign)).status === 'paused')
  await sql(`update campaign set status = 'running' where id = $1`, [campaign])
  expect((await ontdubbel('undo', '--approved-by', 'Dirk')).code).toBe(3)
  await sql(`update campaign set status = 'paused' where id = $1`, [campaign])

  const ended = await ontdubbel('campaign', 'undo', campaign, '--json')
  expect([ended.code, ended.json()]).toEqual([
    0,
    expect.objectContaining({ status: 'undone', outcomes: expect.objectContaining({ undone: 2, 'not-run': 2 }) }),
  ])
  expect((await handle.result()).id).toBe(campaign)
  expect(await before(list)).toEqual(was)
  await linksAreBack(list)
})

test('with the portal down the records are set apart; whoever waited for it, or waits now, is swept; one refused is for a person', async () => {
  const list = await pairs(3)
  const [alone, given] = (await pairs(2)) as [Listed, Listed]
  await stack.portal.behave({ mode: 'down' })
  // two that wait by themselves, of which one is given up; a campaign's wait for the sweeper
  for (const { keep, remove } of [alone, given]) await ontdubbel('merge', keep, remove, '--by', 'Elke', '--no-wait')
  const campaign = await merged(list.slice(0, 2), { by: 'Elke' })
  const waiting = async () =>
    sql<{ id: number }>(`select id from merge where portal = 'waiting' and kept = any($1) order by kept`, [
      [alone.keep, given.keep],
    ])
  await until('both wait', async () => (await waiting()).length === 2)
  const [waits, skipped] = (await waiting()) as [{ id: number }, { id: number }]
  await ontdubbel('merge', 'skip-portal', skipped.id, '--reason', 'test')
  await stack.portal.behave({ mode: 'ok' })
  const another = await merged(list.slice(2), { by: 'Elke' })
  await stack.portal.behave({ mode: 'down' })

  const ended = await ontdubbel('undo', '--approved-by', 'Elke', '--json')
  const report = ended.json() as UndoManyReport
  expect([ended.code, report.outcomes.undone]).toEqual([4, 5])
  // those whose link never moved need no call, but what the sweeper has tried is its own
  expect(report.waitsForPortal).toBeGreaterThanOrEqual(3)
  const apart = everybody([...list, alone, given])
  expect(await sql('select id from patron where id = any($1) and merged_into is not null', [apart])).toEqual([])
  expect(await stack.client.workflow.getHandle(`merge/${alone.keep}/${alone.remove}`).result()).toMatchObject({
    id: waits.id,
    status: expect.stringMatching(/^und/),
  })
  expect(await sql('select id from message where patron = any($1)', [apart])).toEqual([])

  // the last one's account is refused when the portal is back: a person's, who has it tried again
  await stack.portal.behave({ mode: 'ok' })
  await stack.portal.behave({ mode: 'refuse', account: `account-${list[2]!.remove}` })
  const stand = async () =>
    (
      await sql<{ n: number }>(
        `select count(*)::int as n from merge where portal in ('pending', 'waiting') and kept = any($1)`,
        [apart],
      )
    )[0]?.n
  await until('nothing waits', async () => {
    await hurry()
    return (await stand()) === 0
  })
  const [refused] = (await reportsOf(stack.database.pool, another)).map(({ merge }) => merge!)
  expect((await ontdubbel('merge', 'show', refused!, '--json')).json()).toMatchObject({
    status: 'needs-attention',
    attention: { code: 'portal-refused' },
  })
  await stack.portal.behave({ mode: 'ok', account: `account-${list[2]!.remove}` })
  expect((await ontdubbel('merge', 'retry-portal', refused!, '--json')).json()).toMatchObject({ status: 'undone' })
  await linksAreBack([...list, alone, given])
  expect((await standOf(stack.database.pool, campaign)).outcomes.undone).toBe(2)
})

/** Has the sweeper try now, not in a minute. */
async function hurry(): Promise<void> {
  const execution = { workflowId: backlogWorkflowIdOf(queueName('campaign', stack.queuePrefix)) }
  const service = stack.client.workflowService
  try {
    const { pendingActivities } = await service.describeWorkflowExecution({ namespace: 'default', execution })
    // one that tries at this moment would be broken off, one that is about to would begin anew
    if (!pendingActivities?.some(({ nextAttemptScheduleTime: at }) => (optionalTsToMs(at) ?? 0) > Date.now())) return
    await service.resetActivity({ namespace: 'default', execution, type: 'sweepPortal' })
  } catch {
    // it ended meanwhile, or has not begun
  }
}

test('a desk that has a record is waited for; terminated meanwhile it is found, and the same command goes on with it', async () => {
  const list = await pairs(3)
  const was = await before(list)
  const campaign = await merged(list)
  const desk = await connect(stack.database.url)
  try {
    await desk.query('begin')
    await desk.query('select id from patron where id = $1 for update', [list[1]!.keep])
    const started = await ontdubbel('campaign', 'undo', campaign, '--no-wait', '--json')
    expect([started.code, started.json()]).toEqual([
      0,
      expect.objectContaining({ status: 'undoing', undo: expect.objectContaining({ status: 'undoing' }) }),
    ])
    await until(
      'the others are undone',
      async () => (await standOf(stack.database.pool, campaign)).outcomes.undone === 2,
    )
    const status = await ontdubbel('campaign', 'status', campaign)
    expect(status.out).toContain('It is being undone: 2 of 3 so far.')
    await stack.client.workflow.getHandle(`undo-campaign/${campaign}`).terminate('by hand')
    const doctor = (await ontdubbel('doctor', '--json')).json() as { checks: { check: string; remedy: string }[] }
    expect(doctor.checks.find(({ check }) => check === 'undos-of-many')).toMatchObject({
      ok: false,
      remedy: `ontdubbel campaign undo ${campaign}`,
    })
    await desk.query('rollback')
  } finally {
    await desk.end()
  }
  const ended = await ontdubbel('campaign', 'undo', campaign)
  expect([ended.code, ended.err]).toEqual([0, 'The same is being undone already: it is followed.\n'])
  expect(await before(list)).toEqual(was)
  await linksAreBack(list)
  const events = await sql<{ n: number }>(
    `select count(*)::int as n from change where event = 'undone' and kept = any($1)`,
    [list.map(({ keep }) => keep)],
  )
  expect(events).toEqual([{ n: 3 }])
})
