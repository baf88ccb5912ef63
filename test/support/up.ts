import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../../src/database/pool'
import { packageRoot } from '../../src/packageRoot'
import { removeDataDir } from '../../src/stack/dataDir'
import { markOf } from '../../src/stack/processes'
import { findRunningStack, type StackInfo } from '../../src/stack/stackFile'
import { expectGone } from './leavesNothing'

/** A start on a busy machine. */
const PATIENCE_MS = 60_000
const LOOK_EVERY_MS = 50

/** `ontdubbel up` as a person runs it. */
export interface RunningUp {
  process: ChildProcess
  output(): string
  /** Where its parts are, once it has said `ready`. */
  ready: Promise<StackInfo>
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | string>
  /** Sends a signal and waits for its end. */
  stop(signal?: NodeJS.Signals): Promise<number | string>
}

/** Starts `ontdubbel up` on a data folder, as `account` where that is another user. */
export function up(
  dataDir: string,
  args: string[] = [],
  {
    env = {},
    account = {},
    checkout = packageRoot,
  }: { env?: NodeJS.ProcessEnv; account?: { uid?: number; gid?: number }; checkout?: string } = {},
): RunningUp {
  const spawned = spawn(
    process.execPath,
    [path.join(checkout, 'bin', 'ontdubbel.js'), 'up', '--data-dir', dataDir, ...args],
    { cwd: '/', env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'], ...account },
  )
  const forget = expectGone(`ontdubbel up, process ${spawned.pid}`)
  let stdout = ''
  let stderr = ''
  spawned.stdout.on('data', (chunk) => (stdout += chunk))
  spawned.stderr.on('data', (chunk) => (stderr += chunk))
  const ended = new Promise<number | string>((resolve) => {
    spawned.once('close', (code, signal) => {
      forget()
      resolve(code ?? signal ?? 'unknown')
    })
  })
  const saysReady = async (): Promise<StackInfo> => {
    for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(LOOK_EVERY_MS)) {
      if (/^ready\n$/m.test(stdout)) {
        const info = findRunningStack(dataDir)
        if (info === null) throw new Error('ready, but there is no stack.json')
        return info
      }
      if (spawned.exitCode !== null) break
    }
    throw new Error(`up did not get ready: ${stderr}`)
  }
  const ready = saysReady()
  // whoever starts one that must fail never asks
  ready.catch(() => {})
  return {
    process: spawned,
    output: () => stdout + stderr,
    ready,
    ended,
    stop(signal = 'SIGTERM') {
      spawned.kill(signal)
      return ended
    },
  }
}

/** The rows of one statement on a connection of its own. */
export async function query(url: string, statement: string): Promise<unknown[]> {
  const client = await connect(url)
  try {
    return (await client.query(statement)).rows
  } finally {
    await client.end()
  }
}

/** Which of the processes of a stack still run; one that has ended and that nobody has asked for yet does not. */
export function stillRunning(info: StackInfo): string[] {
  return Object.entries(info.pids).flatMap(([name, pid]) => (markOf(pid) === null ? [] : [name]))
}

/** Removes a data folder, with whatever a test that failed has left running on it. */
export function removeWithAll(dataDir: string): void {
  for (const { pid } of ofFolder(dataDir)) process.kill(pid, 'SIGKILL')
  removeDataDir(dataDir)
}

/** Which processes name this folder in their command: of every part of a stack one does, PostgreSQL's children excepted. */
export function processesNaming(folder: string): string[] {
  return ofFolder(folder).map(({ command }) => command)
}

function ofFolder(folder: string): { pid: number; command: string }[] {
  if (!existsSync('/proc/self/cmdline')) return []
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name)
    if (!Number.isInteger(pid) || pid === process.pid) return []
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      return command.includes(folder) ? [{ pid, command }] : []
    } catch {
      return []
    }
  })
}
