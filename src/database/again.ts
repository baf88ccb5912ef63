import { setTimeout as sleep } from 'node:timers/promises'
import { judgeFailure, sqlState } from './failures'
import { TRANSACTION_TIMEOUT_MS } from './transaction'

/** A few times a second, and never two merges in step: whoever got nothing comes again after a random pause. */
const PAUSE_MS = { least: 100, most: 300 }
/** A unique error that returns this often, with the pair alone, is the pair's fault (design §3). */
export const UNIQUE_ERRORS = 3

export interface AgainOptions {
  signal?: AbortSignal | undefined
  /** Told before each pause: a desk or another merge is in the way. */
  onWait?: (() => void) | undefined
}

/** What `work` throws when somebody else has the records at this moment. */
export class RecordsBusy extends Error {
  override readonly name = 'RecordsBusy'
}

/**
 * Does one merge's work until no desk is in its way: locks, deadlocks, lost connections and a restarting server mean again;
 * too long for the limit means again without it. Rejects with what is the merge's own fault, or with the signal's reason.
 */
export async function untilFree<T>(work: (limited: boolean) => Promise<T>, options: AgainOptions = {}): Promise<T> {
  let limited = true
  let uniqueErrors = 0
  for (;;) {
    options.signal?.throwIfAborted()
    const began = performance.now()
    try {
      return await work(limited)
    } catch (error) {
      const failure = error instanceof RecordsBusy ? 'busy' : judgeFailure(error)
      // the server ends the connection with 25P04; with statements still on their way that may arrive as a mere reset
      const cutOff =
        failure === 'again' && sqlState(error) === undefined && performance.now() - began >= TRANSACTION_TIMEOUT_MS
      if (failure === 'too-long' || cutOff) limited = false
      else if (failure === 'unique' && ++uniqueErrors >= UNIQUE_ERRORS) throw error
      else if (failure === 'fault' || failure === 'unforeseen') throw error
    }
    options.onWait?.()
    await sleep(PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least), undefined, {
      signal: options.signal,
    })
  }
}
