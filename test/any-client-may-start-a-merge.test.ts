import { WithStartWorkflowOperation } from '@temporalio/client'
import { connect } from '../src/database/pool'
import { open } from '../src/workflows/messages'
import { queueName } from '../src/workflows/names'
import { testStack, type TestStack } from './support/stack'

let stack: TestStack
let nextId = 1
beforeAll(async () => {
  stack = await testStack()
  await stack.database.pool.query(`insert into library (id, name) values ('ZOT', 'Zottegem')`)
})
afterAll(() => stack.stop())

/** Two records of one person, the second with a loan. */
async function pair(): Promise<{ keep: number; remove: number; loan: number }> {
  const keep = nextId++
  const remove = nextId++
  await stack.database.pool.query(`insert into patron (id, last_name) values ($1, 'Janssens'), ($2, 'Janssens')`, [
    keep,
    remove,
  ])
  await stack.database.pool.query(
    `insert into loan (id, patron, library, item, title, loaned_on, due_on) values ($1, $2, 'ZOT', 'i', 't', '2026-11-01', '2026-12-01')`,
    [remove, remove],
  )
  return { keep, remove, loan: remove }
}

const refusals: [string, unknown, string][] = [
  ['nothing', undefined, ''],
  ['a text', 'merge 1 and 2', ''],
  ['a list', [1, 2], ''],
  ['an unknown key', { keep: 1, remove: 2, by: 'me', keeep: 1 }, 'keeep'],
  ['a wrong type', { keep: '1', remove: 2, by: 'me' }, 'keep'],
  ['an id that is no whole number', { keep: 1.5, remove: 2, by: 'me' }, 'keep'],
  ['nobody who asks', { keep: 1, remove: 2 }, 'by'],
  ['a date that does not exist', { keep: 1, remove: 2, by: 'me', on: '2026-02-30' }, 'on'],
  ['a field that cannot be taken', { keep: 1, remove: 2, by: 'me', take: ['shoe-size'] }, 'take.0'],
  ['an unknown warning', { keep: 1, remove: 2, by: 'me', accept: ['everything'] }, 'accept.0'],
  ['an override that there is not', { keep: 1, remove: 2, by: 'me', override: ['protected'] }, 'override.0'],
  ['a reason with a national number', { keep: 1, remove: 2, by: 'me', reason: 'eID 71.09.07-213.64' }, 'reason'],
  [
    'a reason with an e-mail address',
    { keep: 1, remove: 2, by: 'me', reason: 'asked by nobody@nowhere.example' },
    'reason',
  ],
  ['a reason that is too long', { keep: 1, remove: 2, by: 'me', reason: 'x'.repeat(201) }, 'reason'],
]
test.each(refusals)('%s completes as refused with bad-input, naming the place', async (_, input, where) => {
  const report = await stack.merge(input)
  expect(report).toMatchObject({ id: null, status: 'refused', refusal: { code: 'bad-input', details: { where } } })
  expect(JSON.stringify(report)).not.toMatch(/71\.09|nobody@|shoe/)
})

test('a merge that does not exist completes as refused with unknown-merge', async () => {
  expect(await stack.merge({ merge: 999_999 })).toMatchObject({ status: 'refused', refusal: { code: 'unknown-merge' } })
})

test('null is as good as left out: some languages send it so', async () => {
  const { keep, remove } = await pair()
  const report = await stack.merge({ keep, remove, by: 'me', on: null, take: null, reason: null })
  expect(report.status).toBe('completed')
})

test('the same pair again is reported, not merged again; the Temporal identity is recorded', async () => {
  const { keep, remove } = await pair()
  const first = await stack.merge({ keep, remove, by: 'me' })
  const again = await stack.merge({ keep, remove, by: 'somebody else', on: '2020-01-01' })
  expect(again).toEqual(first)
  const { rows } = await stack.database.pool.query(
    'select count(*)::int as n, max(started_by) as who from merge where removed = $1',
    [remove],
  )
  expect(rows).toEqual([{ n: 1, who: expect.stringContaining('@') }])
})

test('while its steps are under way, a pair is refused under another id, joined with the same options, refused with others', async () => {
  const { keep, remove, loan } = await pair()
  const desk = await connect(stack.database.url)
  await desk.query('begin')
  await desk.query('select from loan where id = $1 for update', [loan])

  const workflowId = `${stack.queuePrefix}/joined`
  const start = () =>
    new WithStartWorkflowOperation('mergePatrons', {
      workflowId,
      taskQueue: queueName('desk', stack.queuePrefix),
      args: [{ keep, remove, by: 'me', on: '2026-11-24' }],
      workflowIdConflictPolicy: 'USE_EXISTING',
    })
  const ask = (asked: unknown) =>
    stack.client.workflow.executeUpdateWithStart(open, { args: [asked], startWorkflowOperation: start() })
  const first = await ask({ keep, remove, by: 'me', on: '2026-11-24' })
  expect(first).toMatchObject({ refusal: null, status: 'running' })

  expect(await ask({ keep, remove, by: 'you', reason: 'an option left out is no difference' })).toEqual(first)
  expect(await ask({ keep, remove, by: 'you', on: '2026-11-25', take: ['address'] })).toMatchObject({
    merge: first.merge,
    refusal: { code: 'merge-in-progress', details: { difference: 'on: 2026-11-24, take: –' } },
  })
  expect(await stack.merge({ keep, remove, by: 'you' })).toMatchObject({
    status: 'refused',
    refusal: { code: 'merge-in-progress', details: { merge: first.merge, workflow: workflowId } },
  })
  expect(await stack.merge({ keep: remove, remove: keep, by: 'you' })).toMatchObject({
    status: 'refused',
    refusal: { code: 'merge-in-progress', details: { merge: first.merge } },
  })

  await desk.query('rollback')
  await desk.end()
  expect(await stack.client.workflow.getHandle(workflowId).result()).toMatchObject({
    id: first.merge,
    status: 'completed',
  })
})

test('while a desk holds a record, the merge waits and says so; then it goes on', async () => {
  const { keep, remove } = await pair()
  const desk = await connect(stack.database.url)
  await desk.query('begin')
  await desk.query('update patron set last_activity_on = $2 where id = $1', [remove, '2026-11-23'])
  const handle = await stack.client.workflow.start('mergePatrons', {
    workflowId: `${stack.queuePrefix}/waiting`,
    taskQueue: queueName('desk', stack.queuePrefix),
    args: [{ keep, remove, by: 'me' }],
  })
  for (;;) {
    const { raw } = await handle.describe()
    const details = raw.pendingActivities?.[0]?.heartbeatDetails?.payloads?.[0]?.data
    if (details && Buffer.from(details).toString().includes('waits for a desk')) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await desk.query('commit')
  await desk.end()
  expect(await handle.result()).toMatchObject({ status: 'completed' })
  const { rows } = await stack.database.pool.query('select last_activity_on from patron where id = $1', [keep])
  expect(rows).toEqual([{ last_activity_on: '2026-11-23' }])
})

test('lists and filters of Temporal see status, kept and removed record', async () => {
  const { keep, remove } = await pair()
  const { id } = await stack.merge({ keep, remove, by: 'me' })
  const query = `OntdubbelStatus = "completed" and OntdubbelKept = "${keep}" and OntdubbelRemoved = "${remove}" and OntdubbelMerge = "${id}"`
  // other tests' records have the same numbers
  const ours = `${query} and TaskQueue = "${queueName('desk', stack.queuePrefix)}"`
  // eventually consistent: wait for it
  const found = async () => (await stack.client.workflow.count(ours)).count
  while ((await found()) === 0) await new Promise((resolve) => setTimeout(resolve, 100))
  expect(await found()).toBe(1)
})
