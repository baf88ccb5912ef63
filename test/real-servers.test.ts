import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import path from 'node:path'
import type { SecureServerOptions } from 'node:http2'
import { Connection } from '@temporalio/client'
import { connect } from '../src/database/pool'
import { migrate } from '../src/database/migrate'
import { removeDataDir } from '../src/stack/dataDir'
import { startPostgres, type RunningPostgres } from '../src/stack/postgres'
import { ensureNamespace } from '../src/temporal/namespace'
import { readTemporalSettings } from '../src/temporal/settings'
import type { Check } from '../src/cli/checks/check'
import { checkDatabase } from '../src/cli/checks/database'
import { checkPortal } from '../src/cli/checks/portal'
import { checkTemporal } from '../src/cli/checks/temporal'
import { Places } from '../src/cli/context'
import { certificateFolder, createAuthority, type Authority, type Folder, type Identity } from './support/certificates'
import { runCli, type Ended } from './support/cli'
import { portalOfProcess, type TestPortal } from './support/portal'
import { temporalAddress } from './support/temporalAddress'
import { startWorker } from './support/workerProcess'
import {
  PERMISSION_DENIED,
  startGrpcProxy,
  startTlsProxy,
  UNAUTHENTICATED,
  type GrpcServer,
  type TlsServer,
} from './support/tlsServers'
import { testDataDir } from './support/testDataDir'

const API_KEY = 'the-key-of-this-test'
const NAMESPACE = `real-${process.pid}`
const QUEUE_PREFIX = `real-${process.pid}`

let authority: Authority
let stranger: Authority
let files: Folder
/** Path by name: authorities, and client certificates of each. */
let file: { ca: string; strangersCa: string; cert: string; key: string; strangersCert: string; strangersKey: string }
let identity: Identity
const stops: (() => Promise<unknown>)[] = []

let database: { dataDir: string; server: RunningPostgres; folder: string }
let portal: TestPortal
let httpsPortal: TlsServer
let temporal: GrpcServer
/** What doctor says of a server that takes calls and never answers: it waits long, while the other tests go on. */
let ofASilentOne: Promise<Ended>

/** What names the servers as they are in real life: each over TLS, each with its secret. */
function realServers(): Record<string, string> {
  return {
    DATABASE_URL: `${database.server.workerUrl()}?sslmode=verify-full&sslrootcert=${file.ca}`,
    DATABASE_OWNER_URL: `${database.server.ownerUrl()}?sslmode=verify-full&sslrootcert=${file.ca}`,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: NAMESPACE,
    TEMPORAL_API_KEY: API_KEY,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: file.ca,
    TEMPORAL_TLS_CLIENT_CERT_PATH: file.cert,
    TEMPORAL_TLS_CLIENT_KEY_PATH: file.key,
    PORTAL_URL: `https://${httpsPortal.address}`,
    PORTAL_TOKEN: portal.token,
    NODE_EXTRA_CA_CERTS: file.ca,
    TASK_QUEUE_PREFIX: QUEUE_PREFIX,
  }
}

const ontdubbel = (args: (string | number)[], changed: Record<string, string | undefined> = {}): Promise<Ended> =>
  runCli(args, given({ ...realServers(), ...changed }))

function given(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)) as Record<string, string>
}

type Changed = Record<string, string | undefined>

/** What doctor says of one server, in an environment that differs from the real one. */
async function doctorSays(server: 'database' | 'temporal' | 'portal', changed: Changed): Promise<Check[]> {
  const before = process.env
  process.env = given({ ...before, ...realServers(), ...changed })
  const places = new Places('/nowhere', process.env)
  try {
    if (server === 'portal') return await checkPortal(places)
    if (server === 'database') {
      const { checks, client } = await checkDatabase(places)
      await client?.end()
      return checks
    }
    const { checks, client } = await checkTemporal(places)
    await client?.connection.close()
    return checks
  } finally {
    process.env = before
  }
}

const saysOfTemporal = (changed: Changed) => firstOf(doctorSays('temporal', changed))
const saysOfPortal = (changed: Changed) => firstOf(doctorSays('portal', changed))

async function firstOf(checks: Promise<Check[]>): Promise<Check> {
  const [first] = await checks
  if (!first) throw new Error('doctor says nothing')
  return first
}

/** As a person sees it, in a process that was started with this environment. */
async function doctorSaysOfPortal(changed: Changed): Promise<Check | undefined> {
  const { checks } = (await ontdubbel(['doctor', '--json'], changed)).json() as { checks: Check[] }
  return checks.find(({ check }) => check === 'portal')
}

/** A gRPC server before the test's Temporal server, for one test. */
async function temporalBehind(
  options: SecureServerOptions,
  refuse?: Parameters<typeof startGrpcProxy>[2],
): Promise<GrpcServer> {
  const proxy = await startGrpcProxy(temporalAddress(), options, refuse)
  stops.push(() => proxy.stop())
  // by name: an address is no name for TLS
  return { ...proxy, address: proxy.address.replace('127.0.0.1', 'localhost') }
}

/** A server that takes calls and never answers. */
async function silentServer(): Promise<string> {
  const taken: Socket[] = []
  const server = createServer((socket) => taken.push(socket.resume())).listen(0, '127.0.0.1')
  await once(server, 'listening')
  stops.push(async () => {
    server.close()
    for (const socket of taken) socket.destroy()
  })
  return `localhost:${(server.address() as { port: number }).port}`
}

/** A PostgreSQL whose TLS can be changed, and which takes workers over TLS only. */
async function startDatabase(): Promise<typeof database> {
  const dataDir = testDataDir('ontdubbel-test-tls-')
  const server = await startPostgres({ dataDir, port: 0, durable: false })
  stops.push(async () => {
    await server.stop()
    removeDataDir(dataDir)
  })
  const admin = await connect(server.superuserUrl())
  const { rows } = await admin.query<{ data_directory: string }>('show data_directory')
  const folder = rows[0]?.data_directory ?? ''
  const hba = ['hostssl all ontdubbel_worker 127.0.0.1/32 scram-sha-256']
  hba.push('host all postgres,ontdubbel_owner,reference_portal 127.0.0.1/32 scram-sha-256', '')
  certificateFolder(folder).write('pg_hba.conf', hba.join('\n'))
  await admin.end()
  const started = { dataDir, server, folder }
  await useCertificate(started, identity)
  await migrate(server.ownerUrl())
  return started
}

/** Has the database show this certificate from now on; null: no TLS. */
async function useCertificate({ server, folder }: typeof database, shown: Identity | null): Promise<void> {
  const admin = await connect(server.superuserUrl())
  if (shown) {
    const inFolder = certificateFolder(folder)
    await admin.query(`alter system set ssl_cert_file = '${inFolder.write('test.crt', shown.cert)}'`)
    await admin.query(`alter system set ssl_key_file = '${inFolder.write('test.key', shown.key)}'`)
  }
  await admin.query(`alter system set ssl = '${shown ? 'on' : 'off'}'`)
  await admin.query('select pg_reload_conf()')
  await admin.end()
  // new connections see it when the server has read it
  for (let seen = ''; seen !== (shown ? 'on' : 'off');) {
    const look = await connect(server.superuserUrl())
    seen = (await look.query<{ ssl: string }>('show ssl')).rows[0]?.ssl ?? ''
    await look.end()
  }
}

const workerIn = (changed: Changed = {}) => startWorker({ ...realServers(), ...changed })

beforeAll(async () => {
  ;[authority, stranger] = await Promise.all([createAuthority(), createAuthority('A stranger')])
  const client = await authority.issue({ names: ['a worker'] })
  const strangersClient = await stranger.issue({ names: ['a worker'] })
  identity = await authority.issue()
  files = certificateFolder()
  file = {
    ca: files.write('ca.pem', authority.cert),
    strangersCa: files.write('stranger.pem', stranger.cert),
    cert: files.write('client.pem', client.cert),
    key: files.write('client.key', client.key),
    strangersCert: files.write('strangers-client.pem', strangersClient.cert),
    strangersKey: files.write('strangers-client.key', strangersClient.key),
  }
  portal = await portalOfProcess()
  httpsPortal = await startTlsProxy(new URL(portal.url).host, identity)
  stops.push(() => httpsPortal.stop())
  await ensureNamespace({ address: temporalAddress(), namespace: NAMESPACE })
  temporal = await temporalBehind(
    { ...identity, ca: authority.cert, requestCert: true, rejectUnauthorized: true },
    ({ authorization }) => (authorization === `Bearer ${API_KEY}` ? null : UNAUTHENTICATED),
  )
  database = await startDatabase()
  ofASilentOne = ontdubbel(['doctor', '--json'], { TEMPORAL_ADDRESS: await silentServer() })
})
afterAll(async () => {
  for (const stop of stops.reverse()) await stop()
  files.remove()
})

test('a merge runs with the database, Temporal and the portal over TLS, certificates checked, key and token shown', async () => {
  const admin = await connect(database.server.ownerUrl())
  await admin.query(`insert into library (id, name) values ('ZOT', 'Zottegem')`)
  await admin.query(`insert into patron (id, last_name) values (1, 'A'), (2, 'A')`)
  await admin.end()
  await portal.put([{ id: 'account', links: [{ library: 'ZOT', actorId: 2 }] }])
  const worker = workerIn()
  try {
    const merged = await ontdubbel(['merge', 1, 2, '--json'])
    expect([merged.code, merged.out]).toEqual([0, expect.stringContaining('"completed"')])
    expect(await portal.dump()).toEqual({ account: ['ZOT:1'] })
    const { checks } = (await ontdubbel(['doctor', '--json'])).json() as { checks: Check[] }
    expect(checks.filter(({ ok, remedy }) => !ok || remedy !== null)).toEqual([])
    expect(checks[0]?.message).toMatch(/over TLSv1\.[23]$/)
  } finally {
    await worker.stop()
  }
  expect([await worker.ended, worker.said()]).toEqual([0, 'ready\n'])
  expect(new Set(temporal.calls.map(({ authorization }) => authorization))).toEqual(new Set([`Bearer ${API_KEY}`]))
  const asked = temporal.calls.map(({ path: called }) => called.split('/').pop())
  expect(asked).toEqual(expect.arrayContaining(['PollWorkflowTaskQueue', 'ExecuteMultiOperation']))
})

describe('Temporal that cannot be spoken to is told by what is wrong, and what to do', () => {
  test('an authority that is not trusted', async () => {
    const check = await saysOfTemporal({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: undefined })
    expect(check).toMatchObject({ ok: false, message: expect.stringContaining('authority') as string })
    expect(check.remedy).toContain('TEMPORAL_TLS_SERVER_CA_CERT_PATH')
    const other = await saysOfTemporal({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: file.strangersCa })
    expect(other).toEqual(check)
  })

  test('a certificate that has expired, or is for another name', async () => {
    const expired = await temporalBehind(await authority.issue({ expired: true }))
    expect(await saysOfTemporal({ TEMPORAL_ADDRESS: expired.address })).toMatchObject({
      ok: false,
      message: expect.stringContaining('has expired') as string,
    })
    const renamed = await temporalBehind(await authority.issue({ names: ['temporal.example'] }))
    const check = await saysOfTemporal({ TEMPORAL_ADDRESS: renamed.address })
    expect(check).toMatchObject({ ok: false, message: expect.stringContaining('another name') as string })
    expect(check.remedy).toContain('TEMPORAL_TLS_SERVER_NAME')
    expect(
      await saysOfTemporal({
        TEMPORAL_ADDRESS: renamed.address,
        TEMPORAL_TLS_SERVER_NAME: 'temporal.example',
      }),
    ).toMatchObject({ ok: true })
  })

  test('a client certificate that is missing, or of another authority', async () => {
    const missing = await saysOfTemporal({
      TEMPORAL_TLS_CLIENT_CERT_PATH: undefined,
      TEMPORAL_TLS_CLIENT_KEY_PATH: undefined,
    })
    expect(missing).toMatchObject({
      ok: false,
      message: expect.stringContaining('wants a client certificate') as string,
    })
    expect(missing.remedy).toContain('TEMPORAL_TLS_CLIENT_CERT_PATH')
    const strange = await saysOfTemporal({
      TEMPORAL_TLS_CLIENT_CERT_PATH: file.strangersCert,
      TEMPORAL_TLS_CLIENT_KEY_PATH: file.strangersKey,
    })
    expect(strange).toMatchObject({ ok: false, message: expect.stringContaining('client certificate') as string })
  })

  test('a key that does not belong to the certificate', async () => {
    const check = await saysOfTemporal({ TEMPORAL_TLS_CLIENT_KEY_PATH: file.strangersKey })
    expect(check).toMatchObject({ ok: false, message: expect.stringContaining('cannot be used') as string })
  })

  test('an API key that is refused, or missing', async () => {
    const check = await saysOfTemporal({ TEMPORAL_API_KEY: 'another-key' })
    expect(check).toMatchObject({ ok: false, message: expect.stringContaining('refuses the API key') as string })
    expect(check.remedy).toContain('TEMPORAL_API_KEY')
    expect(JSON.stringify(check)).not.toContain('another-key')
    const missing = await saysOfTemporal({ TEMPORAL_API_KEY: undefined })
    expect(missing).toMatchObject({ ok: false, remedy: expect.stringContaining('TEMPORAL_API_KEY') as string })
  })

  test('no TLS where the server wants it, and TLS where it has none', async () => {
    const withoutTls = {
      TEMPORAL_API_KEY: undefined,
      TEMPORAL_TLS_SERVER_CA_CERT_PATH: undefined,
      TEMPORAL_TLS_CLIENT_CERT_PATH: undefined,
      TEMPORAL_TLS_CLIENT_KEY_PATH: undefined,
    }
    const check = await saysOfTemporal(withoutTls)
    expect(check).toMatchObject({ ok: false, remedy: expect.stringContaining('TEMPORAL_TLS=true') as string })
    const plain = await saysOfTemporal({ TEMPORAL_ADDRESS: temporalAddress().replace('127.0.0.1', 'localhost') })
    expect(plain).toMatchObject({ ok: false, message: expect.stringContaining('does not speak TLS') as string })
    expect(plain.remedy).toContain('Unset TEMPORAL_TLS')
  })

  test('another server, one that says nothing, no host of that name, and nobody', async () => {
    const says = (address: string) => saysOfTemporal({ TEMPORAL_ADDRESS: address })
    const https = await says(httpsPortal.address.replace('127.0.0.1', 'localhost'))
    const noHost = await says('temporal.invalid:7233')
    const nobody = await says('localhost:1')
    const { checks } = (await ofASilentOne).json() as { checks: Check[] }
    const nothing = checks.find(({ check }) => check === https.check) ?? https
    expect([https, nothing, noHost, nobody].map(({ ok }) => ok)).toEqual([false, false, false, false])
    expect(https.message).toContain('something else')
    expect(nothing.message).toContain('does not answer')
    expect(noHost.message).toContain('no such host')
    expect(nobody.message).toContain('nobody listens')
  })

  test('a worker says the same and ends with 1', async () => {
    const worker = workerIn({ TEMPORAL_API_KEY: 'another-key' })
    const untrusting = workerIn({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: file.strangersCa })
    expect([await worker.ended, worker.said()]).toEqual([1, expect.stringContaining('refuses the API key')])
    expect([await untrusting.ended, untrusting.said()]).toEqual([
      1,
      expect.stringContaining('TEMPORAL_TLS_SERVER_CA_CERT'),
    ])
  })
})

describe('a server that keeps its operator service to itself, as Temporal Cloud does', () => {
  const operators = ({ path: called }: { path: string }) =>
    called.includes('OperatorService') ? PERMISSION_DENIED : null

  test('serves workers and doctor where the search attributes are there', async () => {
    const cloud = await temporalBehind(identity, operators)
    const worker = workerIn({ TEMPORAL_ADDRESS: cloud.address })
    try {
      await worker.ready
      const checks = await doctorSays('temporal', { TEMPORAL_ADDRESS: cloud.address })
      expect(checks.filter(({ ok }) => !ok)).toEqual([])
      expect(checks.map(({ check }) => check)).toContain('search-attributes')
    } finally {
      await worker.stop()
    }
    expect(await worker.ended).toBe(0)
  })

  test('is told where they are missing: a worker does not start, since merges would hang', async () => {
    const namespace = `${NAMESPACE}-bare`
    await ensureNamespace({ address: temporalAddress(), namespace })
    const connection = await Connection.connect({ address: temporalAddress() })
    await connection.operatorService.removeSearchAttributes({ namespace, searchAttributes: ['OntdubbelMerge'] })
    await connection.close()
    const cloud = await temporalBehind(identity, operators)
    const bare = { TEMPORAL_ADDRESS: cloud.address, TEMPORAL_NAMESPACE: namespace }
    const worker = workerIn(bare)
    expect([await worker.ended, worker.said()]).toEqual([1, expect.stringContaining('OntdubbelMerge')])
    const check = (await doctorSays('temporal', bare)).find(({ check: name }) => name === 'search-attributes')
    expect(check).toMatchObject({ ok: false, message: expect.stringContaining('OntdubbelMerge') as string })
    expect(check?.remedy).toContain('settings')
  })
})

describe('settings for Temporal', () => {
  const read = (env: Record<string, string>) => readTemporalSettings(env)
  /** A home with somebody's profiles: the default one is production. */
  function home(): Record<string, string> {
    const folder = path.join(path.dirname(file.ca), 'home')
    const config = path.join(folder, '.config', 'temporalio')
    mkdirSync(config, { recursive: true })
    writeFileSync(
      path.join(config, 'temporal.toml'),
      '[profile.default]\naddress = "production:7233"\n[profile.try]\naddress = "try:7233"\nnamespace = "try"\n',
    )
    return { HOME: folder, XDG_CONFIG_HOME: path.join(folder, '.config'), APPDATA: path.join(folder, '.config') }
  }

  test("nobody's default profile is read unless a profile or a file is named", () => {
    const somebody = home()
    expect(read(somebody)).toMatchObject({ namespace: 'default', connectionOptions: { address: undefined } })
    expect(read({ ...somebody, TEMPORAL_PROFILE: '' }).connectionOptions.address).toBeUndefined()
    expect(read({ ...somebody, TEMPORAL_PROFILE: 'try' })).toMatchObject({
      namespace: 'try',
      connectionOptions: { address: 'try:7233' },
    })
    const config = path.join(somebody.XDG_CONFIG_HOME ?? '', 'temporalio', 'temporal.toml')
    expect(read({ TEMPORAL_CONFIG_FILE: config }).connectionOptions.address).toBe('production:7233')
    expect(read({ TEMPORAL_CONFIG_FILE: config, TEMPORAL_ADDRESS: 'here:1' }).connectionOptions.address).toBe('here:1')
  })

  test('a variable that is empty is none, and yes is said as in other tools', () => {
    const empty = ['TEMPORAL_API_KEY', 'TEMPORAL_TLS', 'TEMPORAL_TLS_CLIENT_CERT_PATH', 'TEMPORAL_NAMESPACE']
    const settings = read(Object.fromEntries(empty.map((name) => [name, ''])))
    expect(settings).toMatchObject({ namespace: 'default', connectionOptions: { apiKey: undefined, tls: undefined } })
    for (const yes of ['1', 'true', 'TRUE', 'T']) expect(read({ TEMPORAL_TLS: yes }).connectionOptions.tls).toBeTruthy()
    for (const no of ['0', 'false', 'F']) expect(read({ TEMPORAL_TLS: no }).connectionOptions.tls).toBe(false)
    expect(read({ TEMPORAL_API_KEY: 'a' }).connectionOptions.tls).toBe(true)
  })

  test.each([
    [{ TEMPORAL_TLS: 'yes' }, /TEMPORAL_TLS is neither/],
    [{ TEMPORAL_TLS_DISABLE_HOST_VERIFICATION: 'true' }, /TEMPORAL_TLS_SERVER_NAME/],
    [{ TEMPORAL_TLS_SERVER_CA_CERT_PATH: '/nowhere/ca.pem' }, /\/nowhere\/ca\.pem.*ENOENT/],
    [{ TEMPORAL_TLS_CLIENT_CERT_DATA: 'a' }, /needs both/],
    [{ TEMPORAL_CONFIG_FILE: '/nowhere/temporal.toml' }, /TEMPORAL_CONFIG_FILE/],
    [{ TEMPORAL_ADDRESS: 'https://temporal.example' }, /without http/],
    [{ TEMPORAL_API_KEY: 'secret\n' }, /TEMPORAL_API_KEY holds white space/],
  ])('%j is refused, not passed over', (env, why) => {
    expect(() => read(env as unknown as Record<string, string>)).toThrow(why)
    expect(() => read(env as unknown as Record<string, string>)).not.toThrow('secret')
  })

  test('a profile that is named and not there is an error of settings', () => {
    expect(() => read({ ...home(), TEMPORAL_PROFILE: 'nowhere' })).toThrow(/nowhere/)
  })
})

describe('a database that cannot be connected to is told by what is wrong, and what to do', () => {
  const says = (query: string, url = database.server.workerUrl()) =>
    firstOf(doctorSays('database', { DATABASE_URL: `${url}${query}` }))

  test('no TLS where the server wants it', async () => {
    const check = await says('')
    expect(check).toMatchObject({ ok: false, message: expect.stringContaining('over TLS only') as string })
    expect(check.remedy).toContain('sslmode=verify-full')
  })

  test('an authority that is not trusted; sslmode=require asks for none, with advice', async () => {
    const check = await says('?sslmode=verify-full')
    expect(check).toMatchObject({ ok: false, remedy: expect.stringContaining('sslrootcert') as string })
    expect(await says(`?sslmode=verify-full&sslrootcert=${file.strangersCa}`)).toEqual(check)
    expect(await says(`?sslmode=require&sslrootcert=${file.strangersCa}`)).toEqual(check)
    expect(await says('?sslmode=require')).toMatchObject({
      ok: true,
      message: expect.stringContaining('over TLS') as string,
      remedy: expect.stringContaining('verify-full') as string,
    })
  })

  test('a certificate that has expired, or is for another name', async () => {
    await useCertificate(database, await authority.issue({ expired: true }))
    const expired = await says(`?sslmode=verify-full&sslrootcert=${file.ca}`)
    await useCertificate(database, await authority.issue({ names: ['db.example'] }))
    const renamed = await says(`?sslmode=verify-full&sslrootcert=${file.ca}`)
    const authorityAlone = await says(`?sslmode=verify-ca&sslrootcert=${file.ca}`)
    await useCertificate(database, identity)
    expect(expired).toMatchObject({ ok: false, message: expect.stringContaining('has expired') as string })
    expect(renamed).toMatchObject({ ok: false, message: expect.stringContaining('another name') as string })
    expect(authorityAlone).toMatchObject({ ok: true })
  })

  test('a server without TLS where sslmode wants it', async () => {
    await useCertificate(database, null)
    const check = await says(`?sslmode=verify-full&sslrootcert=${file.ca}`, database.server.ownerUrl())
    const plain = await says('?sslmode=disable', database.server.ownerUrl())
    await useCertificate(database, identity)
    expect(check).toMatchObject({ ok: false, message: expect.stringContaining('has no TLS') as string })
    expect(plain).toMatchObject({ ok: true, message: expect.not.stringContaining('TLS') as string })
  })

  test('a wrong password, a database that is not there, and a user that may not', async () => {
    const tls = `?sslmode=verify-full&sslrootcert=${file.ca}`
    const url = new URL(database.server.workerUrl())
    url.password = 'not-the-password'
    const password = await says(tls, url.href)
    expect(password).toMatchObject({ ok: false, message: expect.stringContaining('password is wrong') as string })
    expect(JSON.stringify(password)).not.toContain('not-the-password')
    expect(await says(tls, database.server.workerUrl('nowhere'))).toMatchObject({
      ok: false,
      message: expect.stringContaining('no such database') as string,
    })
    expect(await says(tls, database.server.workerUrl('portal'))).toMatchObject({
      ok: false,
      message: expect.stringContaining('may not connect to this database') as string,
    })
  })

  test.each([
    ['?sslmode=preferred', /sslmode/],
    ['?sslmode=verify-ca', /sslrootcert/],
    ['?sslmode=verify-full&sslrootcert=/nowhere/ca.pem', /\/nowhere\/ca\.pem/],
  ])('settings that make no sense: %s', async (query, why) => {
    const check = await says(query)
    expect([check.ok, check.message]).toEqual([false, expect.stringMatching(why)])
    const command = await ontdubbel(['merge', 'list'], { DATABASE_URL: `${database.server.workerUrl()}${query}` })
    expect([command.code, command.err]).toEqual([2, expect.stringMatching(why)])
  })

  test('a command and a worker say the same', async () => {
    const changed = {
      DATABASE_URL: `${database.server.workerUrl()}?sslmode=verify-full`,
      NODE_EXTRA_CA_CERTS: undefined,
    }
    const command = await ontdubbel(['merge', 'list'], changed)
    expect([command.code, command.err]).toEqual([1, expect.stringContaining('sslrootcert')])
    const worker = workerIn(changed)
    expect([await worker.ended, worker.said()]).toEqual([1, expect.stringContaining('sslrootcert')])
  })
})

describe('a portal that cannot be spoken to is told by what is wrong, and what to do', () => {
  test('an authority that is not trusted, a certificate that has expired, or is for another name', async () => {
    const [expired, renamed] = await Promise.all(
      [{ expired: true }, { names: ['portal.example'] }].map(async (options) => {
        const proxy = await startTlsProxy(new URL(portal.url).host, await authority.issue(options))
        stops.push(() => proxy.stop())
        return proxy
      }),
    )
    expect(await saysOfPortal({})).toMatchObject({
      ok: false,
      remedy: expect.stringContaining('NODE_EXTRA_CA_CERTS') as string,
    })
    expect(await doctorSaysOfPortal({ PORTAL_URL: `https://${expired?.address}` })).toMatchObject({
      ok: false,
      message: expect.stringContaining('has expired') as string,
    })
    expect(await doctorSaysOfPortal({ PORTAL_URL: `https://${renamed?.address}` })).toMatchObject({
      ok: false,
      message: expect.stringContaining('another name') as string,
    })
  })

  test('https where it speaks http, and http where it speaks https', async () => {
    expect(await saysOfPortal({ PORTAL_URL: portal.url.replace('http:', 'https:') })).toMatchObject({
      ok: false,
      message: expect.stringContaining('does not speak TLS') as string,
    })
    expect(await saysOfPortal({ PORTAL_URL: `http://${httpsPortal.address}` })).toMatchObject({
      ok: false,
      remedy: expect.stringContaining('PORTAL_URL') as string,
    })
  })

  test('nobody there, and no host of that name', async () => {
    expect(await saysOfPortal({ PORTAL_URL: 'https://127.0.0.1:1' })).toMatchObject({
      ok: false,
      message: expect.stringContaining('nobody listens') as string,
    })
    expect(await saysOfPortal({ PORTAL_URL: 'https://portal.invalid' })).toMatchObject({
      ok: false,
      message: expect.stringContaining('no such host') as string,
    })
  })

  test('a token that is refused, missing, or holds a line end', async () => {
    expect(await saysOfPortal({ PORTAL_URL: portal.url, PORTAL_TOKEN: 'not-the-token' })).toMatchObject({
      ok: false,
      message: expect.stringContaining('PORTAL_TOKEN') as string,
    })
    expect(await saysOfPortal({ PORTAL_TOKEN: undefined })).toMatchObject({
      ok: false,
      message: 'PORTAL_URL is set and PORTAL_TOKEN is not.',
    })
    const broken = await saysOfPortal({ PORTAL_TOKEN: `${portal.token}\n` })
    expect(broken).toMatchObject({ ok: false, message: expect.stringContaining('white space') as string })
    expect(JSON.stringify(broken)).not.toContain(portal.token)
  })
})
