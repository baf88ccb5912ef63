import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { Client, Connection } from '@temporalio/client'
import { connect } from '../src/database/pool'
import { ensureNamespace } from '../src/temporal/namespace'
import { queueName } from '../src/workflows/names'
import type { Check } from '../src/cli/checks/check'
import { Places } from '../src/cli/context'
import { checkAll, doctorCommand } from '../src/cli/doctor'
import { freshDatabase } from './support/database'
import { testStack, type TestStack } from './support/stack'
import { temporalAddress } from './support/temporalAddress'

/** Nothing listens there. */
const NOBODY = '127.0.0.1:1'

let stack: TestStack
beforeAll(async () => (stack = await testStack({ campaigns: true })))
afterAll(() => stack.stop())

/** All checks by name, in an environment that names the test's servers, or others. */
async function doctor(changed: Record<string, string | undefined> = {}): Promise<Record<string, Check>> {
  const env = { ...theEnvironment(), ...changed }
  const before = { ...process.env }
  Object.assign(process.env, env)
  try {
    const checks = await checkAll(new Places('/nowhere', env))
    return Object.fromEntries(checks.map((check) => [check.check, check]))
  } finally {
    process.env = before
  }
}

function theEnvironment(): Record<string, string> {
  return { ...stack.env, DATABASE_OWNER_URL: stack.database.ownerUrl }
}

const wrongOnes = (checks: Record<string, Check>) => Object.keys(checks).filter((name) => !checks[name]?.ok)

/** Changes the test's database as a superuser, and changes it back. */
async function meanwhile<T>(change: string, back: string, work: () => Promise<T>): Promise<T> {
  const admin = await connect(stack.database.superUrl)
  try {
    await admin.query(change)
    return await work()
  } finally {
    await admin.query(back)
    await admin.end()
  }
}

test('where all is well, every check says so and nothing is to be done', async () => {
  const checks = await doctor()
  expect(Object.keys(checks)).toEqual([
    'database',
    'migrations',
    'database-rights',
    'deadlock-timeout',
    'temporal',
    'temporal-namespace',
    'search-attributes',
    'worker-desk',
    'worker-campaign',
    'worker-portal',
    'portal',
    'portal-contract',
    'merges',
    'campaigns',
    'undos-of-many',
  ])
  expect(Object.values(checks).filter(({ ok, remedy }) => !ok || remedy !== null)).toEqual([])
})

test('servers that are down are named, each with what to do, within seconds; no password is printed', async () => {
  const began = Date.now()
  const checks = await doctor({
    DATABASE_URL: `postgres://ontdubbel_worker:geheim@${NOBODY}/ontdubbel`,
    TEMPORAL_ADDRESS: NOBODY,
    PORTAL_URL: `http://${NOBODY}`,
  })
  expect(wrongOnes(checks)).toEqual(['database', 'temporal', 'portal'])
  expect(Object.keys(checks)).toHaveLength(3)
  expect(checks.database?.remedy).toMatch(/DATABASE_URL/)
  expect(checks.temporal?.remedy).toMatch(/TEMPORAL_ADDRESS/)
  expect(checks.portal?.remedy).toMatch(/PORTAL_URL/)
  expect(JSON.stringify(checks)).not.toContain('geheim')
  expect(Date.now() - began).toBeLessThan(15_000)
})

test('a database and a portal that take connections and say nothing cost seconds, and the rest is still checked', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as { port: number }
  const began = Date.now()
  const checks = await doctor({
    DATABASE_URL: `postgres://x@127.0.0.1:${port}/x`,
    PORTAL_URL: `http://127.0.0.1:${port}`,
  })
  silent.close()
  expect(wrongOnes(checks)).toEqual(['database', 'portal'])
  expect(checks['worker-desk']?.ok).toBe(true)
  expect(Date.now() - began).toBeLessThan(15_000)
})

test('without a stack and with nothing in the environment it says what to start or set', async () => {
  const before = { ...process.env }
  const checks = await checkAll(new Places('/nowhere', {})).finally(() => (process.env = before))
  expect(checks.map(({ check, ok }) => [check, ok])).toEqual([
    ['database', false],
    ['temporal', false],
    ['portal', false],
  ])
  expect(
    checks.map(({ message, remedy }) => `${message} ${remedy ?? ''}`).every((said) => said.includes('ontdubbel up')),
  ).toBe(true)
})

test('missing migrations and a newer schema are told apart', async () => {
  const missing = await meanwhile(
    `update schema_migration set name = '0002_other' where name = '0002_library_database'`,
    `update schema_migration set name = '0002_library_database' where name = '0002_other'`,
    doctor,
  )
  expect(missing.migrations).toMatchObject({
    ok: false,
    remedy: 'ontdubbel migrate',
    message: expect.stringContaining('0002_library_database') as string,
  })
  const newer = await meanwhile(
    `insert into schema_migration (name, run_on) values ('9999_later', now())`,
    `delete from schema_migration where name = '9999_later'`,
    doctor,
  )
  expect(newer.migrations).toMatchObject({ ok: true, message: expect.stringContaining('9999_later') as string })
  const major = await meanwhile(`comment on table merge is 'schema major 2'`, 'comment on table merge is null', doctor)
  expect(major.migrations).toMatchObject({ ok: false, remedy: expect.stringContaining('newer version') as string })
})

test('a right that is missing and a server whose desks would give way are found', async () => {
  const rights = await meanwhile(
    'revoke insert on change from ontdubbel_worker',
    'grant insert on change to ontdubbel_worker',
    doctor,
  )
  expect(rights['database-rights']).toMatchObject({ ok: false, message: 'This role may not insert on change.' })
  const name = new URL(stack.database.url).pathname.slice(1)
  const soon = await meanwhile(
    `alter database ${name} set deadlock_timeout = '200ms'`,
    `alter database ${name} reset deadlock_timeout`,
    doctor,
  )
  expect(soon['deadlock-timeout']).toMatchObject({ ok: false, message: expect.stringContaining('200 ms') as string })
  const empty = await freshDatabase({ empty: true })
  const checks = await doctor({ DATABASE_URL: empty.url, DATABASE_OWNER_URL: empty.ownerUrl })
  await empty.drop()
  expect(wrongOnes(checks)).toEqual(['migrations', 'database-rights'])
})

test('a task queue that no worker serves is named', async () => {
  const checks = await doctor({ TASK_QUEUE_PREFIX: `${stack.queuePrefix}-nobody` })
  expect(wrongOnes(checks)).toEqual(['worker-desk', 'worker-campaign', 'worker-portal'])
  expect(checks['worker-desk']?.message).toContain(queueName('desk', `${stack.queuePrefix}-nobody`))
})

test('a namespace that is not there is named, and nothing else is asked of Temporal', async () => {
  const checks = await doctor({ TEMPORAL_NAMESPACE: 'nowhere' })
  expect(wrongOnes(checks)).toEqual(['temporal-namespace'])
  expect(checks['search-attributes']).toBeUndefined()
})

test('a portal that does not take the token is told from one that is down', async () => {
  const checks = await doctor({ PORTAL_TOKEN: 'wrong' })
  expect(wrongOnes(checks)).toEqual(['portal'])
  expect(checks.portal?.message).toContain('PORTAL_TOKEN')
  await stack.portal.behave({ mode: 'refuse' })
  const refused = await doctor()
  await stack.portal.behave({ mode: 'ok' })
  expect(wrongOnes(refused)).toEqual(['portal'])
  expect(refused.portal?.message).toContain('refused')
})

describe('merges whose workflow is gone', () => {
  let client: Client
  beforeAll(async () => (client = new Client({ connection: await Connection.connect({ address: temporalAddress() }) })))
  afterAll(() => client.connection.close())

  /** A merge whose workflow waits for a worker, which never comes. */
  async function waitingMerge(status: 'open' | 'retired', portal: string | null = null) {
    const workflowId = `doctor/${randomBytes(4).toString('hex')}`
    const handle = await client.workflow.start('mergePatrons', {
      workflowId,
      taskQueue: 'nobody-serves-this',
      args: [{}],
    })
    const { rows } = await stack.database.pool.query<{ id: number }>(
      `insert into merge (kept, removed, on_date, status, portal, by, workflow_id, first_run_id)
       values (1, 2, '2026-11-25', $1, $2, 'an', $3, $4) returning id`,
      [status, portal, workflowId, handle.firstExecutionRunId],
    )
    return { id: Number(rows[0]?.id), handle }
  }

  test('one that was terminated is listed with the command that goes on with it; one that runs is not', async () => {
    const lost = await waitingMerge('open')
    const lostAtPortal = await waitingMerge('retired', 'waiting')
    const running = await waitingMerge('open')
    for (const { handle } of [lost, lostAtPortal]) await handle.terminate('for a test')
    const checks = await checkAllAsList()
    const told = checks.filter(({ check }) => check === 'merges')
    expect(told.map(({ ok, remedy }) => [ok, remedy])).toEqual([
      [false, `ontdubbel merge resume ${lost.id}`],
      [false, `ontdubbel merge resume ${lostAtPortal.id}`],
    ])
    await running.handle.terminate('for a test')
    await over([lost.id, lostAtPortal.id, running.id])
  })

  test('another workflow with the same id does not hide it, and one that Temporal has forgotten is gone too', async () => {
    const lost = await waitingMerge('open')
    await lost.handle.terminate('for a test')
    const another = await client.workflow.start('mergePatrons', {
      workflowId: lost.handle.workflowId,
      taskQueue: 'nobody-serves-this',
      args: [{}],
    })
    const { rows } = await stack.database.pool.query<{ id: number }>(
      `insert into merge (kept, removed, on_date, status, by, workflow_id, first_run_id)
       values (1, 2, '2026-11-25', 'open', 'an', 'doctor/forgotten', 'x') returning id`,
    )
    const checks = (await checkAllAsList()).filter(({ ok }) => !ok)
    expect(checks.map(({ remedy }) => remedy)).toEqual([
      `ontdubbel merge resume ${lost.id}`,
      `ontdubbel merge resume ${Number(rows[0]?.id)}`,
    ])
    await another.terminate('for a test')
    await over([lost.id, Number(rows[0]?.id)])
  })

  test('what has ended, was refused, or waits for a decision about the portal is no lost merge', async () => {
    await stack.database.pool.query(
      `insert into merge (kept, removed, on_date, status, portal, by, workflow_id, first_run_id) values
         (1, 2, '2026-11-25', 'retired', 'done', 'an', 'doctor/a', 'x'), (1, 2, '2026-11-25', 'refused', null, 'an', 'doctor/b', 'x'),
         (1, 2, '2026-11-25', 'retired', 'refused', 'an', 'doctor/c', 'x'), (1, 2, '2026-11-25', 'retired', 'waiting', 'an', null, null)`,
    )
    expect(wrongOnes(await doctor())).toEqual([])
  })

  async function checkAllAsList(): Promise<Check[]> {
    const before = { ...process.env }
    Object.assign(process.env, theEnvironment())
    return checkAll(new Places('/nowhere', theEnvironment())).finally(() => (process.env = before))
  }

  async function over(ids: number[]): Promise<void> {
    await stack.database.pool.query(`update merge set status = 'abandoned' where id = any($1)`, [ids])
  }
})

describe('campaigns whose workflow is gone', () => {
  let client: Client
  beforeAll(async () => (client = new Client({ connection: await Connection.connect({ address: temporalAddress() }) })))
  afterAll(() => client.connection.close())
  // no other test's campaigns
  afterEach(() => stack.database.pool.query(`update campaign set status = 'cancelled'`))

  /** A campaign whose workflow waits for a worker, which never comes. */
  async function campaign(status: string, age = '1 hour') {
    const workflowId = `doctor/${randomBytes(4).toString('hex')}`
    const options = { workflowId, taskQueue: 'nobody-serves-this', args: [{}] }
    const handle = await client.workflow.start('runCampaign', options)
    const { rows } = await stack.database.pool.query<{ id: number }>(
      `insert into campaign (on_date, lanes, pace, pairs, by, status, workflow_id, first_run_id, created_at)
       values ('2026-11-27', 2, 'desk', 0, 'an', $1, $2, $3, now() - $4::interval) returning id`,
      [status, workflowId, handle.firstExecutionRunId, age],
    )
    return { id: Number(rows[0]?.id), handle }
  }

  async function told(): Promise<Check[]> {
    const before = { ...process.env }
    Object.assign(process.env, theEnvironment())
    const checks = await checkAll(new Places('/nowhere', theEnvironment())).finally(() => (process.env = before))
    return checks.filter(({ check }) => check === 'campaigns')
  }

  test('one that was terminated is told with the command that goes on with it, a pause or not', async () => {
    const [lost, paused, alive, over] = await Promise.all(
      ['running', 'paused', 'running', 'completed'].map((s) => campaign(s)),
    )
    for (const one of [lost, paused, over]) await one?.handle.terminate('for a test')
    const checks = await told()
    expect(checks.map(({ ok, remedy }) => [ok, remedy])).toEqual(
      [lost, paused].map((one) => [false, `ontdubbel campaign resume ${one?.id}`]).sort(),
    )
    await alive?.handle.terminate('for a test')
  })

  test('one that was stored and never started is gone after a minute, not at once', async () => {
    const { id, handle } = await campaign('running', '1 second')
    await handle.terminate('for a test')
    await stack.database.pool.query('update campaign set workflow_id = null, first_run_id = null where id = $1', [id])
    expect(await told()).toMatchObject([{ ok: true, message: 'None is under way.' }])
    await stack.database.pool.query(`update campaign set created_at = now() - interval '2 minutes' where id = $1`, [id])
    expect(await told()).toMatchObject([{ ok: false, remedy: `ontdubbel campaign resume ${id}` }])
  })
})

test('the command prints one JSON document and ends with 0, or with 1 when something is wrong', async () => {
  const run = async (env: Record<string, string>) => {
    let out = ''
    const spy = jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true))
    const before = { ...process.env }
    Object.assign(process.env, theEnvironment(), env)
    try {
      await doctorCommand().parseAsync(['--json'], { from: 'user' })
      return { exitCode: process.exitCode, ...(JSON.parse(out) as { ok: boolean; checks: Check[] }) }
    } finally {
      process.env = before
      process.exitCode = undefined
      spy.mockRestore()
    }
  }
  expect(await run({})).toMatchObject({ exitCode: 0, ok: true })
  expect(await run({ PORTAL_TOKEN: 'wrong' })).toMatchObject({ exitCode: 1, ok: false })
})

test('a namespace that forgets early is well, with advice; one without search attributes is not', async () => {
  const namespace = `doctor-${randomBytes(4).toString('hex')}`
  await ensureNamespace({ address: temporalAddress(), namespace })
  const connection = await Connection.connect({ address: temporalAddress() })
  await connection.workflowService.updateNamespace({
    namespace,
    config: { workflowExecutionRetentionTtl: { seconds: 86_400 as never } },
  })
  await connection.operatorService.removeSearchAttributes({ namespace, searchAttributes: ['OntdubbelMerge'] })
  await connection.close()
  const checks = await doctor({ TEMPORAL_NAMESPACE: namespace })
  expect(checks['temporal-namespace']).toMatchObject({
    ok: true,
    remedy: expect.stringContaining('--retention 720h') as string,
  })
  expect(checks['search-attributes']).toMatchObject({
    ok: false,
    message: expect.stringContaining('OntdubbelMerge') as string,
  })
})
