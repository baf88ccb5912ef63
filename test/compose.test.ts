import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { Client, Connection } from '@temporalio/client'
import { DCLinter } from 'dclint'
import { Client as DatabaseClient } from 'pg'
import { parse } from 'yaml'
import { checkDatabase } from '../src/cli/checks/database'
import { Places } from '../src/cli/context'
import { migrate } from '../src/database/migrate'
import { packageRoot } from '../src/packageRoot'
import { findTemporalCli } from '../src/stack/temporalCli'
import { readWorkerSettings } from '../src/settings'
import { readTemporalSettings } from '../src/temporal/settings'
import { QUEUES, SEARCH_ATTRIBUTES } from '../src/workflows/names'
import { freshDatabase, serverUrl } from './support/database'
import { temporalAddress } from './support/temporalAddress'

interface Service {
  image: string
  build?: { context: string; dockerfile: string }
  profiles?: string[]
  command?: string[]
  entrypoint?: string[]
  environment?: Record<string, string>
  depends_on?: Record<string, { condition: string }>
  healthcheck?: { test: string[] }
  ports?: string[]
  volumes?: string[]
  restart?: string
  stop_grace_period?: string
  init?: boolean
  read_only?: boolean
}

const text = read('docker-compose.yml')
const compose = parse(text, { merge: true }) as {
  services: Record<string, Service>
  volumes: Record<string, unknown>
}
const services = Object.entries(compose.services)
const dockerfile = read('docker/Dockerfile')
const example = read('.env.example')

function read(file: string): string {
  return readFileSync(path.join(packageRoot, file), 'utf8')
}

const WORKERS = QUEUES.map((queue) => `worker-${queue}`)
const service = (name: string): Service => compose.services[name] ?? ({ image: '' } as Service)
const isOneShot = ({ restart }: Service) => restart === 'on-failure:5'
const isOurs = ({ image }: Service) => image.startsWith('ontdubbel:')
/** `${X:?…}` and `${X:-…}` by name; null where there is no default. */
function variables(of: string): [name: string, fallback: string | null][] {
  return [...of.matchAll(/\$\{([A-Z_]+)(?::([-?])([^}]*))?\}/g)].map(([, name, kind, rest]) => [
    name ?? '',
    kind === '-' ? (rest ?? '') : null,
  ])
}

test('the compose file is what the tools of compose take', () => {
  // the order of keys and services is ours: each service reads from what it is to what it waits for. Ports are looked at below
  const rules = {
    'service-keys-order': 0,
    'services-alphabetical-order': 0,
    'top-level-properties-order': 0,
    'no-unbound-port-interfaces': 0,
  } as const
  const linter = new DCLinter({ rules, quiet: true, debug: false, exclude: [] })
  // its types cannot be found by this kind of import
  const file = path.join(packageRoot, 'docker-compose.yml')
  const results = linter.lintFiles([file], false) as { messages: { line: number; message: string }[] }[]
  expect(results).toHaveLength(1)
  expect(results.flatMap(({ messages }) => messages.map(({ line, message }) => `${line}: ${message}`))).toEqual([])
})

test('no secret and no place of a real portal has a default; the message says what to set', () => {
  const asked = variables(text)
  const secret = /PASSWORD|TOKEN|KEY|SECRET|PORTAL_URL/
  expect(asked.filter(([name, fallback]) => secret.test(name) && fallback !== null)).toEqual([])
  const without = [...text.matchAll(/\$\{([A-Z_]+)(:\?)?([^}]*)\}/g)].filter(([, name]) => secret.test(name ?? ''))
  expect(without.filter(([, , kind, message]) => kind === undefined || !message?.startsWith('set it in .env'))).toEqual(
    [],
  )
  // nor does one stand anywhere in plain words
  const given = services.flatMap(([, { environment }]) => Object.entries(environment ?? {}))
  expect(given.filter(([name, value]) => /PASSWORD|PWD|TOKEN/.test(name) && !/^\$\{[A-Z_]+:\?/.test(value))).toEqual([])
})

test('.env.example names every variable of the compose file, gives no secret, and no variable that is not there', () => {
  const needed = new Set(variables(text).map(([name]) => name))
  const lines = example
    .split('\n')
    .flatMap((line) => [...(/^(?:# )?([A-Z_]+)=(.*)$/.exec(line) ?? [])].slice(1, 3).join('=') || [])
  const named = lines.map((line) => line.split('=')[0] ?? '')
  expect(named.sort()).toEqual([...needed].sort())
  for (const [name, fallback] of variables(text)) {
    expect([name, new RegExp(`^(# )?${name}=(.*)$`, 'm').exec(example)?.[2]]).toEqual([name, fallback ?? ''])
  }
})

test('every version is pinned', () => {
  for (const [name, { image, build }] of services) {
    if (build) continue
    expect([name, image]).toEqual([name, expect.stringMatching(/^[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z]+)?$/)])
  }
  expect(service('migrate').image).toBe(`ontdubbel:\${ONTDUBBEL_VERSION:-${JSON.parse(read('package.json')).version}}`)
  expect(dockerfile.match(/^ARG NODE_VERSION=\d+\.\d+\.\d+$/m)).not.toBeNull()
  for (const [, from] of dockerfile.matchAll(/^FROM (\S+)/gm))
    expect(from).toMatch(/^(node:\$\{NODE_VERSION\}-bookworm(-slim)?|build)$/)
  expect(service('temporal').image.split(':')[1]).toBe(service('temporal-schema').image.split(':')[1])
  expect(service('library-db').image).toMatch(/^postgres:18\./)
})

test('data is kept where the image puts it, in volumes that are declared', () => {
  expect(service('library-db').volumes).toEqual(['library-data:/var/lib/postgresql'])
  expect(service('temporal-db').volumes).toEqual(['temporal-data:/var/lib/postgresql/data'])
  const used = services.flatMap(([, { volumes }]) => volumes ?? []).map((volume) => volume.split(':')[0] ?? '')
  const kept = used.filter((source) => !source.startsWith('.') && !source.startsWith('$'))
  expect([...new Set(kept)].sort()).toEqual(Object.keys(compose.volumes).sort())
})

test('whoever waits waits for something that is there: a one-shot that ended well, or a service that is healthy', () => {
  for (const [name, { depends_on: needs }] of services) {
    for (const [other, { condition }] of Object.entries(needs ?? {})) {
      const found = compose.services[other]
      const expected = found && isOneShot(found) ? 'service_completed_successfully' : 'service_healthy'
      expect([name, other, condition]).toEqual([name, other, expected])
      // one that is started only with a profile would never come
      expect(found?.profiles ?? []).toEqual(service(name).profiles ?? [])
    }
  }
})

test('every service that goes on has a health check, and stops in its own time', () => {
  const lasting = services.filter(([, one]) => !isOneShot(one) && !one.profiles?.includes('command'))
  expect(lasting.filter(([, { healthcheck }]) => !healthcheck).map(([name]) => name)).toEqual([])
  expect(lasting.filter(([, { restart }]) => restart !== 'unless-stopped').map(([name]) => name)).toEqual([])
  for (const name of WORKERS) expect(service(name).stop_grace_period).toBe('40s')
  for (const [name, one] of services.filter(([, other]) => isOurs(other))) {
    expect([name, one.init, one.read_only, one.build?.dockerfile]).toEqual([name, true, true, 'docker/Dockerfile'])
  }
})

test('each task queue has workers of its own', () => {
  const served = services.flatMap(([, { command }]) =>
    command?.[1] === 'dist/src/worker.js' ? [command.slice(2)] : [],
  )
  expect(served).toEqual(QUEUES.map((queue) => ['--queue', queue]))
})

test('nothing is open to other machines unless somebody says so', () => {
  const ports = services.flatMap(([, one]) => one.ports ?? [])
  expect(ports.filter((port) => !/^\$\{[A-Z_]+_LISTEN:-127\.0\.0\.1:\d+\}:\d+$/.test(port))).toEqual([])
})

describe('what a service is told it reads', () => {
  const sources = readdirSync(path.join(packageRoot, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => read(path.join('src', file)))
    .join('\n')
  const portalReads = read('reference-portal/settings.ts')
  // read by Node itself
  const NODE = ['NODE_EXTRA_CA_CERTS']

  test.each(services.filter(([, one]) => isOurs(one)).map(([name]) => [name]))('%s', (name) => {
    const read = name === 'reference-portal' ? portalReads : sources
    const told = Object.keys(service(name).environment ?? {}).filter((one) => !NODE.includes(one))
    // Temporal's own package reads TEMPORAL_*
    const unread = told.filter((one) => !new RegExp(`\\b${one}\\b`).test(read) && one !== 'TEMPORAL_NAMESPACE')
    expect(unread).toEqual([])
  })

  test('workers start with it', () => {
    const filled = (name: string) =>
      Object.fromEntries(
        Object.entries(service(name).environment ?? {}).map(([key, value]) => [
          key,
          String(value).replace(/\$\{([A-Z_]+):([-?])([^}]*)\}/g, (_, variable: string, kind: string, rest: string) =>
            kind === '-' ? rest : variable === 'PORTAL_URL' ? 'https://portal.example' : 'secret',
          ),
        ]),
      )
    for (const name of WORKERS) {
      const env = filled(name)
      expect(readWorkerSettings(env)).toMatchObject({ PORTAL_URL: 'https://portal.example', DATABASE_CONNECTIONS: 20 })
      expect(readTemporalSettings(env)).toMatchObject({
        namespace: 'ontdubbel',
        connectionOptions: { address: 'temporal:7233' },
      })
    }
  })
})

test('every file that is mounted, copied or run is there; what is copied into the image is not ignored', () => {
  const mounted = services.flatMap(([, { volumes }]) => volumes ?? []).map((volume) => volume.split(':')[0] ?? '')
  const files = mounted.filter((source) => source.startsWith('./'))
  const run = services
    .filter(([, one]) => isOurs(one))
    .flatMap(([, { command, entrypoint, healthcheck }]) => [
      ...(command ?? []),
      ...(entrypoint ?? []),
      ...(healthcheck?.test ?? []),
    ])
    .filter((word) => /\.(js|mjs)$/.test(word))
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, from]) => (from ?? '').split(' '))
  const ran = [...dockerfile.matchAll(/node (scripts\/\S+\.mjs)/g)].map(([, script]) => script ?? '')
  const all = [...files, ...run, ...copied, ...ran]
  expect(all.length).toBeGreaterThan(15)
  expect(all.filter((file) => !existsSync(path.join(packageRoot, file)))).toEqual([])
  // what the final image runs is in the final image
  const last = dockerfile.slice(dockerfile.lastIndexOf('FROM '))
  const inImage = [...last.matchAll(/^COPY (?:--from=\w+ )?\S+ \.\/(\S+)$/gm)].map(([, to]) => to ?? '')
  expect(run.filter((file) => !inImage.some((to) => file === to || file.startsWith(`${to}/`)))).toEqual([])
  expect(last).toMatch(/^USER node$/m)
  expect(last).toContain('CMD ["node", "dist/src/worker.js"]')
  const kept = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1))
  expect(copied.filter((file) => !kept.some((one) => file.replace('./', '').startsWith(one)))).toEqual([])
})

test('docs/operations.md names only services, files and variables that are there', () => {
  const docs = read('docs/operations.md')
  const used = [...docs.matchAll(/docker compose (?:run --rm|exec -T|stop|up -d --no-deps) ([a-z][a-z-]*)/g)]
  expect(used.length).toBeGreaterThan(8)
  expect(used.map(([, name]) => name ?? '').filter((name) => compose.services[name] === undefined)).toEqual([])
  const links = [...docs.matchAll(/\]\(([^)#]+)\)/g)].map(([, to]) => path.join('docs', to ?? ''))
  const files = [...docs.matchAll(/`(docker\/[\w.-]+|\.env\.example)`/g)].map(([, file]) => file ?? '')
  expect([...links, ...files].filter((file) => !existsSync(path.join(packageRoot, file)))).toEqual([])
  const variables = new Set(
    [...docs.matchAll(/\b(?:LIBRARY|TEMPORAL|PORTAL|DATABASE|ONTDUBBEL)_[A-Z_]+\b/g)].map(([name]) => name),
  )
  const known = `${text}${read('src/temporal/settings.ts')}${read('src/settings.ts')}TEMPORAL_TLS_SERVER_NAME`
  expect([...variables].filter((name) => !known.includes(name) && name !== 'DATABASE_OWNER_URL')).toEqual([])
})

test.each(readdirSync(path.join(packageRoot, 'docker')).filter((name) => name.endsWith('.sh')))(
  '%s is a script that every sh reads',
  (name) => {
    const { status, stderr } = spawnSync('sh', ['-n', path.join(packageRoot, 'docker', name)], { encoding: 'utf8' })
    expect([status, stderr]).toEqual([0, ''])
    expect(read(`docker/${name}`)).toMatch(/^#!\/bin\/sh\n(#.*\n)+set -eu\n/)
  },
)

test("the namespace script makes the namespace with its retention and the code's search attributes, as often as one likes", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ontdubbel-cli-'))
  symlinkSync(findTemporalCli(), path.join(folder, 'temporal'))
  const namespace = `compose-${process.pid}`
  const run = () =>
    promisify(execFile)('sh', [path.join(packageRoot, 'docker', 'temporal-namespace.sh')], {
      env: {
        PATH: `${folder}:${process.env.PATH}`,
        HOME: folder,
        TEMPORAL_ADDRESS: temporalAddress(),
        TEMPORAL_NAMESPACE: namespace,
      },
    })
  try {
    expect((await run()).stdout).toContain(`namespace ${namespace} is ready`)
    expect((await run()).stdout).toContain(`namespace ${namespace} is ready`)
  } finally {
    rmSync(folder, { recursive: true })
  }
  const client = new Client({ connection: await Connection.connect({ address: temporalAddress() }) })
  const { config } = await client.workflowService.describeNamespace({ namespace })
  expect(Number(config?.workflowExecutionRetentionTtl?.seconds)).toBe(720 * 3_600)
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({ namespace })
  await client.connection.close()
  const KEYWORD = 2
  // a server has attributes of its own beside these
  const ours = Object.fromEntries(Object.entries(customAttributes).filter(([name]) => name.startsWith('Ontdubbel')))
  expect(ours).toEqual(Object.fromEntries(SEARCH_ATTRIBUTES.map(({ name }) => [name, KEYWORD])))
})

test('the roles script makes a database that migrations, workers and doctor are content with, as often as one likes', async () => {
  const database = await freshDatabase({ empty: true })
  // the roles are the test server's: they keep their passwords
  const passwords = ['owner', 'worker'] as const
  const options = passwords.map(
    (role) => `-c ontdubbel.${role}_password=${new URL(serverUrl('postgres', role)).password}`,
  )
  const sql = read('docker/library-roles.sql')
  try {
    for (const how of [options, options]) {
      const admin = new DatabaseClient({ connectionString: database.superUrl, options: how.join(' ') })
      await admin.connect()
      await admin.query(sql)
      await admin.end()
    }
    const bare = new DatabaseClient({ connectionString: database.superUrl })
    await bare.connect()
    await expect(bare.query(sql)).rejects.toThrow('no password for the role ontdubbel_owner')
    await bare.end()
    await migrate(database.ownerUrl)
    const places = new Places('/nowhere', { DATABASE_URL: database.url, DATABASE_OWNER_URL: database.ownerUrl })
    const { checks, client } = await checkDatabase(places)
    await client?.end()
    expect(checks.filter(({ ok, remedy }) => !ok || remedy !== null)).toEqual([])
  } finally {
    await database.drop()
  }
})

describe('the health check', () => {
  let server: Server
  let answer: { status: number; body: string }
  let address: string
  beforeAll(async () => {
    server = createServer((_, response) => {
      response.statusCode = answer.status
      response.end(answer.body)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => server.close())

  test.each([
    ['/metrics', 200, 'temporal_num_pollers{namespace="default",poller_type="workflow_task"} 5\n', 0],
    ['/metrics', 200, 'temporal_num_pollers{namespace="default",poller_type="workflow_task"} 0\n', 1],
    ['/metrics', 200, '', 1],
    ['/health', 200, '{"status":"ok"}', 0],
    ['/health', 503, '', 1],
  ])('of %s, answered %i with %j, ends with %i', async (page, status, body, code) => {
    answer = { status, body }
    const ended = await promisify(execFile)(process.execPath, [
      path.join(packageRoot, 'docker', 'healthy.js'),
      address + page,
    ]).then(
      () => 0,
      (error: { code: number }) => error.code,
    )
    expect(ended).toBe(code)
  })
})
