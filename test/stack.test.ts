import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { temporaryDataDir } from '../src/stack/dataDir'
import { findRunningStack, type StackInfo } from '../src/stack/stackFile'
import { processesNaming, query, removeWithAll, stillRunning, up, type RunningUp } from './support/up'

let running: RunningUp[] = []
let folders: string[] = []

function start(...args: Parameters<typeof up>): RunningUp {
  const one = up(...args)
  running.push(one)
  return one
}

function folder(): string {
  const made = temporaryDataDir('ontdubbel-stack-')
  folders.push(made)
  return made
}

afterEach(async () => {
  for (const one of running) if (one.process.exitCode === null && one.process.signalCode === null) await one.stop()
  for (const made of folders) removeWithAll(made)
  running = []
  folders = []
})

/** One folder for all that a look at a running stack shows, and for what becomes of it over time. */
let dataDir: string
let one: RunningUp
let info: StackInfo

beforeAll(async () => {
  dataDir = temporaryDataDir('ontdubbel-stack-')
  one = up(dataDir)
  info = await one.ready
})

afterAll(async () => {
  await one.stop()
  removeWithAll(dataDir)
})

describe('a running stack', () => {
  test('says where everything is, and last that it is ready', () => {
    expect(one.output()).toContain(info.temporal.ui)
    expect(one.output()).toContain(info.temporal.address)
    expect(one.output()).toContain(info.portalUrl)
    expect(Object.keys(info.pids).sort()).toEqual(['campaign-worker', 'portal', 'postgres', 'temporal', 'worker'])
    expect(stillRunning(info)).toHaveLength(5)
    expect(one.output()).not.toContain(new URL(info.databaseUrl).password)
  })

  test('keeps its passwords from other users', () => {
    for (const name of ['stack.json', 'secrets.json']) expect(statSync(path.join(dataDir, name)).mode & 0o077).toBe(0)
  })

  test('serves the Web UI', async () => {
    expect((await fetch(info.temporal.ui)).status).toBe(200)
  })

  test('has a database of this version, in which é and ü are letters to a search by likeness', async () => {
    expect(await query(info.databaseUrl, 'select count(*) as patrons from patron')).toEqual([{ patrons: 0 }])
    const rows = await query(info.ownerUrl, `select cardinality(show_trgm('éü')) as pieces, lower('ÉÜ') as lower`)
    expect(rows).toEqual([{ pieces: 3, lower: 'éü' }])
  })

  test('lets the worker of merges give way: its role may set deadlock_timeout', async () => {
    expect(await query(info.databaseUrl, `select set_config('deadlock_timeout', '5ms', false) as set`)).toEqual([
      { set: '5ms' },
    ])
  })

  test('keeps the portal and the library out of each other’s database', async () => {
    const portals = new URL(info.databaseUrl)
    portals.pathname = '/portal'
    await expect(query(portals.href, 'select 1')).rejects.toThrow(/permission denied for database/)
  })

  test('a second `up` on the same folder is refused, with or without --fresh, and harms nothing', async () => {
    for (const args of [[], ['--fresh']]) {
      const second = start(dataDir, args)
      expect(await second.ended).toBe(2)
      expect(second.output()).toContain('runs already')
    }
    expect(stillRunning(info)).toHaveLength(5)
    expect(findRunningStack(dataDir)).toEqual(info)
  })
})

describe('a data folder over time', () => {
  test('what a killed `up` left running is stopped by the next one, and the data survives', async () => {
    await query(info.ownerUrl, 'create table kept (word text)')
    await query(info.ownerUrl, `insert into kept (word) values ('still here')`)
    await one.stop('SIGKILL')
    expect(stillRunning(info)).toHaveLength(5)
    expect(findRunningStack(dataDir)).toBeNull()

    const before = info
    one = up(dataDir, ['--no-worker'])
    info = await one.ready
    expect(stillRunning(before)).toEqual([])
    expect(stillRunning(info).sort()).toEqual(['portal', 'postgres', 'temporal'])
    expect(await query(info.ownerUrl, 'select word from kept')).toEqual([{ word: 'still here' }])
  })

  test('SIGTERM leaves no process behind, not even one that does not listen', async () => {
    // a stopped process hears no SIGTERM
    process.kill(info.pids.portal!, 'SIGSTOP')
    expect(await one.stop('SIGTERM')).toBe(0)
    expect(stillRunning(info)).toEqual([])
    expect(processesNaming(dataDir)).toEqual([])
    expect(findRunningStack(dataDir)).toBeNull()
    expect(existsSync(path.join(dataDir, 'stack.json'))).toBe(false)
  })

  test('--fresh starts from nothing; a part that dies takes the others with it and is named', async () => {
    one = up(dataDir, ['--no-worker', '--fresh'])
    info = await one.ready
    expect(await query(info.ownerUrl, `select to_regclass('kept') as kept`)).toEqual([{ kept: null }])
    process.kill(info.pids.portal!, 'SIGKILL')
    expect(await one.ended).toBe(1)
    expect(one.output()).toContain('portal was ended by SIGKILL')
    expect(stillRunning(info)).toEqual([])
  })
})

test('a start that fails half-way leaves no process behind, and says what failed', async () => {
  const dataDir = folder()
  const broken = path.join(dataDir, '..', `${path.basename(dataDir)}-temporal`)
  const untilPostgresRuns = `while ! [ -s ${dataDir}/postgres/postmaster.pid ]; do sleep 0.1; done`
  writeFileSync(broken, `#!/bin/sh\n${untilPostgresRuns}\necho no server today\nexit 3\n`, { mode: 0o755 })
  try {
    const failing = start(dataDir, [], { env: { TEMPORAL_CLI_PATH: broken } })
    expect(await failing.ended).toBe(1)
    expect(failing.output()).toContain('temporal ended with exit code 3')
    expect(failing.output()).toContain('no server today')
    expect(processesNaming(dataDir)).toEqual([])
    expect(findRunningStack(dataDir)).toBeNull()
  } finally {
    rmSync(broken)
  }
})

test('SIGTERM while it starts leaves no process behind', async () => {
  const dataDir = folder()
  const starting = start(dataDir)
  while (!starting.output().includes('data folder')) await new Promise((resolve) => setTimeout(resolve, 20))
  expect(await starting.stop('SIGTERM')).toBe(0)
  expect(processesNaming(dataDir)).toEqual([])
  expect(readdirSync(dataDir).filter((name) => /lock|unfinished|password/.test(name))).toEqual([])
})

test('a folder that is not ours is not touched, with --fresh neither', async () => {
  const dataDir = folder()
  writeFileSync(path.join(dataDir, 'thesis.txt'), 'ten years of work')
  for (const args of [[], ['--fresh']]) {
    const refused = start(dataDir, args)
    expect(await refused.ended).toBe(2)
    expect(refused.output()).toContain('no data folder of ontdubbel')
  }
  expect(readFileSync(path.join(dataDir, 'thesis.txt'), 'utf8')).toBe('ten years of work')
})
