import { Worker } from 'node:worker_threads'
import type { WriteKind } from './deskWrites'
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
  /** Of each of them what it was. */
  kinds: WriteKind[]
}

/** What the desks' thread is started with. */
export interface DeskData {
  url: string
  today: string
  /** Of the patrons under way the desks remember the last so many. */
  remembered: number
}

/** What the main thread tells the desks'. */
export type ToDesk = { open: true } | { underWay: number[] } | { close: true }
/** What the desks' thread tells when it is ready, and once more at its end. */
export interface FromDesk {
  latenciesMs: number[]
  kinds: WriteKind[]
  /** How often by what was said. */
  errors: Record<string, number>
}

/** Some thousands: most of them have just been merged. */
const REMEMBERED = 4_000

/** Desks that lend, take back and take payments while others merge. */
export interface Desk {
  /** Pairs that somebody merges from now on: every third write is for one of these patrons. */
  underWay(pairs: readonly Pair[]): void
}

/**
 * Does `work` while desks write in the database at `url`, and gives what they noticed. They are in a thread of their own:
 * a program of somebody else's waits for no event loop of ours. Connected and warmed up before `work` begins.
 */
export async function besideDesks<T>(
  url: string,
  today: string,
  work: (desk: Desk) => Promise<T>,
  { remembered = REMEMBERED }: { remembered?: number } = {},
): Promise<{ result: T; desk: DeskFigures }> {
  const workerData: DeskData = { url, today, remembered }
  const thread = new Worker(require.resolve('./deskThread'), { workerData })
  const tell = (message: ToDesk) => thread.postMessage(message)
  try {
    await nextMessage(thread)
    tell({ open: true })
    const result = await work({
      underWay: (pairs) => tell({ underWay: pairs.flatMap(({ keep, remove }) => [keep, remove]) }),
    })
    const told = nextMessage(thread)
    tell({ close: true })
    const { latenciesMs, kinds, errors } = await told
    for (const [error, times] of Object.entries(errors)) {
      process.stderr.write(`  desk error, ${times} times: ${error}\n`)
    }
    const failed = Object.values(errors).reduce((sum, times) => sum + times, 0)
    return { result, desk: figures(latenciesMs, kinds, failed) }
  } finally {
    await thread.terminate()
  }
}

/** The figures of several rounds as one. */
export function together(rounds: readonly DeskFigures[]): DeskFigures {
  return figures(
    rounds.flatMap(({ latenciesMs }) => latenciesMs),
    rounds.flatMap(({ kinds }) => kinds),
    rounds.reduce((sum, { errors }) => sum + errors, 0),
  )
}

function nextMessage(thread: Worker): Promise<FromDesk> {
  return new Promise((resolve, reject) => {
    thread.once('message', resolve)
    thread.once('error', reject)
  })
}

function figures(latenciesMs: number[], kinds: WriteKind[], errors: number): DeskFigures {
  return {
    writes: latenciesMs.length,
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
    errors,
    latenciesMs,
    kinds,
  }
}

/** The writes of one kind alone. */
export function ofKind({ latenciesMs, kinds }: DeskFigures, kind: WriteKind): number[] {
  return latenciesMs.filter((_, at) => kinds[at] === kind)
}
