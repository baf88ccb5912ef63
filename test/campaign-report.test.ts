import { campaignCommands, campaignReport, listCampaigns } from '../src/campaigns/report'
import { pairReports, toldPairs } from '../src/campaigns/pairReport'
import { OUTCOMES, type Outcome, type PairReport } from '../src/domain/campaign'
import { freshDatabase, type TestDatabase } from './support/database'

let database: TestDatabase
beforeAll(async () => (database = await freshDatabase()))
afterAll(() => database.drop())

const query = async <T extends object>(sql: string, values: unknown[] = []): Promise<T[]> =>
  (await database.pool.query<T>(sql, values)).rows

/** Inserts a row and gives its id. */
async function put(table: string, columns: Record<string, unknown>): Promise<number> {
  const names = Object.keys(columns)
  const [row] = await query<{ id: number }>(
    `insert into ${table} (${names.join(', ')}) values (${names.map((_, i) => `$${i + 1}`).join(', ')}) returning id`,
    Object.values(columns).map((value) => (isJson(value) ? JSON.stringify(value) : value)),
  )
  return row?.id ?? 0
}

const isJson = (value: unknown) =>
  typeof value === 'object' && value !== null && (!Array.isArray(value) || typeof value[0] === 'object')

/** A campaign, 1 hour old unless told otherwise. */
function campaign(columns: Record<string, unknown> = {}): Promise<number> {
  const usual = { on_date: '2026-11-27', lanes: 2, pace: 'desk', pairs: 0, by: 'an', created_at: hence(-3_600) }
  return put('campaign', { ...usual, ...columns })
}

const BEGAN = Date.now()
const hence = (seconds: number) => new Date(BEGAN + seconds * 1_000).toISOString()

interface PutPair {
  state?: string
  why?: object
  /** Columns of its merge; null: it has none. */
  merge?: Record<string, unknown> | null
  steps?: Record<string, Record<string, unknown>>
}

let patron = 100

/** Adds pairs to a campaign, in order; gives the ids of their merges. */
async function putPairs(of: number, pairs: readonly PutPair[]): Promise<(number | null)[]> {
  const merges: (number | null)[] = []
  for (const [i, { state = 'batched', why, merge, steps = {} }] of pairs.entries()) {
    const [kept, removed] = [(patron += 1), (patron += 1)]
    const made =
      merge == null
        ? null
        : await put('merge', { kept, removed, on_date: '2026-11-27', by: 'an', campaign: of, ...merge })
    for (const [step, counts] of Object.entries(steps)) {
      await query('insert into merge_step (merge, step, counts) values ($1, $2, $3)', [made, step, counts])
    }
    await query(
      `insert into campaign_pair (campaign, n, kept, removed, state, merge, why) values ($1, $2, $3, $4, $5, $6, $7)`,
      [of, i + 1, kept, removed, state, made, why === undefined ? null : JSON.stringify(why)],
    )
    merges.push(made)
  }
  await query('update campaign set pairs = $2 where id = $1', [of, pairs.length])
  return merges
}

const tally = (of: number, at: string, ended: number) => put('campaign_tally', { campaign: of, at, ended, bad: 0 })

async function all<T>(from: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const one of from) list.push(one)
  return list
}

const busyWith = (merge: number) => ({ code: 'merge-in-progress', details: { merge, patron: 7 } })

/** A pair of every outcome, each in its way. */
const EVERY: readonly [outcome: Outcome, pair: PutPair][] = [
  ['completed', { merge: { status: 'retired', portal: 'done' } }],
  ['refused', { merge: { status: 'refused', refusal: { code: 'protected', details: { patron: 1 } } } }],
  [
    'needs-acceptance',
    {
      merge: {
        status: 'refused',
        refusal: { code: 'needs-acceptance', details: { warnings: ['history-erased', 'rejected-before'] } },
        warnings: [
          { code: 'rejected-before', details: {} },
          { code: 'history-erased', details: {} },
        ],
      },
    },
  ],
  [
    'set-aside',
    { state: 'set-aside', merge: { status: 'new' }, why: { code: 'step-failed', details: { sqlState: '23514' } } },
  ],
  ['waiting-for-portal', { merge: { status: 'retired', portal: 'waiting' } }],
  ['portal-skipped', { merge: { status: 'retired', portal: 'skipped' } }],
  ['needs-attention', { merge: { status: 'retired', portal: 'gave-up' } }],
  ['undone', { merge: { status: 'undone', portal: 'done' } }],
  ['waiting', { state: 'waiting', merge: { status: 'new' }, why: busyWith(12) }],
  ['running', { merge: { status: 'retired', portal: 'pending' } }],
  ['pending', { state: 'blocked' }],
]

describe('the counts', () => {
  test('every outcome is there, and their sum is the number of pairs', async () => {
    const id = await campaign()
    await putPairs(
      id,
      EVERY.map(([, pair]) => pair),
    )
    const report = await campaignReport(database.pool, id)
    expect(Object.keys(report?.outcomes ?? {})).toEqual([...OUTCOMES])
    const once = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, outcome === 'not-run' ? 0 : 1]))
    expect(report?.outcomes).toEqual(once)
    expect(report?.pairs).toBe(EVERY.length)
  })

  test('what a cancelled campaign has not begun was not run, whatever it waited for', async () => {
    const id = await campaign({ status: 'cancelled', ended_at: hence(0) })
    await putPairs(id, [
      { state: 'ready' },
      { state: 'waiting', merge: { status: 'new' }, why: busyWith(3) },
      { merge: { status: 'abandoned' } },
      { merge: { status: 'retired', portal: 'done' } },
    ])
    const report = await campaignReport(database.pool, id)
    expect(report?.outcomes).toMatchObject({ 'not-run': 3, completed: 1, waiting: 0, pending: 0 })
    expect(report?.waitsFor).toEqual([])
  })

  test('another campaign does not count, and one without pairs has none', async () => {
    const id = await campaign()
    const report = await campaignReport(database.pool, id)
    expect(Object.values(report?.outcomes ?? {})).toEqual(OUTCOMES.map(() => 0))
    expect(await campaignReport(database.pool, 999_999)).toBeUndefined()
  })
})

describe('what it says of itself', () => {
  test('all that it was started with, and where its workflow is', async () => {
    const id = await campaign({
      name: 'Zomer',
      hours: '22:00-06:00',
      first: 10,
      pace: 'full',
      lanes: 3,
      reason: 'na de fusie',
      within_hours: false,
      workflow_id: 'campaign/x',
      first_run_id: 'run',
    })
    const urlOf = (workflow: object) => JSON.stringify(workflow)
    expect(await campaignReport(database.pool, id, { urlOf })).toMatchObject({
      id,
      name: 'Zomer',
      status: 'running',
      on: '2026-11-27',
      hours: '22:00-06:00',
      withinHours: false,
      first: 10,
      pace: 'full',
      lanes: 3,
      by: 'an',
      reason: 'na de fusie',
      paused: null,
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) as string,
      endedAt: null,
      temporalUrl: '{"workflowId":"campaign/x","firstRunId":"run"}',
    })
  })

  test('why it pauses, with its sentence in either language; no longer when it goes on', async () => {
    const id = await campaign({ status: 'paused', paused: { code: 'too-many-bad', details: { bad: 7, of: 100 } } })
    const inEnglish = await campaignReport(database.pool, id)
    expect(inEnglish?.paused).toMatchObject({ code: 'too-many-bad', details: { bad: 7, of: 100 } })
    expect(inEnglish?.paused?.message).toContain('(7 of 100)')
    const inDutch = await campaignReport(database.pool, id, { language: 'nl' })
    expect(inDutch?.paused?.message).toContain(`campaign resume ${id}`)
    expect(inDutch?.paused?.message).toContain('(7 van 100)')
    await query(`update campaign set status = 'running' where id = $1`, [id])
    expect((await campaignReport(database.pool, id))?.paused).toBeNull()
  })

  test('the unfinished merges that pairs wait for, each once, a few of many', async () => {
    const id = await campaign()
    const waiting = (merge: number): PutPair => ({ state: 'waiting', why: busyWith(merge) })
    await putPairs(id, [waiting(12), waiting(9), waiting(12), { state: 'ready' }])
    expect((await campaignReport(database.pool, id))?.waitsFor).toEqual([9, 12])
    const many = await campaign()
    await putPairs(
      many,
      Array.from({ length: 9 }, (_, i) => waiting(i + 1)),
    )
    expect((await campaignReport(database.pool, many))?.waitsFor).toEqual([1, 2, 3, 4, 5])
  })

  test('what was asked of it since, in order', async () => {
    const id = await campaign()
    for (const [command, reason] of [
      ['pause', 'te druk'],
      ['resume', null],
    ]) {
      await put('campaign_command', { campaign: id, command, by: 'jo', reason })
    }
    expect(await campaignCommands(database.pool, id)).toMatchObject([
      { command: 'pause', by: 'jo', reason: 'te druk' },
      { command: 'resume', by: 'jo', reason: null },
    ])
  })
})

describe('the rate', () => {
  const rate = async (id: number) => {
    const report = await campaignReport(database.pool, id)
    return [report?.pairsPerSecond, report?.secondsLeft]
  }
  const left = (n: number): PutPair[] => Array.from({ length: n }, () => ({ state: 'ready' }))

  test('is that of the last minute in which it merged, without what ended before that', async () => {
    const id = await campaign()
    await putPairs(id, [...left(30), { state: 'waiting', why: busyWith(1) }, { merge: { status: 'open' } }])
    await tally(id, hence(-100), 5_000)
    await tally(id, hence(-50), 400)
    await tally(id, hence(-40), 30)
    await tally(id, hence(-20), 63)
    // 93 in 30 s; 31 are still to be begun
    expect(await rate(id)).toEqual([3.1, 10])
  })

  test('of one group alone it is since the start of the campaign, a minute at most', async () => {
    const young = await campaign({ created_at: hence(-9) })
    await putPairs(young, left(10))
    await tally(young, hence(-5), 40)
    expect((await rate(young))[0]).toBeCloseTo(10, 0)
    const old = await campaign({ created_at: hence(-3_600) })
    await tally(old, hence(-5), 90)
    expect((await rate(old))[0]).toBe(1.5)
  })

  test('groups that ended at one moment are no division by zero', async () => {
    const id = await campaign({ created_at: hence(-25) })
    const at = hence(-5)
    await tally(id, at, 20)
    await tally(id, at, 20)
    expect((await rate(id))[0]).toBeCloseTo(2, 0)
  })

  test('there is none before the first group', async () => {
    const id = await campaign()
    await putPairs(id, left(3))
    expect(await rate(id)).toEqual([null, null])
  })

  test('lines in which no pair ended tell nothing of it', async () => {
    const id = await campaign({ created_at: hence(-25) })
    await putPairs(id, left(3))
    await tally(id, hence(-15), 20)
    await tally(id, hence(-1), 0)
    expect(await rate(id)).toEqual([2, 2])
  })

  test('of pairs that only wait for others it tells no time left', async () => {
    const id = await campaign({ created_at: hence(-25) })
    await putPairs(id, [{ state: 'waiting', why: busyWith(12) }])
    await tally(id, hence(-15), 20)
    expect(await rate(id)).toEqual([2, null])
  })

  test.each([
    ['paused', { status: 'paused' }, -5],
    ['outside of its hours', { within_hours: false }, -5],
    ['running, with nothing done for minutes', {}, -300],
  ])('a campaign that is %s tells no time left', async (_, columns, since) => {
    const id = await campaign(columns)
    await putPairs(id, left(10))
    await tally(id, hence(since - 10), 1)
    await tally(id, hence(since), 20)
    expect(await rate(id)).toEqual([2, null])
  })
})

test('the list of campaigns begins with the latest; those that have ended can be left out', async () => {
  const older = await campaign({ status: 'paused' })
  const ended = await campaign({ status: 'completed' })
  const latest = await campaign()
  const ids = (reports: { id: number }[]) => reports.map(({ id }) => id)
  expect(ids(await all(listCampaigns(database.pool))).slice(0, 3)).toEqual([latest, ended, older])
  expect(ids(await all(listCampaigns(database.pool, { unfinished: true }))).slice(0, 2)).toEqual([latest, older])
})

describe('a line a pair', () => {
  test('each outcome has its reason and its merge, where it has them', async () => {
    const id = await campaign()
    const merges = await putPairs(
      id,
      EVERY.map(([, pair]) => pair),
    )
    const reports = await all(pairReports(database.pool, id))
    expect(reports.map(({ outcome }) => outcome)).toEqual(EVERY.map(([outcome]) => outcome))
    const of = (outcome: Outcome) => reports.find((report) => report.outcome === outcome) as PairReport
    const reasons = Object.fromEntries(reports.flatMap(({ outcome, reason }) => (reason ? [[outcome, reason]] : [])))
    expect(reasons).toEqual({
      refused: 'protected',
      'needs-acceptance': 'history-erased rejected-before',
      'set-aside': 'step-failed',
      'needs-attention': 'portal-gave-up',
      waiting: 'merge-in-progress',
    })
    expect(of('needs-acceptance').warnings).toEqual(['history-erased', 'rejected-before'])
    const without = reports.filter(({ merge }) => merge === null).map(({ outcome }) => outcome)
    expect(without).toEqual(['set-aside', 'waiting', 'pending'])
    expect(reports.flatMap(({ merge }, i) => (merge === null ? [] : [merge === merges[i]]))).not.toContain(false)
    expect(Object.keys(of('completed'))).toEqual(['keep', 'remove', 'outcome', 'reason', 'warnings', 'merge', 'moved'])
  })

  test('what a merge itself says of its attention comes before the portal', async () => {
    const id = await campaign()
    const attention = { code: 'step-failed', details: { step: 'syncPortalLinks' } }
    const [merge] = await putPairs(id, [{ merge: { status: 'retired', portal: 'refused', attention } }])
    expect(await all(toldPairs(database.pool, id))).toMatchObject([
      { report: { reason: 'step-failed' }, why: { details: { merge, step: 'syncPortalLinks' } } },
    ])
  })

  test('a pair that waits names the merge that it waits for', async () => {
    const id = await campaign()
    await putPairs(id, [{ state: 'waiting', merge: { status: 'new' }, why: busyWith(41) }])
    expect(await all(toldPairs(database.pool, id))).toMatchObject([
      { report: { merge: null }, why: { details: { merge: 41 } } },
    ])
  })

  test('counts rows that moved, and nothing that was only counted, altered or deleted', async () => {
    const id = await campaign()
    await putPairs(id, [
      {
        merge: { status: 'retired', portal: 'done', warnings: [{ code: 'hold-collapsed', details: { holds: [1] } }] },
        steps: {
          openMerge: { bothRegistered: 2, historyOff: 1 },
          transferLoans: { loans: 3 },
          transferHolds: { holds: 2, collapsed: 1 },
          transferLoanHistory: {
            loanHistory: 7,
            erased: 4,
            erasedAt: { L1: 4 },
            preferences: 1,
            preferencesDropped: 1,
          },
          transferFees: { charges: 2, open: 1, openCents: 350 },
          transferContacts: { contacts: 0, known: 2 },
          transferMessages: { messages: 1 },
          transferCards: { cards: 1 },
          transferSubscriptions: { subscriptions: 1, stopped: 1, deleted: 1 },
          transferDetails: { details: 2 },
          applyInternetBlock: { blocked: 0 },
          syncPortalLinks: { changed: 5, removed: 1, goneAlready: 0 },
        },
      },
      { merge: { status: 'refused', refusal: { code: 'already-merged', details: {} } } },
    ])
    const [merged, refused] = await all(pairReports(database.pool, id))
    expect(merged?.moved).toEqual({
      loans: 3,
      holds: 2,
      loanHistory: 7,
      preferences: 1,
      charges: 2,
      contacts: 0,
      messages: 1,
      cards: 1,
      subscriptions: 1,
      portalLinks: 5,
    })
    expect(merged?.warnings).toEqual(['hold-collapsed'])
    expect([refused?.moved, refused?.warnings]).toEqual([{}, []])
  })

  test('a long list comes whole and in order, over several pages, with or without one outcome', async () => {
    const id = await campaign({ status: 'cancelled' })
    await query(
      `insert into campaign_pair (campaign, n, kept, removed, state)
       select $1, n, 1000000 + n, 2000000 + n, case when n % 3 = 0 then 'set-aside' else 'ready' end
       from generate_series(1, 4000) n`,
      [id],
    )
    const kept = async (filter = {}) =>
      (await all(pairReports(database.pool, id, filter))).map(({ keep }) => keep - 1_000_000)
    expect(await kept()).toEqual(Array.from({ length: 4_000 }, (_, i) => i + 1))
    expect(await kept({ outcome: 'set-aside' })).toEqual(Array.from({ length: 1_333 }, (_, i) => 3 * (i + 1)))
    expect(await kept({ outcome: 'completed' })).toEqual([])
  })

  test('there is none of a campaign that is not there', async () => {
    expect(await all(pairReports(database.pool, 999_999))).toEqual([])
  })
})
