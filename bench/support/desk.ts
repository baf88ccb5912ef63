import { Worker } from 'node:worker_threads'
import { percentile } from './percentile'
import type { Pair } from './way'

/** What a desk noticed. */
export interface DeskFigures {
  writes: number
  /** From the moment in which a write was due to its answer. */
  p50Ms: number
  p99Ms: number
  errors: number
  /** All of them, in the order of their answers. */
  latenciesMs: number[]
}

/** What the main thread tells the desk's, and the desk's at its end. */
export type ToDesk = { open: true } | { underWay: number[] } | { close: true }
export type FromDesk = { ready: true } | { latenciesMs: number[]; errors: Record<string, number> }

/**
 * Desks that lend, take back and take payments while others merge, in a thread of their own: a program of somebody else's
 * waits for no event loop of ours.
 */
export class Desk {
  private constructor(private readonly thread: Worker) {}

  /** Connects and warms up. It writes nothing that lasts before `open()`. */
  static async open(url: string, today: string): Promise<Desk> {
    const thread = new Worker(require.resolve('./deskThread'), { workerData: { url, today } })
    await new Promise<void>((resolve, reject) => {
      thread.once('message', () => resolve())
      thread.once('error', reject)
    })
    return new Desk(thread)
  }

  /** From now on a write is due every few milliseconds. */
  open(): void {
    this.tell({ open: true })
  }

  /** Pairs that somebody merges from now on: every third write is for one of these patrons. */
  underWay(pairs: readonly Pair[]): void {
    this.tell({ underWay: pairs.flatMap(({ keep, remove }) => [keep, remove]) })
  }

  /** Waits for the writes that are due, and ends. */
  async close(): Promise<DeskFigures> {
    const result = new Promise<FromDesk>((resolve, reject) => {
      this.thread.once('message', resolve)
      this.thread.once('error', reject)
    })
    this.tell({ close: true })
    const told = await result
    if (!('latenciesMs' in told)) throw new Error('the desk answered nothing')
    for (const [error, times] of Object.entries(told.errors))
      process.stderr.write(`  desk error, ${times} times: ${error}\n`)
    return figures(
      told.latenciesMs,
      Object.values(told.errors).reduce((sum, times) => sum + times, 0),
    )
  }

  /** The figures of several rounds as one. */
  static together(rounds: readonly DeskFigures[]): DeskFigures {
    return figures(
      rounds.flatMap(({ latenciesMs }) => latenciesMs),
      rounds.reduce((sum, { errors }) => sum + errors, 0),
    )
  }

  private tell(message: ToDesk): void {
    this.thread.postMessage(message)
  }
}

function figures(latenciesMs: number[], errors: number): DeskFigures {
  return {
    writes: latenciesMs.length,
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
    errors,
    latenciesMs,
  }
}
