import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, openSync, readSync, fstatSync, renameSync, statSync } from 'node:fs'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { OntdubbelError } from '../domain/errors'
import type { LockedChild } from './lock'
import { markOf, signal, stopProcess, type ProcessMark } from './processes'

/** A log that has grown past this is set aside when its process starts the next time. */
const LOG_LIMIT_BYTES = 20 * 1024 * 1024
/** How often a log is looked at for the line that says `ready`. */
const LOOK_EVERY_MS = 40
/** Enough to see why a process died. */
const LAST_LINES = 15
const TAIL_BYTES = 256 * 1024

/** What a child needs to be started and to be stopped. */
export interface ChildSpec {
  /** Its name in messages and in `stack.json`. */
  name: string
  command: string
  args: string[]
  env: NodeJS.ProcessEnv
  /** The user it runs as, where that is another. */
  account?: { uid: number; gid: number } | undefined
  /** Everything it prints goes here. */
  logFile: string
  stopSignal: NodeJS.Signals
  /** How long it may take to stop before it is killed. */
  graceMs: number
}

/** One process that we started. */
export class Child {
  /** Settles when it has ended, whyever: with words for it. */
  readonly ended: Promise<string>
  running = true
  exitCode: number | null = null
  private stopping: Promise<void> | undefined

  constructor(
    readonly spec: ChildSpec,
    readonly mark: ProcessMark,
    spawned: ChildProcess,
    private readonly logStart: number,
  ) {
    this.ended = new Promise((resolve) => {
      spawned.once('exit', (code, signal) => {
        this.running = false
        this.exitCode = code
        resolve(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`)
      })
    })
  }

  get pid(): number {
    return this.mark.pid
  }

  /** Whether somebody asked it to stop. */
  get asked(): boolean {
    return this.stopping !== undefined
  }

  /** Stops it and all that it started; with `atOnce` without waiting for it. Resolves when nothing of it runs. */
  async stop({ atOnce = false } = {}): Promise<void> {
    if (atOnce) {
      this.stopping ??= Promise.resolve()
      await stopProcess(this.mark, 'SIGKILL', 0)
    } else {
      this.stopping ??= stopProcess(this.mark, this.spec.stopSignal, this.spec.graceMs)
      await this.stopping
    }
    await this.ended
  }

  /** Waits until its log says `words`. Fails when it ends before, or after `timeoutMs`. */
  async waitForWords(words: RegExp, timeoutMs: number): Promise<void> {
    await this.waitFor(async () => words.test(this.log()), timeoutMs)
  }

  /** Waits until `isSo`. Fails when the process ends before, or after `timeoutMs`. */
  async waitFor(isSo: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const until = Date.now() + timeoutMs
    while (!(await isSo())) {
      if (!this.running) throw this.failure(await this.ended)
      if (Date.now() > until) throw this.failure(`was not ready after ${timeoutMs / 1000} s`)
      await sleep(LOOK_EVERY_MS)
    }
  }

  /** The error for a process that did what it should not. */
  failure(what: string): OntdubbelError {
    const lines = this.lastLines()
    const said = lines.length === 0 ? 'Its log is empty' : `The end of its log:\n  ${lines.join('\n  ')}\nThe whole log`
    return new OntdubbelError('stack-failed', `${this.spec.name} ${what}. ${said}: ${this.spec.logFile}`, 1, {
      name: this.spec.name,
    })
  }

  /** What it printed since this start, or the end of that. */
  log(): string {
    const file = openSync(this.spec.logFile, 'r')
    try {
      const { size } = fstatSync(file)
      const from = Math.max(this.logStart, size - TAIL_BYTES)
      const buffer = Buffer.alloc(Math.max(0, size - from))
      readSync(file, buffer, 0, buffer.length, from)
      return buffer.toString('utf8')
    } finally {
      closeSync(file)
    }
  }

  private lastLines(): string[] {
    return this.log().trimEnd().split('\n').filter(Boolean).slice(-LAST_LINES)
  }
}

/** The processes of one stack, in the order in which they were started. */
export class Children {
  private readonly all: Child[] = []
  private closed = false

  constructor(
    private readonly options: {
      /** Called whenever a child has been started or has ended, with those that run. */
      changed?: (running: Record<string, LockedChild>) => void
      /** Called for a child that ends without having been asked to. */
      died?: (child: Child, how: string) => void
    } = {},
  ) {}

  /** Starts a process. Fails with `stack-stopping` once these children are being stopped. */
  async start(spec: ChildSpec): Promise<Child> {
    if (this.closed) throw stopping()
    const log = openLog(spec.logFile)
    const logStart = fstatSync(log).size
    const spawned = spawn(spec.command, spec.args, {
      stdio: ['ignore', log, log],
      // a group of its own: Ctrl-C in a terminal reaches only us, and we stop the children in order
      detached: true,
      cwd: '/',
      env: spec.env,
      ...spec.account,
    })
    closeSync(log)
    const { pid } = spawned
    if (pid === undefined) {
      const [error] = (await once(spawned, 'error')) as [Error]
      throw new OntdubbelError('stack-failed', `${spec.name} could not be started: ${error.message}`)
    }
    // nothing is awaited from here on: whoever stops all must find this one among them.
    // Without a mark it has ended already, and `exit` comes with the next turn of the event loop.
    const child = new Child(spec, markOf(pid) ?? { pid, startedAt: '' }, spawned, logStart)
    this.all.push(child)
    this.changed()
    // where we end by a fault of our own nobody waits for them, but they are told
    const tell = () => signal(child.pid, spec.stopSignal)
    process.once('exit', tell)
    void child.ended.then(() => {
      process.off('exit', tell)
      this.changed()
    })
    return child
  }

  /** From now on the end of `child`, if nobody asked for it, is told to `died`. */
  expectToLast(child: Child): void {
    void child.ended.then((how) => {
      if (!child.asked && !this.closed) this.options.died?.(child, how)
    })
  }

  /** Starts a process and waits for its end. Fails unless it ends with exit code 0. */
  async run(spec: ChildSpec): Promise<void> {
    const child = await this.start(spec)
    const how = await child.ended
    if (this.closed) throw stopping()
    if (child.exitCode !== 0) throw child.failure(how)
  }

  /** The process ids by name of all that run. */
  pids(): Record<string, number> {
    return Object.fromEntries(this.running().map((child) => [child.spec.name, child.pid]))
  }

  /** Stops all, the last one started first, and lets none be started from now on. */
  async stopAll({ atOnce = false } = {}): Promise<void> {
    this.closed = true
    if (atOnce) await Promise.all(this.running().map((child) => child.stop({ atOnce })))
    for (const child of this.running().reverse()) await child.stop({ atOnce })
  }

  private running(): Child[] {
    return this.all.filter((child) => child.running)
  }

  private changed(): void {
    if (this.options.changed === undefined) return
    const locked = this.running().map((child) => [
      child.spec.name,
      { ...child.mark, stopSignal: child.spec.stopSignal },
    ])
    this.options.changed(Object.fromEntries(locked) as Record<string, LockedChild>)
  }
}

function stopping(): OntdubbelError {
  return new OntdubbelError('stack-stopping', 'The stack is being stopped.')
}

function openLog(file: string): number {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  if (existsSync(file) && statSync(file).size > LOG_LIMIT_BYTES) renameSync(file, `${file}.1`)
  return openSync(file, 'a', 0o600)
}
