import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { Command } from 'commander'
import { OntdubbelError } from '../domain/errors'
import { demoConsortium } from '../generator/demo'
import { packageRoot } from '../packageRoot'
import { findRunningStack, type StackInfo } from '../stack/stackFile'
import { EXIT } from './exitCodes'
import { print, styled, tell } from './output'

const DEMO_DATA_DIR = '.ontdubbel-demo'
/** First start of PostgreSQL and Temporal on a slow machine. */
const STACK_READY_MS = 180_000
const LAUNCHER = path.join(packageRoot, 'bin', 'ontdubbel.js')

interface DemoOptions {
  dataDir: string
  keep: boolean
}

/** `ontdubbel demo`: the embedded stack, a small consortium, and a merge from preview to result, by the commands ops use. */
export function demoCommand(): Command {
  return new Command('demo')
    .description('start an embedded stack from nothing, merge real-looking patrons, show the result')
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
    await tour(options.dataDir, info)
  } catch (error) {
    await stack.stop()
    throw error
  }
  if (options.keep) stack.leave()
  else await stack.stop()
}

/** The demo's story. Each command is run as it is shown; one that ends otherwise than it should ends the demo. */
async function tour(dataDir: string, info: StackInfo): Promise<void> {
  const today = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Brussels' }).format(new Date())
  const { records, pairs } = demoConsortium({ today })
  const file = path.join(dataDir, 'consortium.ndjson')
  writeFileSync(file, records.map((record) => `${JSON.stringify(record)}\n`).join(''))
  const ontdubbel = (args: (string | number)[], expected: number = EXIT.done) =>
    run(args.map(String), dataDir, expected)

  heading('A small consortium of three libraries, from a file')
  await ontdubbel(['import', file])

  const { keep, remove } = pairs.warnings
  heading(`Patrons ${keep} and ${remove} are one person. The one that stays, before`)
  await ontdubbel(['patron', 'show', keep])
  heading('What the merge would do, and what staff should know first: a preview changes nothing')
  await ontdubbel(['preview', keep, remove])

  heading('Without accepting what cannot be undone, nothing happens')
  await ontdubbel(['merge', keep, remove], EXIT.refused)
  heading('Accepted by name: the merge, step by step, by a Temporal workflow')
  await ontdubbel(['merge', keep, remove, '--accept', 'history-erased', '--reason', 'the demo'])

  heading(`Patron ${keep}, after. Everything of ${remove} is here`)
  await ontdubbel(['patron', 'show', keep])
  heading(`${remove} leads to the kept record`)
  await ontdubbel(['patron', 'show', remove])

  const { twins, onlineRegistration, twoNumbers } = pairs
  heading('Two people are not merged by accident: twins')
  await ontdubbel(['preview', twins.keep, twins.remove])
  heading('… an online registration that nobody has verified')
  await ontdubbel(['merge', onlineRegistration.keep, onlineRegistration.remove], EXIT.refused)
  heading('… two national numbers')
  await ontdubbel(['merge', twoNumbers.keep, twoNumbers.remove], EXIT.refused)

  heading('All merges so far')
  await ontdubbel(['merge', 'list'])
  print(`\nThe same in the Temporal UI: ${info.temporal.ui}/namespaces/${info.temporal.namespace}/workflows`)
}

function heading(text: string): void {
  print(`\n${styled('bold', `— ${text}`)}`)
}

/** Runs a command of ours as a user would, shows it, and expects its exit code. */
async function run(args: string[], dataDir: string, expected: number): Promise<void> {
  print(styled('cyan', `$ ontdubbel ${args.join(' ')}`))
  const child = spawn(process.execPath, [LAUNCHER, ...args, '--data-dir', dataDir], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== expected) {
    throw new OntdubbelError(
      'demo-failed',
      `"ontdubbel ${args.join(' ')}" ended with ${code ?? 'a signal'}, not with ${expected}.`,
    )
  }
}

/** `ontdubbel up` in a process of its own, which may outlive the demo. */
class DemoStack {
  private up: ChildProcess | undefined

  constructor(private readonly dataDir: string) {}

  async start(): Promise<StackInfo> {
    mkdirSync(path.dirname(path.resolve(this.dataDir)), { recursive: true })
    const logFile = `${path.resolve(this.dataDir)}.log`
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
    rmSync(logFile, { force: true })
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
