import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Client } from 'pg'
import type { PortalAccount } from '../../src/portal/links'
import { expectGone } from './leavesNothing'

const MAIN = join(__dirname, '..', '..', 'dist', 'reference-portal', 'main.js')

/** The reference portal as its own process, on a database of its own. */
export interface TestPortal {
  readonly url: string
  readonly token: string
  readonly pid: number
  readonly databaseUrl: string
  /** Everything it wrote to standard output and error. */
  readonly output: () => string
  /** A request as given; `path` with its leading slash. */
  request(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>
  put(accounts: readonly Omit<PortalAccount, 'type'>[]): Promise<void>
  dump(): Promise<Record<string, string[]>>
  behave(instruction: Record<string, unknown>): Promise<void>
  counters(): Promise<{ answers: Record<string, Record<string, number>>; done: Record<string, number> }>
  /** Ends the process by SIGTERM (its exit code is returned), and drops the database unless it is kept. */
  stop(options?: { keepDatabase?: boolean }): Promise<number | null>
}

/** Runs a statement on the test's PostgreSQL server, as its owner. */
export async function onServer(statement: string): Promise<void> {
  const client = new Client({ connectionString: serverUrl() })
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

/** Starts a portal on a new database, or on one that an earlier portal left. */
export async function startPortal(databaseUrl?: string): Promise<TestPortal> {
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
  const forget = expectGone(`portal process ${child.pid ?? 0} and database ${name}`)
  const control = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
    const answer = await request(method, `/control/${path}`, body, headers)
    if (!answer.ok) throw new Error(`control ${path}: ${answer.status} ${await answer.text()}`)
    return answer.text()
  }

  return {
    url,
    token,
    pid: child.pid ?? 0,
    databaseUrl: own.href,
    output: () => output,
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
    stop: async ({ keepDatabase = false } = {}) => {
      if (child.exitCode === null) {
        const exited = once(child, 'exit')
        child.kill('SIGTERM')
        await exited
      }
      if (!keepDatabase) await onServer(`drop database ${name} with (force)`)
      forget()
      return child.exitCode
    },
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
