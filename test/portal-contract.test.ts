import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { packageRoot } from '../src/packageRoot'
import { onServer, startPortal, type OwnPortal } from './support/portal'

let portal: OwnPortal
beforeAll(async () => {
  portal = await startPortal()
})
afterAll(() => portal.stop())
beforeEach(async () => {
  await portal.behave({ mode: 'ok' })
  await portal.request('DELETE', '/control/counters')
})

interface Said {
  status: number
  body: Record<string, unknown>
}

async function ask(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Said> {
  const answer = await portal.request('POST', path, body, headers)
  const said = { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
  if (said.status !== 200) {
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(said.body['status']).toBe(said.status)
  }
  return said
}

function change(path: string, body: unknown, key: string = randomUUID()): Promise<Said> {
  return ask(path, body, { 'idempotency-key': key })
}

const done = { status: 200, body: { outcome: 'done' } }
const already = { status: 200, body: { outcome: 'already' } }
const refused = (status: number, code: string) => ({ status, body: expect.objectContaining({ code }) as unknown })

test('the contract file is OpenAPI, and every schema in it is one', () => {
  // not quick, as the portal's own start is: the file is held against the specification, and every schema is compiled
  const check = `new (require('openapi-backend').OpenAPIBackend)({ definition: 'docs/portal-openapi.yaml', strict: true }).init()
    .then((api) => console.log(api.getOperations().map(({ operationId }) => operationId).sort().join(' ')))`
  const said = execFileSync(process.execPath, ['-e', check], { cwd: packageRoot, encoding: 'utf8' })
  expect(said.trim()).toBe('addLink changeLink getHealth removeLink searchLinks')
})

describe('links', () => {
  test('are found by actor id, by account, library and actor id, each once', async () => {
    await portal.put([
      { id: 'find/b', links: [{ library: 'ZOT', actorId: 11 }] },
      {
        id: 'find/a',
        links: [
          { library: 'ZOT', actorId: 12 },
          { library: 'OOS', actorId: 11 },
        ],
      },
      { id: 'find/none', links: [] },
    ])
    expect(await ask('/links/search', { actorIds: [12, 11, 999_999] })).toEqual({
      status: 200,
      body: {
        links: [
          { account: 'find/a', library: 'OOS', actorId: 11 },
          { account: 'find/a', library: 'ZOT', actorId: 12 },
          { account: 'find/b', library: 'ZOT', actorId: 11 },
        ],
      },
    })
  })

  test('can be asked for 500 actor ids in one call, and no more', async () => {
    const actorIds = Array.from({ length: 500 }, (_, i) => 9_000_000 + i)
    expect(await ask('/links/search', { actorIds })).toEqual({ status: 200, body: { links: [] } })
    expect(await ask('/links/search', { actorIds: [...actorIds, 1] })).toEqual(refused(400, 'bad-request'))
  })

  test('keep an actor id of 2^53 - 1 exactly, and none beyond', async () => {
    const most = Number.MAX_SAFE_INTEGER
    await portal.put([{ id: 'most', links: [] }])
    expect(await change('/links/add', { account: 'most', library: 'ZOT', actorId: most })).toEqual(done)
    expect(await ask('/links/search', { actorIds: [most] })).toEqual({
      status: 200,
      body: { links: [{ account: 'most', library: 'ZOT', actorId: most }] },
    })
    const beyond = '{"account":"most","library":"ZOT","actorId":9007199254740993}'
    expect(await change('/links/add', beyond)).toEqual(refused(400, 'bad-request'))
  })

  test.each(['a/b', '..', 'é ü', "o'x", '%2F', '😀', '"'])('account ids are opaque: %s', async (id) => {
    await portal.put([{ id, links: [{ library: 'Z/T', actorId: 21 }] }])
    const link = { account: id, library: 'Z/T' }
    expect(await change('/links/change', { ...link, from: 21, to: 22 })).toEqual(done)
    expect(await change('/links/remove', { ...link, actorId: 22 })).toEqual(done)
    expect((await portal.dump())[id]).toEqual([])
  })

  test('are added once', async () => {
    await portal.put([{ id: 'add', links: [] }])
    const link = { account: 'add', library: 'ZOT', actorId: 31 }
    expect(await change('/links/add', link)).toEqual(done)
    expect(await change('/links/add', link)).toEqual(already)
    expect(await change('/links/add', { ...link, account: 'nobody' })).toEqual(refused(404, 'account-gone'))
    expect((await portal.dump())['add']).toEqual(['ZOT:31'])
  })

  test.each([
    ['only the old one', [41], done, ['ZOT:42']],
    ['both', [41, 42], refused(409, 'link-exists-already'), ['ZOT:41', 'ZOT:42']],
    ['only the wanted one', [42], already, ['ZOT:42']],
    ['neither', [], refused(404, 'link-gone'), []],
  ])('are changed by what is there: %s', async (_, there, answer, after) => {
    await portal.put([{ id: 'change', links: there.map((actorId) => ({ library: 'ZOT', actorId })) }])
    const wanted = { account: 'change', library: 'ZOT', from: 41, to: 42 }
    expect(await change('/links/change', wanted)).toEqual(answer)
    expect((await portal.dump())['change']).toEqual(after)
  })

  test('of an account that is gone, or to the same actor id, are told apart', async () => {
    await portal.put([{ id: 'same', links: [{ library: 'ZOT', actorId: 51 }] }])
    const wanted = { account: 'same', library: 'ZOT', from: 51, to: 51 }
    expect(await change('/links/change', wanted)).toEqual(already)
    expect(await change('/links/change', { ...wanted, library: 'OOS' })).toEqual(refused(404, 'link-gone'))
    expect(await change('/links/change', { ...wanted, account: 'nobody' })).toEqual(refused(404, 'account-gone'))
    expect(await change('/links/remove', { account: 'nobody', library: 'ZOT', actorId: 1 })).toEqual(
      refused(404, 'account-gone'),
    )
  })

  test('are removed once, and the account stays', async () => {
    await portal.put([{ id: 'remove', links: [{ library: 'ZOT', actorId: 61 }] }])
    const link = { account: 'remove', library: 'ZOT', actorId: 61 }
    expect(await change('/links/remove', link)).toEqual(done)
    expect(await change('/links/remove', link)).toEqual(refused(404, 'link-gone'))
    expect((await portal.dump())['remove']).toEqual([])
  })
})

describe('an idempotency key', () => {
  test('answers the same request as the first time, and does nothing again', async () => {
    await portal.put([{ id: 'again', links: [{ library: 'ZOT', actorId: 71 }] }])
    const wanted = { account: 'again', library: 'ZOT', from: 71, to: 72 }
    expect(await change('/links/change', wanted, 'again-1')).toEqual(done)
    await portal.put([{ id: 'again', links: [{ library: 'ZOT', actorId: 71 }] }])
    expect(await change('/links/change', wanted, 'again-1')).toEqual(done)
    expect((await portal.dump())['again']).toEqual(['ZOT:71'])
    expect((await portal.counters()).done).toEqual({ changeLink: 1 })
  })

  test('refuses another request, of the same operation or of another', async () => {
    await portal.put([{ id: 'other', links: [] }])
    const link = { account: 'other', library: 'ZOT', actorId: 81 }
    expect(await change('/links/add', link, 'other-1')).toEqual(done)
    const reused = refused(422, 'idempotency-key-reused')
    expect(await change('/links/add', { ...link, actorId: 82 }, 'other-1')).toEqual(reused)
    expect(await change('/links/remove', link, 'other-1')).toEqual(reused)
    expect((await portal.dump())['other']).toEqual(['ZOT:81'])
  })

  test('is not kept by what did nothing: the request is judged anew', async () => {
    await portal.put([{ id: 'anew', links: [91, 92].map((actorId) => ({ library: 'ZOT', actorId })) }])
    const wanted = { account: 'anew', library: 'ZOT', from: 91, to: 92 }
    expect(await change('/links/change', wanted, 'anew-1')).toEqual(refused(409, 'link-exists-already'))
    expect(await change('/links/remove', { account: 'anew', library: 'ZOT', actorId: 92 })).toEqual(done)
    expect(await change('/links/change', wanted, 'anew-1')).toEqual(done)
  })

  test('used thirty times at once does the work once', async () => {
    await portal.put([{ id: 'once', links: [{ library: 'ZOT', actorId: 101 }] }])
    const wanted = { account: 'once', library: 'ZOT', from: 101, to: 102 }
    const answers = await Promise.all(Array.from({ length: 30 }, () => change('/links/change', wanted, 'once-1')))
    expect(answers).toEqual(answers.map(() => done))
    expect((await portal.counters()).done).toEqual({ changeLink: 1 })
  })

  test('must be there, and be printable', async () => {
    const link = { account: 'key', library: 'ZOT', actorId: 1 }
    expect(await ask('/links/add', link)).toEqual(refused(400, 'bad-request'))
    expect(await change('/links/add', link, 'with a space')).toEqual(refused(400, 'bad-request'))
  })
})

test('different keys for one link at once: one changes it, no call fails', async () => {
  await portal.put([{ id: 'race', links: [{ library: 'ZOT', actorId: 111 }] }])
  const targets = Array.from({ length: 20 }, (_, i) => 200 + i)
  const answers = await Promise.all(
    targets.map((to) => change('/links/change', { account: 'race', library: 'ZOT', from: 111, to })),
  )
  expect(answers.map((a) => a.status).sort()).toEqual([200, ...Array.from({ length: 19 }, () => 404)])
  expect((await portal.dump())['race']).toHaveLength(1)
})

describe('the portal', () => {
  test('lets nobody in without its token, nor to its control', async () => {
    for (const authorization of ['', 'Bearer wrong', `Basic ${portal.token}`, portal.token]) {
      expect(await ask('/links/search', { actorIds: [1] }, { authorization })).toEqual(refused(401, 'unauthorized'))
      expect((await portal.request('GET', '/control/accounts', undefined, { authorization })).status).toBe(401)
      expect((await portal.request('GET', '/health', undefined, { authorization })).status).toBe(401)
    }
  })

  test('says in the words of its contract what it cannot take', async () => {
    expect(await ask('/links/search', { actorIds: ['1'] })).toEqual(refused(400, 'bad-request'))
    expect(await ask('/links/search', { actorIds: [1], other: 1 })).toEqual(refused(400, 'bad-request'))
    expect(await ask('/links/search', '{"actorIds":')).toEqual(refused(400, 'bad-request'))
    expect(await ask('/links/search', 'x', { 'content-type': 'text/plain' })).toEqual(
      refused(415, 'unsupported-media-type'),
    )
    expect(await ask('/links/search', JSON.stringify('x'.repeat(2_000_000)))).toEqual(refused(413, 'too-large'))
    expect(await ask('/links', {})).toEqual(refused(404, 'unknown-path'))
    expect((await portal.request('GET', '/links/search')).status).toBe(405)
    expect(await (await portal.request('GET', '/health')).json()).toEqual({ status: 'ok' })
  })

  test('never repeats what was sent, in an answer or in its output', async () => {
    const secret = 'acc-mia-janssens'
    const said = [
      await ask('/links/search', { actorIds: [secret] }),
      await change('/links/add', { account: secret, library: 'ZOT', actorId: 1 }),
      await change('/links/add', { account: `${secret}\u0000`, library: 'ZOT', actorId: 1 }),
      await change('/links/remove', { account: secret, library: 1, [secret]: 1 }),
    ]
    expect(JSON.stringify(said)).not.toContain(secret)
    expect(portal.output()).not.toContain(secret)
  })
})

test('a database that ends its connections costs calls, never the portal or a link', async () => {
  const accounts = Array.from({ length: 60 }, (_, i) => ({
    id: `db-${i}`,
    links: [{ library: 'ZOT', actorId: 5_000 + i }],
  }))
  await portal.put(accounts)
  const moveAll = () =>
    Promise.all(
      accounts.map(({ id }, i) => {
        const wanted = { account: id, library: 'ZOT', from: 5_000 + i, to: 6_000 + i }
        return change('/links/change', wanted, `${id}/move`)
      }),
    )
  const end = `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${new URL(portal.databaseUrl).pathname.slice(1)}'`
  const first = moveAll()
  for (let i = 0; i < 3; i += 1) await onServer(end)
  const statuses = (await first).map((answer) => answer.status)
  expect(statuses.every((status) => status === 200 || status === 500)).toBe(true)
  expect(await moveAll()).toEqual(accounts.map(() => done))
  const dump = await portal.dump()
  expect(accounts.map(({ id }) => dump[id])).toEqual(accounts.map((_, i) => [`ZOT:${6_000 + i}`]))
})

test('links and keys survive a restart, SIGTERM ends it with 0, and one line is all it prints', async () => {
  const first = await startPortal()
  await first.put([{ id: 'kept', links: [{ library: 'ZOT', actorId: 1 }] }])
  const body = { account: 'kept', library: 'ZOT', from: 1, to: 2 }
  const key = { 'idempotency-key': 'kept-1' }
  expect((await first.request('POST', '/links/change', body, key)).status).toBe(200)
  expect(await first.stop({ keepDatabase: true })).toBe(0)
  expect(first.output()).toBe(`ready ${first.url}\n`)
  const second = await startPortal(first.databaseUrl)
  try {
    expect(await second.dump()).toEqual({ kept: ['ZOT:2'] })
    expect((await second.request('POST', '/links/change', body, key)).status).toBe(200)
    expect((await second.counters()).done).toEqual({})
  } finally {
    await second.stop()
  }
})
