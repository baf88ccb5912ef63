import { spawn } from 'node:child_process'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { packageRoot } from '../../src/packageRoot'
import type { QueueName } from '../../src/workflows/names'
import { expectGone } from './leavesNothing'

const ORDINARY = path.join(packageRoot, 'dist', 'src', 'worker.js')
const STOPPING = path.join(packageRoot, 'test', 'support', 'stoppingWorker.cjs')
/** On a machine that does other things too. */
const PATIENCE_MS = 120_000

/** What a stopping worker says of one merge, by its removed patron, or of one campaign, as `campaign 7`. */
export interface Said {
  removed?: number | string
  /** A commit or a portal call that it is about to make: `transferLoans: commit`. */
  event?: string
  /** It stands still there: `before transferLoans: commit`. */
  stopped?: string
  /** An activity that has ended, with the code of its error if it failed. */
  ended?: string
  failed?: string
}

/** A worker in a process of its own. */
export interface WorkerProcess {
  pid: number
  said: Said[]
  /** Waits until it has said all that. Fails with what it never said, and its log's end. */
  until(what: string, isSo: (said: Said[]) => boolean, missing?: (said: Said[]) => unknown): Promise<void>
  signal(name: NodeJS.Signals): void
  /** Has it stop at these points too. */
  stopAt(points: Record<number | string, string[]>): void
  /** Lets all go on that stand still. */
  goOn(): void
  /** Ends it, by SIGTERM or at once; its exit code or signal. */
  end(signal?: 'SIGTERM' | 'SIGKILL'): Promise<number | string>
}

/**
 * Starts the built worker, or one that stops at `stopAt` (by removed patron, or campaign). Resolves when it polls. `queues`: what it
 * serves, since each takes long to start; default: all.
 */
export async function startWorkerProcess(
  env: Record<string, string>,
  stopAt?: Record<number | string, string[]>,
  queues: readonly QueueName[] = [],
): Promise<WorkerProcess> {
  const args = queues.flatMap((queue) => ['--queue', queue])
  const child = spawn(process.execPath, [stopAt === undefined ? ORDINARY : STOPPING, ...args], {
    env: { PATH: process.env.PATH, ...env, ...(stopAt !== undefined && { STOP_AT: JSON.stringify(stopAt) }) },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const forget = expectGone(`worker process ${child.pid}`)
  const said: Said[] = []
  let log = ''
  let ready = false
  let ended: number | string | undefined
  let changed = () => {}
  child.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-2_000)))
  // one that is killed has no ears
  child.stdin.on('error', () => {})
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'ready') ready = true
    else if (line.startsWith('{')) said.push(JSON.parse(line) as Said)
    else log = `${log}${line}\n`.slice(-2_000)
    changed()
  })
  const end = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => {
      ended = code ?? signal ?? 'unknown'
      forget()
      changed()
      resolve(ended)
    })
  })
  const until: WorkerProcess['until'] = (what, isSo, missing) =>
    new Promise((resolve, reject) => {
      const fail = (why: string) => {
        const lacks = missing === undefined ? '' : `: ${JSON.stringify(missing(said))}`
        reject(new Error(`the worker ${why} and was not ${what}${lacks}\n${log}`))
      }
      const timer = setTimeout(() => fail(`ran for ${PATIENCE_MS} ms`), PATIENCE_MS)
      changed = () => {
        if (!isSo(said) && ended === undefined) return
        clearTimeout(timer)
        changed = () => {}
        if (isSo(said)) resolve()
        else fail(`ended (${ended})`)
      }
      changed()
    })
  await until('ready', () => ready)
  return {
    pid: child.pid ?? 0,
    said,
    until,
    signal: (name) => void child.kill(name),
    stopAt: (points) => void child.stdin.write(`stop ${JSON.stringify(points)}\n`),
    goOn: () => void child.stdin.write('go\n'),
    end(signal = 'SIGTERM') {
      if (ended === undefined) child.kill(signal)
      return end
    },
  }
}
