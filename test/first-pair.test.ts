import { connect } from '../src/database/pool'
import { queueName } from '../src/workflows/names'
import { runCli, runHere, type Ended } from './support/cli'
import { testStack, type TestStack } from './support/stack'

let stack: TestStack
let env: Record<string, string>

const FILE = [
  { type: 'library', id: 'ZOT', name: 'Bibliotheek Zottegem' },
  {
    type: 'patron',
    id: 1001,
    lastName: 'Janssens',
    firstName: 'Mia',
    cards: [{ number: '2000000010017', status: 'active' }],
  },
  {
    type: 'patron',
    id: 1002,
    lastName: 'Janssens',
    firstName: 'Mia',
    loans: [{ id: 1, library: 'ZOT', item: '0300001', title: 'T77', loanedOn: '2026-11-02', dueOn: '2026-11-30' }],
  },
  { type: 'patron', id: 1003, lastName: 'Peeters', nationalNumber: '84031202245' },
  {
    type: 'patron',
    id: 1004,
    lastName: 'Peeters',
    registeredOnline: true,
    internetBlock: { reason: 'online-registration' },
  },
  { type: 'patron', id: 1005, lastName: 'Peeters' },
  { type: 'patron', id: 1006, lastName: 'Peeters' },
  { type: 'patron', id: 1007, lastName: 'Peeters' },
  { type: 'patron', id: 1008, lastName: 'Peeters' },
  { type: 'patron', id: 1009, lastName: 'Peeters' },
]

/** As a person runs it: each kind of command and each exit code once. */
const asProcess = (...args: (string | number)[]): Promise<Ended> => runCli(args, env)
const ontdubbel = (...args: (string | number)[]): Promise<Ended> => runHere(args, env)
/** A merge that waits for a worker in vain, while the other tests go on. */
let alone: Promise<Ended>

beforeAll(async () => {
  stack = await testStack()
  env = { ...stack.env, TEMPORAL_UI_URL: 'http://ui.example' }
  const loaded = await runCli(
    ['import', '-', '--json'],
    env,
    FILE.map((record) => `${JSON.stringify(record)}\n`).join(''),
  )
  expect([loaded.code, loaded.err]).toEqual([0, ''])
  expect(loaded.json()).toMatchObject({ libraries: 1, patrons: 9, loans: 1, cards: 1 })
  alone = runCli(['merge', 1008, 1009, '--json'], withoutWorker())
})
afterAll(() => stack.stop())

test('a pair from a file of one’s own: preview, merge, look, export', async () => {
  const preview = await asProcess('preview', 1001, 1002, '--on', '2026-11-24', '--json')
  expect(preview.code).toBe(0)
  const seen = preview.json() as { token: string }
  expect(seen).toMatchObject({
    id: null,
    status: 'preview',
    keep: 1001,
    remove: 1002,
    on: '2026-11-24',
    refusal: null,
    token: expect.any(String),
  })

  const merged = await asProcess(
    'merge',
    1001,
    1002,
    '--on',
    '2026-11-24',
    '--if',
    seen.token,
    '--by',
    'mia',
    '--reason',
    'twice registered',
    '--json',
  )
  expect(merged.code).toBe(0)
  const report = merged.json() as {
    id: number
    steps: { step: string; status: string; attempts: number; counts: unknown }[]
  }
  expect(Object.keys(report).sort()).toEqual(
    [
      'attention',
      'by',
      'id',
      'keep',
      'on',
      'reason',
      'refusal',
      'remove',
      'status',
      'steps',
      'temporalUrl',
      'warnings',
    ].sort(),
  )
  expect(report).toMatchObject({ status: 'completed', by: 'mia', reason: 'twice registered', attention: null })
  expect(report.steps).toHaveLength(13)
  expect(report.steps.every(({ status, attempts }) => status === 'done' && attempts === 1)).toBe(true)
  expect(report.steps).toContainEqual({ step: 'transferLoans', status: 'done', attempts: 1, counts: { loans: 1 } })

  const again = await ontdubbel('merge', 1001, 1002, '--json')
  expect([again.code, again.json()]).toEqual([0, report])
  // it has ended: other options are no difference any more
  const otherwise = await ontdubbel('merge', 1001, 1002, '--take', 'name', '--json')
  expect([otherwise.code, otherwise.json()]).toEqual([0, report])
  expect((await ontdubbel('preview', 1001, 1002)).code).toBe(0)
  expect((await asProcess('merge', 'show', report.id, '--json')).json()).toEqual(report)
  expect((await ontdubbel('merge', 'list', '--patron', 1002, '--json')).json()).toEqual(report)

  const exported = await asProcess('export', '--patron', 1002)
  const records = exported.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: unknown; mergedInto?: unknown; loans?: unknown[] })
  expect(records.find(({ id }) => id === 1002)).toEqual({ type: 'patron', id: 1002, mergedInto: 1001 })
  expect(records.find(({ id }) => id === 1001)?.loans).toHaveLength(1)
})

test('a warning that must be accepted ends with 3 and changes nothing; accepted, it is another merge', async () => {
  expect((await ontdubbel('preview', 1003, 1004)).code).toBe(0)
  const refused = await asProcess('merge', 1003, 1004, '--json')
  expect(refused.code).toBe(3)
  expect(refused.json()).toMatchObject({
    status: 'refused',
    refusal: { code: 'needs-acceptance', details: { warnings: ['unverified-login-gains-access'] } },
  })
  const accepted = await ontdubbel('merge', 1003, 1004, '--accept', 'unverified-login-gains-access', '--json')
  expect([accepted.code, accepted.json()]).toEqual([0, expect.objectContaining({ status: 'completed' })])
})

test('a preview’s token does not hold when anything has changed since', async () => {
  const { token } = (await ontdubbel('preview', 1005, 1006, '--on', '2026-11-24', '--json')).json() as { token: string }
  const asked = ['merge', 1005, 1006, '--if', token, '--json']
  expect((await ontdubbel(...asked, '--on', '2026-11-25')).json()).toMatchObject({
    refusal: { code: 'changed-since-preview' },
  })
  await stack.database.pool.query(`update patron set last_activity_on = '2026-11-23' where id = 1006`)
  const refused = await ontdubbel(...asked, '--on', '2026-11-24')
  expect(refused.code).toBe(3)
  expect(refused.json()).toMatchObject({ refusal: { code: 'changed-since-preview' } })
})

/** Where no worker looks. */
const withoutWorker = () => ({ ...env, TASK_QUEUE_PREFIX: `${stack.queuePrefix}-nobody` })

test.each([
  ['a record that does not exist', ['merge', 1005, 9999], 3, /no patron 9999/],
  ['the same record twice', ['merge', 1005, 1005], 3, /both sides/],
  ['no number', ['merge', 'x', 1005], 2, /positive whole number/],
  ['a field that cannot be taken', ['preview', 1005, 1006, '--take', 'shoes'], 2, /one of name/],
  ['a date that does not exist', ['preview', 1005, 1006, '--on', '2026-02-30'], 2, /YYYY-MM-DD/],
  ['a reason with an e-mail address', ['merge', 1005, 1006, '--reason', 'asked by a@example.org'], 2, /reason/],
  ['a merge that does not exist', ['merge', 'show', 424242], 2, /no merge 424242/],
] as const)('%s: a sentence and the exit code', async (_, args, code, sentence) => {
  const ended = await ontdubbel(...args)
  expect(ended.code).toBe(code)
  expect(ended.err + ended.out).toMatch(sentence)
})

test('a command that does not exist: a sentence and the exit code', async () => {
  const ended = await asProcess('marge', 1005, 1006)
  expect([ended.code, ended.err]).toEqual([2, expect.stringContaining('There is no command')])
})

test('what staff read comes in Dutch too', async () => {
  const ended = await ontdubbel('preview', 1005, 1005, '--lang', 'nl')
  expect([ended.code, ended.out]).toEqual([3, expect.stringContaining('staat aan beide kanten')])
})

test('without a worker the merge is started, and says so with exit code 4', async () => {
  const ended = await alone
  expect(ended.code).toBe(4)
  expect(ended.err).toMatch(/No worker is running/)
  expect(ended.json()).toMatchObject({ id: null, status: 'running' })
  const started = await runHere(['merge', 1006, 1007, '--no-wait', '--json'], withoutWorker())
  expect([started.code, started.json()]).toEqual([0, expect.objectContaining({ id: null, status: 'running' })])
  for (const id of ['merge/1008/1009', 'merge/1006/1007'])
    await stack.client.workflow.getHandle(id).terminate('the test is over')
})

test('another pair’s workflow under this pair’s id is not taken for its merge', async () => {
  await stack.client.workflow.execute('mergePatrons', {
    workflowId: 'merge/2001/2002',
    taskQueue: queueName('desk', stack.queuePrefix),
    args: [{ keep: 1005, remove: 1005, by: 'somebody' }],
  })
  await stack.database.pool.query(
    `insert into patron (id, last_name) values (2001, 'A'), (2002, 'A'), (2003, 'A'), (2004, 'A')`,
  )
  const desk = await connect(stack.database.url)
  await desk.query('begin')
  await desk.query('select from patron where id = 2004 for update')
  const other = await stack.client.workflow.start('mergePatrons', {
    workflowId: 'merge/2001/2002',
    taskQueue: queueName('desk', stack.queuePrefix),
    args: [{ keep: 2003, remove: 2004, by: 'somebody' }],
  })
  const released = (said: string) => (said.includes('Waiting: a desk') ? void desk.query('rollback') : undefined)
  const merged = await runCli(['merge', 2001, 2002, '--json'], env, '', released)
  expect([merged.code, merged.json()]).toEqual([
    0,
    expect.objectContaining({ status: 'completed', keep: 2001, remove: 2002 }),
  ])
  await other.result()
  await desk.end()
})

test('nowhere to go: an error that says what to set or start', async () => {
  const ended = await runHere(['merge', 'list', '--data-dir', '/nonexistent'], {})
  expect([ended.code, ended.err]).toEqual([2, expect.stringContaining('ontdubbel up')])
})

test.each([[[]], [['--no-wait']]])('with a database that is not there, no merge is started: %j', async (more) => {
  const ended = await runHere(['merge', 3001, 3002, ...more], {
    ...env,
    DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nothing',
  })
  expect([ended.code, ended.err]).toEqual([1, expect.stringContaining('DATABASE_URL')])
  await expect(stack.client.workflow.getHandle('merge/3001/3002').describe()).rejects.toMatchObject({
    name: 'WorkflowNotFoundError',
  })
})
