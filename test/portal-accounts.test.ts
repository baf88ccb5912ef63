import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dumpAccounts, loadAccounts } from '../src/portal/control'
import type { PortalAccount } from '../src/portal/links'
import { portalOfProcess, startPortal, type TestPortal } from './support/portal'

let portal: TestPortal
beforeEach(async () => {
  portal = await portalOfProcess()
})

async function* linesOf(values: Iterable<object | string>): AsyncGenerator<string> {
  for (const value of values) yield typeof value === 'string' ? value : JSON.stringify(value)
}

const load = (values: Iterable<object | string>, url = portal.url, token = portal.token) =>
  loadAccounts(url, token, linesOf(values))

async function dump(url = portal.url): Promise<PortalAccount[]> {
  const accounts: PortalAccount[] = []
  for await (const account of dumpAccounts(url, portal.token)) accounts.push(account)
  return accounts
}

const account = (id: string, ...links: [string, number][]): PortalAccount => ({
  type: 'portalAccount',
  id,
  links: links.map(([library, actorId]) => ({ library, actorId })),
})

test('what is loaded is dumped, by id, links by library and actor id, accounts without links too', async () => {
  const accounts = [
    account('b', ['ZOT', 3], ['OOS', 20], ['OOS', 3]),
    account('a'),
    account('B'),
    account('é', ['Z', 1]),
  ]
  expect(await load(accounts)).toEqual({ accounts: 4, links: 4 })
  const dumped = [account('B'), account('a'), account('b', ['OOS', 3], ['OOS', 20], ['ZOT', 3]), account('é', ['Z', 1])]
  expect(await dump()).toEqual(dumped)
  expect(await load(accounts)).toEqual({ accounts: 4, links: 4 })
  expect(await dump()).toEqual(dumped)
})

test('an account that is there gets the links that are loaded, and no others', async () => {
  await load([account('a', ['ZOT', 1], ['OOS', 2]), account('b', ['ZOT', 1])])
  await load([account('a', ['ZOT', 9]), account('a', ['ZOT', 1], ['ZOT', 3])])
  expect(await dump()).toEqual([account('a', ['ZOT', 1], ['ZOT', 3]), account('b', ['ZOT', 1])])
})

test('twelve thousand accounts go in and come out in pieces', async () => {
  const accounts = Array.from({ length: 12_000 }, (_, i) =>
    account(`acc-${String(i).padStart(5, '0')}`, ['ZOT', i + 1]),
  )
  expect(await load(accounts)).toEqual({ accounts: 12_000, links: 12_000 })
  expect(await dump()).toEqual(accounts)
  // A reader that stops early leaves nothing hanging.
  for await (const first of dumpAccounts(portal.url, portal.token)) {
    expect(first.id).toBe('acc-00000')
    break
  }
})

test('a line that is no account is named by its number, and not quoted', async () => {
  for (const [bad, reason] of [
    ['{"mia', 'not JSON'],
    [{ type: 'patron', id: 'mia' }, '/type'],
    [account('mia', ['ZOT', 1.5]), '/links/0/actorId'],
    [account('mia\u0000'), '/id'],
    [{ ...account('x'), mia: 1 }, 'unknown keys'],
    [`"${'mia'.repeat(500_000)}"`, 'longer'],
  ] as const) {
    // One that comes in the first call that the client makes, and one in the second.
    for (const before of reason === 'not JSON' ? [2, 5_002] : [2]) {
      const good = Array.from({ length: before }, (_, i) => account(`a${i}`))
      const error = (await load([...good, bad]).catch((caught: Error) => caught)) as Error
      expect(error).toMatchObject({ code: 'portal-bad-account', exitCode: 2, details: { line: before + 1 } })
      expect(error.message).toContain(reason)
      expect(error.message).not.toContain('mia')
    }
  }
})

test('a U+2028 in an id ends no line', async () => {
  await load([account('a\u2028b', ['ZOT', 1])])
  expect(await dump()).toEqual([account('a\u2028b', ['ZOT', 1])])
})

test("somebody else's portal is left alone, with a sentence", async () => {
  const other = createServer((_request, response) => response.writeHead(404).end())
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
  try {
    await expect(load([account('a')], url)).rejects.toMatchObject({ code: 'portal-has-no-control' })
    await expect(dump(url)).rejects.toMatchObject({ code: 'portal-has-no-control' })
  } finally {
    other.closeAllConnections()
    await new Promise((resolve) => other.close(resolve))
  }
})

test('a wrong token, a portal that is not there, no lines at all', async () => {
  await expect(load([account('a')], portal.url, 'wrong')).rejects.toMatchObject({ code: 'portal-refused' })
  await expect(load([account('a')], 'http://127.0.0.1:1')).rejects.toMatchObject({ code: 'portal-unreachable' })
  await expect(load([account('a')], 'portal')).rejects.toMatchObject({ code: 'bad-input' })
  expect(await load([], 'http://127.0.0.1:1')).toEqual({ accounts: 0, links: 0 })
})

test('two loads of the same accounts at once, and calls meanwhile, do not lock each other out', async () => {
  const own = await startPortal()
  const accounts = Array.from({ length: 2_000 }, (_, i) => account(`acc-${i}`, ['ZOT', i + 1]))
  const reversed = [...accounts].reverse()
  const calls = Array.from({ length: 100 }, (_, i) =>
    own.request(
      'POST',
      '/links/add',
      { account: `acc-${i}`, library: 'OOS', actorId: 5 },
      { 'idempotency-key': `meanwhile-${i}` },
    ),
  )
  await Promise.all([accounts, reversed, accounts].map((all) => load(all, own.url, own.token)))
  const statuses = (await Promise.all(calls)).map((answer) => answer.status)
  expect(statuses.filter((status) => status !== 200 && status !== 404)).toEqual([])
  expect(own.output()).toBe(`ready ${own.url}\n`)
  await own.stop()
})
