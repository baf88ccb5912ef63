import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { packageRoot } from '../../src/packageRoot'
import { expectGone } from './leavesNothing'

/** A worker as it runs in production: a process of its own. */
export interface WorkerProcess {
  pid: number
  /** Everything it wrote. */
  said(): string
  /** Resolves when it polls; rejects with what it said when it ends before. */
  ready: Promise<void>
  /** Its exit code, or null where a signal ended it. */
  ended: Promise<number | null>
  /** Asks it to stop. */
  stop(): Promise<number | null>
}

/** Starts `dist/src/worker.js` in this environment (and nothing of the test's own but PATH). */
export function startWorker(env: Record<string, string | undefined>, args: string[] = []): WorkerProcess {
  const given = Object.entries({ PATH: process.env.PATH, LOG_LEVEL: 'error', ...env }).filter(([, value]) => value)
  const child = spawn(process.execPath, [path.join(packageRoot, 'dist', 'src', 'worker.js'), ...args], {
    env: Object.fromEntries(given),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const forget = expectGone(`worker process ${child.pid}`)
  let said = ''
  let tellReady: () => void = () => {}
  const polls = new Promise<void>((resolve) => (tellReady = resolve))
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      if (/^ready$/m.test(said)) tellReady()
    })
  }
  const ended = once(child, 'close').then(([code]) => {
    forget()
    return code as number | null
  })
  const ready = Promise.race([polls, ended.then(() => Promise.reject(new Error(`the worker ended: ${said}`)))])
  // whoever starts one that must fail never asks
  ready.catch(() => {})
  return {
    pid: child.pid ?? 0,
    said: () => said,
    ready,
    ended,
    stop() {
      child.kill('SIGTERM')
      return ended
    },
  }
}
