/** How often each operation was answered, and how, and how often it really did something. For tests. */
export interface Counts {
  /** Operation -> status, or `lost` or `cut` where the caller got no whole answer -> calls. */
  readonly answers: Record<string, Record<string, number>>
  /** Operation -> calls that changed something; an answer given again for its key is none. */
  readonly done: Record<string, number>
}

export interface Counters {
  answered(operation: string, how: number | string): void
  done(operation: string): void
  counts(): Counts
  reset(): void
}

/** Counts since the start or the last reset, in memory. */
export function createCounters(): Counters {
  let counts: Counts = { answers: {}, done: {} }
  return {
    answered: (operation, how) => {
      const byHow = (counts.answers[operation] ??= {})
      byHow[how] = (byHow[how] ?? 0) + 1
    },
    done: (operation) => {
      counts.done[operation] = (counts.done[operation] ?? 0) + 1
    },
    counts: () => counts,
    reset: () => {
      counts = { answers: {}, done: {} }
    },
  }
}
