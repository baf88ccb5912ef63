import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from 'pg'
import type { PortalAccount } from '../../src/portal/links'
import { expectGone } from './leavesNothing'

const MAIN = join(__dirname, '..', '..', 'dist', 'reference-portal', 'main.js')

/** The variable with the address of a test process's portal, as JSON. */
const variableOf = (testProcess: number | string) => `TEST_PORTAL_${testProcess}`

/** A reference portal with a database of its own. */
export interface TestPortal {
  readonly url: string
  readonly token: string
  readonly databaseUrl: string
  /** A request as given; `path` with its leading slash. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>
  put(accounts: readonly Omit<PortalAccount, 'type'>[]): Promise<void>
  dump(): Promise<Record<string, string[]>>
  behave(instruction: Record<string, unknown>): Promise<void>
  counters(): Promise<{ answers: Record<string, Record<string, number>>; done: Record<string, number> }>
}

/** One that a test may stop. */
export interface OwnPortal extends TestPortal {
  /** Everything it wrote to standard output and error. */
  readonly output: () => string
  /** Ends the process by SIGTERM (its exit code is returned), and drops the database unless it is kept. */
  stop(options?: { keepDatabase?: boolean }): Promise<number | null>
}

/** Where a portal is, and what opens it. */
type Address = Pick<TestPortal, 'url' | 'token' | 'databaseUrl'>

/** Runs a statement on the test's PostgreSQL server, as its owner, in no database in particular unless one is given. */
export async function onServer(statement: string, databaseUrl = serverUrl()): Promise<void> {
  const client = new Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

function serverUrl(): string {
  const url = process.env['TEST_PG_URL']
  if (url === undefined) throw new Error('TEST_PG_URL is not set')
  return url
}

/**
 * The portal of this test process, which globalSetup started: emptied, well behaved, and having counted nothing. A file has
 * it to itself, since a process runs one file at a time.
 */
export async function portalOfProcess(): Promise<TestPortal> {
  const given = process.env[variableOf(process.env['JEST_WORKER_ID'] ?? '')]
  if (given === undefined) throw new Error('globalSetup started no portal for this process')
  const address = JSON.parse(given) as Address
  const portal = portalAt(address)
  await portal.behave({ mode: 'ok' })
  await onServer('truncate account, link, idempotency_key', address.databaseUrl)
  await portal.request('DELETE', '/control/counters')
  return portal
}

/** Starts a portal on a new database, or on one that an earlier portal left: for a test that stops it. */
export async function startPortal(databaseUrl?: string): Promise<OwnPortal> {
  const { address, pid, output, stop } = await runPortal(databaseUrl)
  const forget = expectGone(`portal process ${pid} on ${new URL(address.databaseUrl).pathname}`)
  return {
    ...portalAt(address),
    output,
    stop: async ({ keepDatabase = false } = {}) => {
      const code = await stop({ keepDatabase })
      forget()
      return code
    },
  }
}

/** For globalSetup: starts the portal of a test process (they count from 1); gives what stops it. */
export async function startPortalOf(testProcess: number): Promise<() => Promise<unknown>> {
  const { address, stop } = await runPortal()
  process.env[variableOf(testProcess)] = JSON.stringify(address)
  return () => stop({ keepDatabase: false })
}

async function runPortal(databaseUrl?: string) {
  const name = databaseUrl === undefined ? `portal_${randomUUID().replaceAll('-', '')}` : databaseUrl.split('/').pop()
  if (databaseUrl === undefined) await onServer(`create database ${name}`)
  const own = new URL(serverUrl())
  own.pathname = `/${name}`
  const token = randomUUID()
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'], DATABASE_URL: own.href, PORTAL_TOKEN: token },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const url = await readyUrl(child, () => output).catch(async (error: unknown) => {
    if (databaseUrl === undefined) await onServer(`drop database ${name} with (force)`)
    throw error
  })
  return {
    address: { url, token, databaseUrl: own.href } satisfies Address,
    pid: child.pid ?? 0,
    output: () => output,
    stop: async ({ keepDatabase }: { keepDatabase: boolean }) => {
      if (child.exitCode === null) {
        const exited = once(child, 'exit')
        child.kill('SIGTERM')
        await exited
      }
      if (!keepDatabase) await onServer(`drop database ${name} with (force)`)
      return child.exitCode
    },
  }
}

function portalAt(address: Address): TestPortal {
  const { url, token } = address
  const request: TestPortal['request'] = (method, path, body, headers = {}) =>
    fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
  const control = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
    const answer = await request(method, `/control/${path}`, body, headers)
    if (!answer.ok) throw new Error(`control ${path}: ${answer.status} ${await answer.text()}`)
    return answer.text()
  }
  return {
    ...address,
    request,
    put: async (accounts) => {
      const lines = accounts.map((account) => `${JSON.stringify({ type: 'portalAccount', ...account })}\n`)
      await control('PUT', 'accounts', lines.join(''), { 'content-type': 'application/x-ndjson' })
    },
    dump: async () => {
      const lines = (await control('GET', 'accounts')).split('\n').filter((line) => line !== '')
      const accounts = lines.map((line) => JSON.parse(line) as PortalAccount)
      return Object.fromEntries(accounts.map((a) => [a.id, a.links.map((l) => `${l.library}:${l.actorId}`)]))
    },
    behave: async (instruction) => {
      await control('POST', 'behave', instruction)
    },
    counters: async () => JSON.parse(await control('GET', 'counters')) as Awaited<ReturnType<TestPortal['counters']>>,
  }
}

/** The address in the portal's `ready` line. */
async function readyUrl(child: ChildProcess, output: () => string): Promise<string> {
  if (child.stdout === null) throw new Error('no standard output')
  for await (const line of createInterface({ input: child.stdout })) {
    const url = /^ready (http:\/\/\S+)$/.exec(line)?.[1]
    if (url !== undefined) return url
  }
  throw new Error(`the portal did not start: ${output()}`)
}
