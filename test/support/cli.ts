import { spawn } from 'node:child_process'
import path from 'node:path'
import { Readable, Writable } from 'node:stream'
import { expectGone } from './leavesNothing'
import { noteSaid } from './said'

const LAUNCHER = path.join(__dirname, '..', '..', 'bin', 'ontdubbel.js')

export interface Ended {
  code: number | null
  out: string
  err: string
  /** What was printed, as the one JSON document that it is. */
  json(): unknown
}

/** Runs the built command line as a user would, with the servers named by the environment. */
export function runCli(
  args: readonly (string | number)[],
  env: Record<string, string>,
  input = '',
  onError: (said: string) => void = () => {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [LAUNCHER, ...args.map(String)], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', ...env },
    })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString()
      onError(err)
    })
    child.on('error', reject)
    child.on('close', (code) => {
      noteSaid('commands', err)
      resolve({ code, out, err, json: () => JSON.parse(out) as unknown })
    })
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

/** Commands in this process share its environment and its streams: one after the other. */
let turn: Promise<unknown> = Promise.resolve()

/**
 * The same in this process, for tests that ask much of what commands say and do: a start costs more than most commands. Not
 * for what is the process's own (signals, readers that are gone, the bundle, two at a time): `runCli` starts what users start.
 */
export function runHere(args: readonly (string | number)[], env: Record<string, string>, input = ''): Promise<Ended> {
  const mine = turn.then(() => commandHere(args.map(String), env, input))
  turn = mine.catch(() => {})
  return mine
}

async function commandHere(args: string[], env: Record<string, string>, input: string): Promise<Ended> {
  const { ontdubbel } = require('../../src/cli/main') as typeof import('../../src/cli/main')
  let out = ''
  let err = ''
  const collects = (add: (text: string) => void) =>
    new Writable({
      write(chunk: Buffer | string, _, done) {
        add(chunk.toString())
        done()
      },
    })
  const ours = {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', ...env },
    argv: [process.execPath, LAUNCHER, ...args],
    stdin: Readable.from(input === '' ? [] : [Buffer.from(input)]),
    stdout: collects((text) => (out += text)),
    stderr: collects((text) => (err += text)),
  }
  const before = Object.keys(ours).map((name) => [name, Object.getOwnPropertyDescriptor(process, name)] as const)
  for (const [name, value] of Object.entries(ours)) Object.defineProperty(process, name, { value, configurable: true })
  try {
    const code = await ontdubbel()
    noteSaid('commands', err)
    return { code, out, err, json: () => JSON.parse(out) as unknown }
  } finally {
    for (const [name, descriptor] of before) if (descriptor) Object.defineProperty(process, name, descriptor)
    process.exitCode = undefined
  }
}

/** A command that runs until it is stopped. */
export interface Following {
  out(): string
  err(): string
  /** How it ended. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  /** Sends it a signal and waits for its end. */
  stop(signal: NodeJS.Signals): Following['ended']
  /** Whoever reads its standard output goes away. */
  closePipe(): void
}

/** Starts a command that follows something. */
export function follow(args: readonly (string | number)[], env: Record<string, string>, input = ''): Following {
  const child = spawn(process.execPath, [LAUNCHER, ...args.map(String)], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', ...env },
  })
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const forget = expectGone(`ontdubbel ${args[0]}, process ${child.pid}`)
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const kill = () => child.kill('SIGKILL')
  // of a test that fails before it stops it
  process.once('exit', kill)
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (code, signal) => {
      process.off('exit', kill)
      forget()
      resolve({ code, signal })
    })
  })
  return {
    out: () => out,
    err: () => err,
    ended,
    stop: (signal) => {
      child.kill(signal)
      return ended
    },
    closePipe: () => child.stdout.destroy(),
  }
}
