import { portalOfProcess, startPortal, type TestPortal } from './support/portal'

let portal: TestPortal
beforeAll(async () => {
  portal = await portalOfProcess()
  await portal.put([
    { id: 'a', links: [] },
    { id: 'b', links: [] },
  ])
})
afterEach(() => portal.behave({ mode: 'ok' }))

let key = 0

async function add(account: string): Promise<number> {
  key += 1
  const link = { account, library: 'ZOT', actorId: key }
  return (await portal.request('POST', '/links/add', link, { 'idempotency-key': `behave-${key}` })).status
}

async function search(): Promise<number> {
  return (await portal.request('POST', '/links/search', { actorIds: [1] })).status
}

test('a rule holds for as many calls as it says, after those it lets through', async () => {
  await portal.behave({ mode: 'down', times: 2, skip: 1 })
  const statuses: number[] = []
  for (let i = 0; i < 5; i += 1) statuses.push(await add('a'))
  expect(statuses).toEqual([200, 503, 503, 200, 200])
})

test('a rule for one account leaves the others and the searches alone', async () => {
  await portal.behave({ mode: 'refuse', account: 'a' })
  expect([await add('a'), await add('b'), await search()]).toEqual([403, 200, 200])
  await portal.behave({ mode: 'ok', account: 'a' })
  expect(await add('a')).toBe(200)
})

test('the most particular rule counts: account before operation before all', async () => {
  await portal.behave({ mode: 'error' })
  await portal.behave({ mode: 'down', operation: 'addLink' })
  await portal.behave({ mode: 'refuse', account: 'a' })
  expect([await add('a'), await add('b'), await search()]).toEqual([403, 503, 500])
  // Told again for the same calls, it is the new word that counts.
  await portal.behave({ mode: 'unprocessable', account: 'a' })
  expect(await add('a')).toBe(422)
  await portal.behave({ mode: 'ok' })
  expect([await add('a'), await add('b'), await search()]).toEqual([200, 200, 200])
})

test('a word that it does not know changes nothing', async () => {
  for (const body of [
    { mode: 'dance' },
    { mode: 'down', times: 0 },
    { mode: 'down', who: 'a' },
    {},
    { mode: 'down', times: '2' },
  ]) {
    expect((await portal.request('POST', '/control/behave', body)).status).toBe(400)
  }
  expect(await (await portal.request('GET', '/control/behave')).json()).toEqual({ rules: [] })
})

test('a call that is cut has half of its answer, and its length is given', async () => {
  await portal.behave({ mode: 'cut', times: 1 })
  const answer = await portal.request('POST', '/links/search', { actorIds: [1] })
  expect(answer.status).toBe(200)
  expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(0)
  await expect(answer.text()).rejects.toThrow()
})

test('a portal that is stopped does not wait for its delays, and does not do their work', async () => {
  const other = await startPortal()
  await other.put([{ id: 'a', links: [] }])
  await other.behave({ mode: 'slow' })
  const link = { account: 'a', library: 'ZOT', actorId: 1 }
  const call = other.request('POST', '/links/add', link, { 'idempotency-key': 'late' }).catch(() => 'lost')
  await new Promise((resolve) => setTimeout(resolve, 300))
  const began = performance.now()
  expect(await other.stop({ keepDatabase: true })).toBe(0)
  expect(performance.now() - began).toBeLessThan(5_000)
  expect(await call).toBe('lost')
  const again = await startPortal(other.databaseUrl)
  expect(await again.dump()).toEqual({ a: [] })
  await again.stop()
})
