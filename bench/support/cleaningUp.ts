const SIGNALS = ['SIGINT', 'SIGTERM'] as const
/** What a shell adds to a signal's number. */
const EXIT_CODE = { SIGINT: 130, SIGTERM: 143 } as const

/** Does `work`, and whatever comes of it, on Ctrl-C and SIGTERM too, `cleanUp` after it. */
export async function cleaningUp<T>(work: () => Promise<T>, cleanUp: () => Promise<void>): Promise<T> {
  const stopped = (signal: (typeof SIGNALS)[number]) => {
    void cleanUp().finally(() => process.exit(EXIT_CODE[signal]))
  }
  for (const signal of SIGNALS) process.once(signal, stopped)
  try {
    return await work()
  } finally {
    for (const signal of SIGNALS) process.off(signal, stopped)
    await cleanUp()
  }
}
