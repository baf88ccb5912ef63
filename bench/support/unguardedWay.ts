import { connect } from '../../src/database/pool'
import { run } from '../../src/database/statement'
import { allOf } from '../../src/steps/step'
import { RAW } from './rawStatements'
import type { Pair } from './way'

/**
 * One transaction a merge, as other library systems do it: the same rules, one statement after the other, no locks
 * beforehand, no ledger, no warnings, no way back. Several connections. Rejects with any error of `pg`.
 */
export async function mergeUnguarded(
  url: string,
  pairs: readonly Pair[],
  { onDate, lanes }: { onDate: string; lanes: number },
): Promise<void> {
  const waiting = [...pairs].reverse()
  const lane = async () => {
    const client = await connect(url, { applicationName: 'bench unguarded' })
    try {
      // or planning would be most of it; to their credit
      await client.query('set plan_cache_mode = force_generic_plan')
      for (let pair = waiting.pop(); pair !== undefined; pair = waiting.pop()) {
        const values = [[pair.keep], [pair.remove], onDate]
        await client.query('begin')
        for (const statement of RAW) await run(client, statement, values)
        await client.query('commit')
      }
    } finally {
      await client.end()
    }
  }
  await allOf(Array.from({ length: lanes }, lane))
}
