import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../src/database/pool'
import { OUTCOMES, type CampaignReport, type PairReport } from '../src/domain/campaign'
import { putPatrons, refuseLoans, standOf } from './support/campaigns'
import { follow, runCli, runHere, type Ended } from './support/cli'
import { testStack, type TestStack } from './support/stack'

let stack: TestStack
let env: Record<string, string>
let last = 0

beforeAll(async () => {
  stack = await testStack({ campaigns: true })
  env = stack.env
  // a campaign's workflow has its id, and other databases share the Temporal server
  const owner = await connect(stack.database.superUrl)
  await owner.query(`select setval(pg_get_serial_sequence('campaign', 'id'), $1)`, [1e9 + process.pid * 1e5])
  await owner.end()
})
afterAll(() => stack.stop())

const campaign = (args: readonly (string | number)[], input = '', more = {}): Promise<Ended> =>
  runHere(['campaign', ...args], { ...env, ...more }, input)

/** New pairs that share nobody. */
async function pairs(count: number): Promise<{ keep: number; remove: number }[]> {
  const ids = Array.from({ length: 2 * count }, () => ++last)
  await putPatrons(stack.database.pool, ids)
  return Array.from({ length: count }, (_, n) => ({ keep: ids[2 * n] ?? 0, remove: ids[2 * n + 1] ?? 0 }))
}

const ndjson = (list: readonly object[]) => list.map((one) => `${JSON.stringify(one)}\n`).join('')
const lines = ({ out }: Ended) =>
  out
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as PairReport)

/** Starts one and gives its report. */
async function started(list: readonly object[], ...options: (string | number)[]): Promise<CampaignReport> {
  const ended = await campaign(['start', '--pairs', '-', '--json', '--by', 'mia', ...options], ndjson(list))
  expect([ended.code, ended.err]).toEqual([0, expect.stringContaining('is started') as string])
  return ended.json() as CampaignReport
}

/** Asks how it stands until it is so. */
async function until(id: number, status: CampaignReport['status']): Promise<CampaignReport> {
  for (;;) {
    const report = await standOf(stack.database.pool, id)
    if (report.status === status) return report
    await sleep(50)
  }
}

describe('a list from beginning to end', () => {
  let list: { keep: number; remove: number }[]
  let ended: Ended
  let report: CampaignReport
  beforeAll(async () => {
    list = await pairs(3)
    const all = [...list, { keep: 999_999_999, remove: list[0]?.remove, take: ['address'] }]
    const options = ['--name', 'Herfst', '--wait', '--json', '--by', 'mia', '--reason', 'dubbels']
    ended = await campaign(['start', '--pairs', '-', ...options], ndjson(all))
    report = ended.json() as CampaignReport
  })

  test('with --wait it ends when the campaign does, with its object', () => {
    expect([ended.code, ended.err]).toEqual([0, ''])
    expect(Object.keys(report).slice(0, 6)).toEqual([
      'id',
      'status',
      'pairs',
      'outcomes',
      'pairsPerSecond',
      'temporalUrl',
    ])
    expect(report).toMatchObject({ status: 'completed', pairs: 4, name: 'Herfst', by: 'mia', reason: 'dubbels' })
    expect(Object.keys(report.outcomes)).toEqual([...OUTCOMES])
    expect(report.outcomes).toMatchObject({ completed: 3, refused: 1 })
  })

  test('a line a pair, in the order of the list', async () => {
    const told = lines(await campaign(['report', report.id, '--json']))
    expect(told.map(({ outcome, reason }) => reason ?? outcome)).toEqual([
      'completed',
      'completed',
      'completed',
      'unknown-patron',
    ])
    expect(told[0]).toEqual({
      ...list[0],
      outcome: 'completed',
      reason: null,
      warnings: expect.any(Array) as unknown,
      merge: expect.any(Number) as unknown,
      moved: expect.objectContaining({ loans: 1, cards: 1 }) as unknown,
    })
    const refused = lines(await campaign(['report', report.id, '--json', '--outcome', 'refused']))
    expect(refused).toEqual([told[3]])
    const merge = await runCli(['merge', 'show', String(refused[0]?.merge), '--json'], env)
    expect(merge.json()).toMatchObject({ status: 'refused', refusal: { code: 'unknown-patron' } })
  })

  test('as CSV it has a heading, lists with spaces, and a column for each kind of row', async () => {
    const { out, code } = await campaign(['report', report.id, '--csv'])
    const [heading, first, , , refused, end] = out.split('\n')
    expect(heading).toBe(
      'keep,remove,outcome,reason,warnings,merge,loans,holds,loanHistory,preferences,charges,contacts,messages,cards,subscriptions,portalLinks',
    )
    expect(first).toMatch(
      new RegExp(`^${list[0]?.keep},${list[0]?.remove},completed,,[a-z -]*,\\d+,1,0,0,0,0,1,0,1,1,0$`),
    )
    expect(refused).toMatch(/,refused,unknown-patron,,\d+,,,,,,,,,,$/)
    expect([code, end]).toEqual([0, ''])
  })

  test('people read the same in words, in Dutch too', async () => {
    const [inWords, status, all] = await Promise.all([
      campaign(['report', report.id, '--lang', 'nl']),
      campaign(['status', report.id, '--lang', 'nl']),
      campaign(['list']),
    ])
    expect(inWords.out).toContain(`${list[0]?.remove} naar ${list[0]?.keep}  voltooid  (ontdubbeling `)
    expect(inWords.out).toContain('1 uitlening')
    expect(status.out).toMatch(/^Campagne \d+ \(Herfst\): 4 paren, .* — voltooid\n/)
    expect(status.out).toContain('1 geweigerd')
    expect(status.out).toContain('door mia: dubbels')
    // none is unfinished: the latest
    const unnamed = await campaign(['status'])
    expect(unnamed.out).toContain('Campaign ' + report.id)
    expect(all.out).toMatch(new RegExp(`^ *${report.id}  .*  completed  4 of 4  Herfst$`, 'm'))
  })
})

test('--first pauses for a look, what pauses can be set, and goes on when it is told to', async () => {
  const { id } = await started(await pairs(5), '--first', 2, '--lanes', 1)
  const paused = await until(id, 'paused')
  expect(paused).toMatchObject({
    outcomes: { completed: 2, pending: 3 },
    paused: { code: 'first-pairs' },
    secondsLeft: null,
  })
  const set = await campaign(['set', id, '--lanes', 3, '--pace', 'full', '--hours', '22:00-06:00', '--json'])
  expect([set.code, set.json()]).toMatchObject([0, { lanes: 3, pace: 'full', hours: '22:00-06:00', status: 'paused' }])
  const lifted = await campaign(['set', id, '--hours', 'any', '--json'])
  expect(lifted.json()).toMatchObject({ lanes: 3, pace: 'full', hours: null })
  const unnamed = await campaign(['status', '--json'])
  expect(unnamed.json()).toEqual({ ...paused, ...(lifted.json() as object) })
  const resumed = await campaign(['resume', id, '--by', 'jo', '--reason', 'ziet er goed uit'])
  expect(resumed.code).toBe(0)
  expect(resumed.out).toContain('resume by jo: ziet er goed uit (')
  expect((await until(id, 'completed')).outcomes).toMatchObject({ completed: 5 })
  const again = await campaign(['pause', id])
  expect([again.code, again.err]).toEqual([3, expect.stringContaining('is completed: this cannot be asked') as string])
})

test('what was cancelled is not run; to cancel it again changes nothing', async () => {
  const { id } = await started(await pairs(4), '--first', 1, '--lanes', 1)
  await until(id, 'paused')
  const cancelled = await campaign(['cancel', id, '--json'])
  expect([cancelled.code, cancelled.json()]).toMatchObject([
    0,
    { status: 'cancelled', outcomes: { completed: 1, 'not-run': 3 } },
  ])
  const again = await campaign(['cancel', id, '--lang', 'nl'])
  expect([again.code, again.err]).toEqual([0, expect.stringContaining('al geannuleerd') as string])
  expect(again.out).toContain('3 niet uitgevoerd')
  expect((await campaign(['list'])).out).toMatch(new RegExp(`^ *${id}  .*  cancelled  1 of 4$`, 'm'))
  const refused = await campaign(['resume', id, '--lang', 'nl'])
  expect([refused.code, refused.err]).toEqual([
    3,
    expect.stringMatching(/kan niet gevraagd worden.*geannuleerd/) as string,
  ])
})

test('what was set aside says why, and is tried again', async () => {
  const list = await pairs(3)
  await refuseLoans(stack.database.superUrl, [list[1]?.remove ?? 0])
  const { id } = await started(list)
  expect((await until(id, 'completed')).outcomes).toMatchObject({ completed: 2, 'set-aside': 1 })
  const told = await campaign(['report', id, '--outcome', 'set-aside', '--lang', 'nl'])
  expect(told.out).toMatch(/opzij gezet {2}step-failed {2}De databank weigert dit paar \(SQLSTATE 23514\)/)
  await refuseLoans(stack.database.superUrl, [])
  expect((await campaign(['retry', id])).code).toBe(0)
  expect((await until(id, 'completed')).outcomes).toMatchObject({ completed: 3, 'set-aside': 0 })
  const nothing = await campaign(['retry', id])
  expect([nothing.code, nothing.err]).toEqual([0, expect.stringContaining('there is nothing to try again') as string])
})

/** The latest campaign, when there is a later one than this. */
async function latest(before = -1): Promise<number> {
  for (;;) {
    const { rows } = await stack.database.pool.query<{ id: number }>('select coalesce(max(id), 0) as id from campaign')
    const id = Number(rows[0]?.id)
    if (id > before) return id
    await sleep(50)
  }
}

describe('following', () => {
  /** Hours in which it is not now, whatever the time. */
  const notNow = () => {
    const hour = (more: number) => String((new Date().getUTCHours() + more) % 24).padStart(2, '0')
    return `${hour(8)}:00-${hour(9)}:00`
  }

  test('Ctrl-C stops following, not the campaign, and says so', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'ontdubbel-pairs-'))
    const file = path.join(folder, 'pairs.csv')
    const [pair] = await pairs(1)
    writeFileSync(file, `remove;keep\n${pair?.remove};${pair?.keep}\n`)
    const following = follow(['campaign', 'start', '--pairs', file, '--hours', notNow(), '--wait', '--json'], env)
    while (!following.err().includes('Outside of its hours')) await sleep(50)
    const { code } = await following.stop('SIGINT')
    rmSync(folder, { recursive: true })
    const { id, withinHours } = JSON.parse(following.out()) as CampaignReport
    expect(withinHours).toBe(false)
    expect(following.err()).toContain(`No longer followed; campaign ${id} goes on.`)
    expect(code).toBe(4)
    expect(await standOf(stack.database.pool, id)).toMatchObject({ status: 'running', withinHours: false })
    const status = await campaign(['status', id, '--lang', 'nl'])
    expect(status.out).toContain('Buiten de uren')
    const paused = await campaign(['pause', id, '--by', 'jo'])
    expect([paused.code, paused.out]).toEqual([0, expect.stringContaining('It was asked to pause (by jo).') as string])
    expect((await campaign(['cancel', id])).code).toBe(0)
  })

  test('where no worker runs it says so, and the campaign waits for one', async () => {
    const list = await pairs(1)
    const more = { TASK_QUEUE_PREFIX: `${stack.queuePrefix}-nobody` }
    const before = await latest()
    const start = ['campaign', 'start', '--pairs', '-', '--wait', '--json']
    const following = follow(start, { ...env, ...more }, ndjson(list))
    const id = await latest(before)
    const workflow = stack.client.workflow.getHandle(`campaign/${id}`)
    while (!(await workflow.describe().catch(() => null))) await sleep(50)
    // both wait for a worker, and as long
    const asked = await campaign(['pause', id, '--lang', 'nl'], '', more)
    expect([asked.code, asked.err]).toEqual([4, expect.stringContaining('Er draait geen worker') as string])
    expect(await following.ended).toEqual({ code: 4, signal: null })
    expect(following.err()).toContain('No worker is running')
    expect(JSON.parse(following.out())).toMatchObject({ id, status: 'running', outcomes: { pending: 1 } })
    await workflow.terminate('for a test')
    const resumed = await campaign(['resume', id])
    expect(resumed.code).toBe(0)
    expect((await until(id, 'completed')).outcomes).toMatchObject({ completed: 1 })
  })
})

describe('what makes no sense is wrong usage, and nothing is stored', () => {
  let before: unknown
  const stored = async () => (await stack.database.pool.query('select count(*) from campaign')).rows
  beforeAll(async () => (before = await stored()))
  afterAll(async () => expect(await stored()).toEqual(before))

  const START = ['start', '--pairs', '-'] as const
  test.each([
    [[...START, '--accept', 'unverified-login-gains-access'], 'never for a whole campaign'],
    [[...START, '--accept', 'history-erased', '--accept', 'rejected-before'], 'rejected-before'],
    [[...START, '--override', 'different-national-numbers', '--lang', 'nl'], 'nooit voor een hele campagne'],
    [[...START, '--lanes', '65'], 'from 1 to 64'],
    [[...START, '--first', '0'], 'from 1 to'],
    [[...START, '--pace', 'slow'], 'desk, full'],
    [[...START, '--hours', '20:00-20:00'], 'two different times'],
    [[...START, '--reason', 'mail an@example.org'], 'no e-mail address'],
    [[...START, '--name', 'x'.repeat(201)], 'name'],
    [['start'], '--pairs'],
    [['start', '--pairs', '/nowhere'], '/nowhere'],
    [['set', '1'], '--lanes, --pace, --hours'],
    [['set', '1', '--hours', 'never'], '"any"'],
    [['report', '1', '--csv', '--json'], 'not both'],
    [['report', '1', '--outcome', 'lost'], 'set-aside'],
    [['status', '1'], 'There is no campaign 1.'],
    [['report', '1'], 'There is no campaign 1.'],
    [['pause', '1', '--lang', 'nl'], 'Campagne 1 bestaat niet.'],
  ])('%j', async (args, said) => {
    const ended = await campaign(args, ndjson([{ keep: 1, remove: 2 }]))
    expect([ended.code, ended.out, ended.err]).toEqual([2, '', expect.stringContaining(said) as string])
  })

  test('a list that is wrong names its line', async () => {
    const wrong = await campaign([...START], '{"keep":1,"remove":2}\n{"keep":1,"remove":"x"}\n')
    expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('line 2') as string])
    const empty = await campaign([...START, '--lang', 'nl'], '')
    expect([empty.code, empty.err]).toEqual([2, expect.stringContaining('geen paren') as string])
  })
})
