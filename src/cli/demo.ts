import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Command } from 'commander'
import { OntdubbelError } from '../domain/errors'
import { findRunningStack, type StackInfo } from '../stack/stackFile'
import { EXIT } from './exitCodes'
import { demoTour, heading, LAUNCHER } from './demoTour'
import { print, tell } from './output'

const DEMO_DATA_DIR = '.ontdubbel-demo'
/** First start of PostgreSQL and Temporal on a slow machine. */
const STACK_READY_MS = 180_000

interface DemoOptions {
  dataDir: string
  keep: boolean
}

/** `ontdubbel demo`: the embedded stack, a small consortium, and merges from preview to undo, by the commands ops use. */
export function demoCommand(): Command {
  return new Command('demo')
    .description(
      'start an embedded stack from nothing, merge real-looking patrons and take a merge back, show the result',
    )
    .option('--data-dir <folder>', 'where its data lives; emptied first', DEMO_DATA_DIR)
    .option('--keep', 'leave the stack running, to look around', false)
    .action(demo)
}

async function demo(options: DemoOptions): Promise<void> {
  const stack = new DemoStack(options.dataDir)
  const stopped = (signal: NodeJS.Signals) => {
    tell(`${signal}: stopping the demo`)
    void stack.stop().finally(() => process.exit(EXIT.failed))
  }
  process.once('SIGINT', stopped)
  process.once('SIGTERM', stopped)
  try {
    heading('The stack: PostgreSQL, Temporal with its UI, a portal, a worker')
    const info = await stack.start()
    await demoTour(options.dataDir, info)
  } catch (error) {
    await stack.stop()
    throw error
  }
  if (options.keep) stack.leave()
  else await stack.stop()
}

/** `ontdubbel up` in a process of its own, which may outlive the demo. */
class DemoStack {
  private up: ChildProcess | undefined

  constructor(private readonly dataDir: string) {}

  async start(): Promise<StackInfo> {
    mkdirSync(path.dirname(path.resolve(this.dataDir)), { recursive: true })
    const logFolder = mkdtempSync(path.join(tmpdir(), 'ontdubbel-demo-log-'))
    const logFile = path.join(logFolder, 'stack.log')
    const log = openSync(logFile, 'w')
    const up = spawn(process.execPath, [LAUNCHER, 'up', '--fresh', '--data-dir', this.dataDir], {
      detached: true,
      // with --keep it outlives the demo, and the npm that runs it
      env: { ...process.env, ONTDUBBEL_DETACHED: '1' },
      stdio: ['ignore', 'pipe', log],
    })
    this.up = up
    const ready = new Promise<boolean>((resolve) => {
      up.stdout?.on('data', (chunk: Buffer) => /^ready$/m.test(chunk.toString()) && resolve(true))
      up.once('exit', () => resolve(false))
      setTimeout(() => resolve(false), STACK_READY_MS).unref()
    })
    const info = (await ready) ? findRunningStack(this.dataDir) : null
    if (!info) throw new OntdubbelError('stack-failed', `The stack did not start: see ${logFile}.`)
    rmSync(logFolder, { recursive: true })
    print(`Temporal UI  ${info.temporal.ui}`)
    return info
  }

  /** Stops all of it. */
  async stop(): Promise<void> {
    if (!this.up || this.up.exitCode !== null || this.up.signalCode !== null) return
    const ended = once(this.up, 'exit')
    this.up.kill('SIGTERM')
    await ended
    print('\nThe stack is stopped. With "npm run demo -- --keep" it is left running.')
  }

  /** Leaves it running and lets the demo end. */
  leave(): void {
    const pid = this.up?.pid ?? 0
    this.up?.stdout?.destroy()
    this.up?.unref()
    print(`\nThe stack is left running. Try: npx ontdubbel merge list --data-dir ${this.dataDir}`)
    print(`Stop it: kill ${pid}`)
  }
}
