/** How many random cases a property is tried with, and how one that failed is tried again. */

/** Small, so that the suite is quick; PROPERTY_RUNS asks for more. Every property has as many, or the share that it says. */
const RUNS = Number(process.env.PROPERTY_RUNS ?? 8)
/** A generous allowance for one run on a busy machine, shrinking included. */
const MS_PER_RUN = 3_000
const LEAST_MS = 120_000

export const PROPERTY_TIMEOUT_MS = LEAST_MS + RUNS * MS_PER_RUN

/**
 * The parameters of `fc.assert`. A failure prints seed and path: PROPERTY_SEED and PROPERTY_PATH try that case alone (with
 * jest's -t for that property).
 */
export function runs(share = 1): { numRuns: number; seed?: number; path?: string } {
  const { PROPERTY_SEED: seed, PROPERTY_PATH: path } = process.env
  return {
    numRuns: Math.max(1, Math.ceil(RUNS * share)),
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path }),
  }
}
