import { createPortalClient, givingWay, type PortalClient, type PortalClientOptions } from '../src/portal/client'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { portalOfProcess, type TestPortal } from './support/portal'

let portal: TestPortal
const clients: PortalClient[] = []
const servers: Server[] = []

beforeAll(async () => {
  portal = await portalOfProcess()
})
afterEach(async () => {
  await portal.behave({ mode: 'ok' })
  await Promise.all(clients.splice(0).map((client) => client.close()))
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

function clientOf(options: Partial<PortalClientOptions> = {}): PortalClient {
  const client = createPortalClient({
    url: portal.url,
    token: portal.token,
    timeoutMs: 2_000,
    callsPerSecond: 1_000,
    ...options,
  })
  clients.push(client)
  return client
}

/** A client of something that is not the reference portal. */
async function clientOfServer(listener: RequestListener, options: Partial<PortalClientOptions> = {}) {
  const server = createServer(listener)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return clientOf({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/portal/v1/`, ...options })
}

const failure = (code: string, retryable: boolean, more: object = {}) =>
  expect.objectContaining({ name: 'OntdubbelError', code, retryable, ...more }) as unknown

describe('the client', () => {
  test('asks for any number of actor ids in calls of 500', async () => {
    const links = Array.from({ length: 1_201 }, (_, i) => ({ library: 'ZOT', actorId: 10_000 + i }))
    await portal.put([{ id: 'many', links }])
    await portal.request('DELETE', '/control/counters')
    const client = clientOf()
    const ids = links.map((link) => link.actorId)
    expect(await client.linksTo([...ids, ...ids])).toEqual(links.map((link) => ({ account: 'many', ...link })))
    expect(await client.linksTo([])).toEqual([])
    expect((await portal.counters()).answers).toEqual({ searchLinks: { 200: 3 } })
  })

  test('tells done, already, gone and exists-already apart', async () => {
    await portal.put([{ id: 'acc', links: [{ library: 'ZOT', actorId: 1 }] }])
    const client = clientOf()
    const at = { account: 'acc', library: 'ZOT' }
    let key = 0
    const options = () => ({ idempotencyKey: `tells/${(key += 1)}` })
    expect(await client.addLink({ ...at, actorId: 2 }, options())).toBe('done')
    expect(await client.addLink({ ...at, actorId: 2 }, options())).toBe('already')
    expect(await client.addLink({ ...at, account: 'nobody', actorId: 2 }, options())).toBe('gone')
    expect(await client.changeLink({ ...at, from: 1, to: 2 }, options())).toBe('exists-already')
    expect(await client.changeLink({ ...at, from: 1, to: 3 }, options())).toBe('done')
    expect(await client.changeLink({ ...at, from: 1, to: 3 }, options())).toBe('already')
    expect(await client.changeLink({ ...at, from: 8, to: 9 }, options())).toBe('gone')
    expect(await client.removeLink({ ...at, actorId: 3 }, options())).toBe('done')
    expect(await client.removeLink({ ...at, actorId: 3 }, options())).toBe('gone')
    await expect(client.health()).resolves.toBeUndefined()
  })

  test.each([
    ['error', 'portal-unreachable', true, {}],
    ['down', 'portal-unreachable', true, { retryAfterMs: undefined }],
    ['busy', 'portal-busy', true, { retryAfterMs: 7_000 }],
    ['too-many', 'portal-busy', true, { retryAfterMs: 7_000 }],
    ['slow', 'portal-unreachable', true, {}],
    ['lose-answers', 'portal-unreachable', true, {}],
    ['cut', 'portal-unreachable', true, {}],
    ['unauthorized', 'portal-refused', false, { details: { status: 401, problem: 'unauthorized' } }],
    ['refuse', 'portal-refused', false, { details: { status: 403, problem: 'forbidden' } }],
    ['unprocessable', 'portal-refused', false, { details: { status: 422, problem: 'refused' } }],
  ])('meets %s: %s', async (mode, code, retryable, more) => {
    await portal.behave({ mode, retryAfterSeconds: 7, delayMs: 1_000, times: 5 })
    const client = clientOf({ timeoutMs: 300 })
    const link = { account: 'acc-secret', library: 'ZOT', actorId: 5 }
    const options = { idempotencyKey: `meets/${mode}` }
    const calls = [
      () => client.linksTo([5]),
      () => client.addLink(link, options),
      () => client.changeLink({ ...link, from: 5, to: 6 }, options),
      () => client.removeLink(link, options),
      () => client.health(),
    ]
    for (const call of calls) await expect(call()).rejects.toEqual(failure(code, retryable, more))
    // The rule is used up: from here on it behaves.
    expect(await client.linksTo([5])).toEqual([])
  })

  test('says that a portal is unreachable where nobody listens', async () => {
    const client = clientOf({ url: 'http://127.0.0.1:1' })
    await expect(client.health()).rejects.toEqual(failure('portal-unreachable', true))
  })

  test.each([
    ['text', 200, 'hello'],
    ['another object', 200, '{"links":[{"account":"a"}]}'],
    ['links that nobody asked for', 200, '{"links":[{"account":"a","library":"ZOT","actorId":8}]}'],
    ['a redirect', 302, ''],
    ['a 404 that does not speak the contract', 404, '<h1>Not found</h1>'],
  ])('takes %s for no answer of the portal', async (_, status, body) => {
    const client = await clientOfServer((_request, response) => response.writeHead(status).end(body))
    await expect(client.linksTo([7])).rejects.toEqual(failure('portal-bad-answer', true))
  })

  test('keeps the path of the address, sends the token, and lets unknown keys be', async () => {
    const seen: unknown[] = []
    const client = await clientOfServer((request, response) => {
      seen.push([request.method, request.url, request.headers.authorization])
      response.end('{"links":[{"account":"a","library":"ZOT","actorId":7,"since":2020}],"page":1}')
    })
    expect(await client.linksTo([7])).toEqual([{ account: 'a', library: 'ZOT', actorId: 7 }])
    expect(seen).toEqual([['POST', '/portal/v1/links/search', `Bearer ${portal.token}`]])
  })

  test('reads Retry-After as seconds and as a date, and never waits more than an hour for it', async () => {
    const values = ['3', new Date(Date.now() + 60_000).toUTCString(), '86400', 'soon']
    const client = await clientOfServer((_request, response) =>
      response.writeHead(429, { 'retry-after': values.shift() }).end(),
    )
    const times: unknown[] = []
    for (let i = 0; i < 4; i += 1) {
      times.push(await client.health().catch((error: { retryAfterMs?: number }) => error.retryAfterMs))
    }
    expect(times[0]).toBe(3_000)
    expect(times[1]).toBeGreaterThan(50_000)
    expect(times[1]).toBeLessThanOrEqual(60_000)
    expect(times.slice(2)).toEqual([3_600_000, undefined])
  })

  test('quotes no account, key or answer in an error', async () => {
    const client = await clientOfServer((_request, response) =>
      response.writeHead(422).end('{"code":"acc-mia","title":"acc-mia"}'),
    )
    const call = client.addLink({ account: 'acc-mia', library: 'ZOT', actorId: 1 }, { idempotencyKey: 'k-mia' })
    const error = (await call.catch((caught: Error) => caught)) as Error & { details: unknown }
    expect(error).toEqual(failure('portal-refused', false))
    expect(error.message + JSON.stringify(error.details) + String(error.stack) + String(error.cause)).not.toMatch(/mia/)
    const bad = client.addLink({ account: 'acc-mia', library: 'ZOT', actorId: 1 }, { idempotencyKey: 'k\nmia' })
    const badError = (await bad.catch((caught: Error) => caught)) as Error
    expect(badError.message + String(badError.stack)).not.toMatch(/mia/)
  })

  test("ends at once, with the caller's reason, when the caller's signal goes off", async () => {
    let asked: () => void = () => undefined
    const begun = new Promise<void>((resolve) => (asked = resolve))
    const client = await clientOfServer(() => asked(), { callsAtOnce: 1, timeoutMs: 60_000 })
    const caller = new AbortController()
    const reason = new Error('cancelled by the caller')
    const calls = [client.linksTo([1], caller.signal), client.health(caller.signal)]
    await begun
    const started = performance.now()
    caller.abort(reason)
    for (const call of calls) await expect(call).rejects.toBe(reason)
    await expect(client.health(caller.signal)).rejects.toBe(reason)
    expect(performance.now() - started).toBeLessThan(500)
  })

  test('makes no more calls at once, and in a second, than it was told', async () => {
    let running = 0
    let most = 0
    const begun: number[] = []
    const listener: RequestListener = (_request, response) => {
      begun.push(performance.now())
      most = Math.max(most, (running += 1))
      setTimeout(() => {
        running -= 1
        response.end('{"status":"ok"}')
      }, 20)
    }
    const client = await clientOfServer(listener, { callsAtOnce: 3, callsPerSecond: 10 })
    await Promise.all(Array.from({ length: 25 }, () => client.health()))
    expect(most).toBe(3)
    // 50 ms for the way of a call to the server: it is the client that counts.
    begun.slice(10).forEach((at, i) => expect(at - (begun[i] ?? 0)).toBeGreaterThan(950))
    expect((begun[24] ?? 0) - (begun[0] ?? 0)).toBeLessThan(3_500)
  })

  test('makes the calls for many merges after those that somebody waits for, whenever these came', async () => {
    const asked: number[] = []
    const listener: RequestListener = (request, response) => {
      let body = ''
      request.on('data', (chunk) => (body += chunk))
      request.on('end', () => {
        asked.push((JSON.parse(body) as { actorIds: number[] }).actorIds[0] ?? 0)
        response.end('{"links":[]}')
      })
    }
    const client = await clientOfServer(listener, { callsAtOnce: 1 })
    const many = givingWay(client)
    const stop = new AbortController()
    const calls = [many.linksTo([1]), many.linksTo([2]), many.linksTo([3], stop.signal), many.linksTo([4])]
    calls.push(client.linksTo([5]), client.linksTo([6]))
    stop.abort(new Error('no longer'))
    await expect(calls[2]).rejects.toThrow('no longer')
    await Promise.all(calls.filter((call) => call !== calls[2]))
    expect(asked).toEqual([1, 5, 6, 2, 4])
  })
})
