import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.join(__dirname, '..')
const BUILT = path.join(ROOT, 'dist', 'src', 'cli', 'start.js')
const { BUNDLED } = require('../bin/bundle') as { BUNDLED: string[] }

const run = (file: string, ...args: string[]) =>
  spawnSync(process.execPath, [file, ...args], { encoding: 'utf8', cwd: ROOT, env: { PATH: process.env.PATH } })

test('set-up has bundled the commands that people wait for, with their compiled code', () => {
  expect(existsSync(path.join(ROOT, 'dist', 'command.js'))).toBe(true)
  expect(existsSync(path.join(ROOT, 'dist', 'command.js.cache'))).toBe(true)
})

test.each(BUNDLED)('`%s` of the bundle is the one that was built', (command) => {
  const bundled = run(path.join(ROOT, 'bin', 'ontdubbel.js'), command, '--help')
  const built = run(BUILT, command, '--help')
  expect(bundled.stdout.replace(/^Usage: \S+/, '')).toBe(built.stdout.replace(/^Usage: \S+/, ''))
  expect([bundled.status, bundled.stderr]).toEqual([built.status, built.stderr])
})

test('a command without a stack says what to start, from the bundle too', () => {
  const { status, stderr } = run(path.join(ROOT, 'bin', 'ontdubbel.js'), 'merge', '1', '2', '--data-dir', 'nowhere')
  expect(status).toBe(2)
  expect(stderr).toContain('Start one with "ontdubbel up"')
})
