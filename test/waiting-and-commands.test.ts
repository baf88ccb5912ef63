import { connect } from '../src/database/pool'
import { workflowIdOf } from '../src/workflows/names'
import { runCli, runHere, type Ended } from './support/cli'
import { untilBackingOff } from './support/scene'
import { testStack, type TestStack } from './support/stack'

let stack: TestStack
let last = 9_000

const ontdubbel = (...args: (string | number)[]): Promise<Ended> => runHere(args, stack.env)

/** Two records of one person with nothing but a subscription and a portal link of the one that goes. */
async function pair(): Promise<{ keep: number; remove: number; account: string }> {
  const [keep, remove] = [++last, ++last]
  await stack.database.pool.query(`insert into patron (id, last_name) values ($1, 'A'), ($2, 'A')`, [keep, remove])
  await stack.database.pool.query(
    `insert into subscription (id, patron, library, product, starts_on) values ($1, $1, 'ZOT', 'adult', '2025-01-01')`,
    [remove],
  )
  const account = `account-${remove}`
  await stack.portal.put([{ id: account, links: [{ library: 'ZOT', actorId: remove }] }])
  return { keep, remove, account }
}

async function ledgerTimes(merge: number): Promise<unknown[]> {
  const { rows } = await stack.database.pool.query(
    `select step, done_at::text as at from merge_step where merge = $1 and step <> 'syncPortalLinks' order by step`,
    [merge],
  )
  return rows
}

/** A command that waits for a worker in vain, while the other tests go on. */
let alone: { keep: number; remove: number; ended: Promise<Ended> }

beforeAll(async () => {
  stack = await testStack()
  await stack.database.pool.query(`insert into library (id, name) values ('ZOT', 'Zottegem')`)
  const { keep, remove } = await pair()
  await stack.portal.behave({ mode: 'down' })
  const { id } = (await ontdubbel('merge', keep, remove, '--json')).json() as { id: number }
  const own = stack.client.workflow.getHandle(workflowIdOf(keep, remove))
  // or an attempt under way would complete it
  await untilBackingOff(own)
  await own.terminate('by hand')
  await stack.portal.behave({ mode: 'ok' })
  const withoutWorker = { ...stack.env, TASK_QUEUE_PREFIX: `${stack.queuePrefix}-nobody` }
  alone = { keep, remove, ended: runCli(['merge', 'resume', id], withoutWorker) }
})
afterEach(() => stack.portal.behave({ mode: 'ok' }))
afterAll(() => stack.stop())

test('a merge waits for a portal that is down, is listed as waiting, and completes on retry-portal without a step run again', async () => {
  const { keep, remove, account } = await pair()
  expect((await ontdubbel('portal', 'behave', 'down', '--json')).json()).toMatchObject({ rules: [{ mode: 'down' }] })
  const waits = await ontdubbel('merge', keep, remove, '--json')
  expect(waits.code).toBe(4)
  const { id } = waits.json() as { id: number }
  expect(waits.json()).toMatchObject({ status: 'waiting-for-portal' })
  expect((await ontdubbel('merge', 'list', '--status', 'waiting-for-portal')).out).toContain(`${remove} into ${keep}`)
  const times = await ledgerTimes(id)

  const stillDown = await ontdubbel('merge', 'retry-portal', id, '--json')
  expect([stillDown.code, stillDown.json()]).toEqual([4, expect.objectContaining({ status: 'waiting-for-portal' })])
  // or it would complete by itself
  await untilBackingOff(stack.client.workflow.getHandle(workflowIdOf(keep, remove)))
  await stack.portal.behave({ mode: 'ok' })
  const retried = await ontdubbel('merge', 'retry-portal', id, '--by', 'mia', '--json')
  expect([retried.code, retried.json()]).toEqual([0, expect.objectContaining({ status: 'completed' })])
  expect(await ledgerTimes(id)).toEqual(times)
  expect((await stack.portal.dump())[account]).toEqual([`ZOT:${keep}`])
  expect((await ontdubbel('merge', 'show', id)).out).toContain('retry-portal by mia')

  const again = await ontdubbel('merge', 'retry-portal', id)
  expect([again.code, again.err]).toEqual([0, expect.stringContaining('does not wait for the portal')])
})

test('a portal that refuses needs attention; giving it up leaves the notice with the remedy, once', async () => {
  const { keep, remove } = await pair()
  await stack.portal.behave({ mode: 'refuse' })
  const refused = await ontdubbel('merge', keep, remove, '--json')
  const { id } = refused.json() as { id: number }
  expect([refused.code, refused.json()]).toEqual([
    4,
    expect.objectContaining({
      status: 'needs-attention',
      attention: expect.objectContaining({ code: 'portal-refused' }),
    }),
  ])
  expect((await ontdubbel('merge', 'abandon', id)).code).toBe(3)
  expect((await ontdubbel('merge', 'skip-portal', id)).code).toBe(2)
  const skipped = await ontdubbel('merge', 'skip-portal', id, '--reason', 'portal ended', '--json')
  expect([skipped.code, skipped.json()]).toEqual([0, expect.objectContaining({ status: 'portal-skipped' })])
  const notices = async () =>
    (await stack.database.pool.query(`select library, kind, text from message where patron = $1`, [keep])).rows
  expect(await notices()).toEqual([
    { library: 'ZOT', kind: 'notice', text: expect.stringContaining(`met klant ${remove}`) },
  ])
  expect((await ontdubbel('merge', 'skip-portal', id, '--reason', 'again')).code).toBe(3)
  expect(await notices()).toHaveLength(1)
})

test('a step that fails for good needs attention; resume goes on where it stood, abandon takes the merge back', async () => {
  const owner = await connect(stack.database.superUrl)
  await owner.query(
    `create function fail_here() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = '23514'; end $$`,
  )
  await owner.query(`create trigger fail_here before update on subscription for each row execute function fail_here()`)
  const one = await pair()
  const other = await pair()
  const failed = await ontdubbel('merge', one.keep, one.remove, '--json')
  const { id } = failed.json() as { id: number }
  expect(failed.code).toBe(4)
  expect(failed.json()).toMatchObject({
    status: 'needs-attention',
    attention: { code: 'step-failed', details: { step: 'transferSubscriptions', sqlState: '23514' } },
  })
  const second = (await ontdubbel('merge', other.keep, other.remove, '--json')).json() as { id: number }
  const back = await ontdubbel('merge', 'abandon', second.id, '--json')
  await owner.query('drop trigger fail_here on subscription')
  await owner.end()
  expect([back.code, back.json()]).toEqual([0, expect.objectContaining({ status: 'abandoned' })])
  const { rows } = await stack.database.pool.query('select patron from subscription where id = $1', [other.remove])
  expect(rows).toEqual([{ patron: other.remove }])
  const resumed = await ontdubbel('merge', 'resume', id, '--json')
  expect([resumed.code, resumed.json()]).toEqual([0, expect.objectContaining({ status: 'completed' })])
})

test('a merge whose workflow somebody terminated is taken up again', async () => {
  const { keep, remove, account } = await pair()
  await stack.portal.behave({ mode: 'down' })
  const { id } = (await ontdubbel('merge', keep, remove, '--json')).json() as { id: number }
  await stack.client.workflow.getHandle(`merge/${keep}/${remove}`).terminate('by hand')
  await stack.portal.behave({ mode: 'ok' })
  expect((await ontdubbel('merge', 'resume', '--orphaned', '--json')).code).toBe(0)
  expect((await ontdubbel('merge', 'show', id, '--json')).json()).toMatchObject({ status: 'completed' })
  expect((await stack.portal.dump())[account]).toEqual([`ZOT:${keep}`])
})

test('without a worker a command says so, and asks nothing', async () => {
  const { code, err } = await alone.ended
  expect([code, err]).toEqual([4, expect.stringContaining('No worker is running')])
  await stack.client.workflow.getHandle(workflowIdOf(alone.keep, alone.remove)).terminate('the test is over')
})

test('updates are refused at once in a state in which they make no sense, and what is no asking never', async () => {
  const { keep, remove } = await pair()
  await stack.portal.behave({ mode: 'down' })
  await ontdubbel('merge', keep, remove, '--json')
  const handle = stack.client.workflow.getHandle(`merge/${keep}/${remove}`)
  const refusal = (name: string, asking: unknown) =>
    handle.executeUpdate(name, { args: [asking] }).then(
      () => 'taken',
      (error: { cause?: { type?: string } }) => error.cause?.type,
    )
  expect(await refusal('resume', { by: 'me' })).toBe('not-waiting')
  expect(await refusal('abandon', undefined)).toBe('not-waiting')
  expect(await refusal('skipPortal', { by: 'me' })).toBe('bad-input')
  expect(await refusal('skipPortal', { by: 'me', reason: 'asked by a@example.org' })).toBe('bad-input')
  expect(await refusal('retryPortal', { who: 'me' })).toBe('bad-input')
  expect(await handle.executeUpdate('skipPortal', { args: ['the portal is gone'] })).toBe('portal-skipped')
  expect(await handle.result()).toMatchObject({ status: 'portal-skipped' })
})

test('the feed tells each merge once, in order, after a cursor', async () => {
  const all = (await ontdubbel('changes', '--json')).out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { cursor: number })
  expect(all.length).toBeGreaterThan(3)
  expect(all.map(({ cursor }) => cursor)).toEqual(all.map((_, n) => n + 1))
  const rest = await ontdubbel('changes', '--since', all.length - 1, '--json')
  expect(rest.json()).toEqual(all.at(-1))
  expect((await ontdubbel('changes', '--since', 'x')).code).toBe(2)
})
