import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { judgeFailure } from '../../src/database/failures'
import { connect } from '../../src/database/pool'
import { run } from '../../src/database/statement'
import { allOf } from '../../src/steps/step'
import { RAW, takeRaw } from './rawStatements'
import { piecesOf, type Pair, type Way } from './way'

/** How many connections it has, and how many pairs each of them takes at a time. */
export interface RawShape {
  lanes: number
  pairsPerTransaction: number
}

const USUAL_SHAPE: RawShape = { lanes: 4, pairsPerTransaction: 500 }
const PAUSE_MS = 20

/**
 * What a migration script would do with the same pairs: all rules as plain set-based SQL on the same schema, many pairs a
 * transaction. No ledger, no warnings, no feed, no way back, and nothing that spares the desks: the limit.
 */
export function rawWay({
  onDate,
  skipTrigger,
  shape = USUAL_SHAPE,
}: {
  onDate: string
  skipTrigger: boolean
  shape?: RawShape
}): Way {
  const begin = skipTrigger ? `begin; set local ontdubbel.step = 'on'` : 'begin'
  return {
    name: 'raw',
    note: skipTrigger ? 'redirect trigger skipped' : '',
    ...shape,
    inResult: !skipTrigger,
    async merge(url, pairs, underWay) {
      const waiting = piecesOf(pairs, shape.pairsPerTransaction)
      let again = 0
      const lane = async () => {
        const client = await connect(url, { pipeline: true, applicationName: 'bench raw' })
        try {
          for (let piece = waiting.shift(); piece !== undefined; piece = waiting.shift()) {
            underWay(piece)
            while (!(await mergeRaw(client, begin, piece, onDate))) {
              again++
              await sleep(PAUSE_MS)
            }
          }
        } finally {
          await client.end()
        }
      }
      await allOf(Array.from({ length: shape.lanes }, lane))
      return { again }
    },
  }
}

/** One transaction. False when a desk was in the way and all of it has to come again. */
export async function mergeRaw(
  client: Client,
  begin: string,
  pairs: readonly Pair[],
  onDate: string,
): Promise<boolean> {
  const keep = pairs.map((pair) => pair.keep)
  const remove = pairs.map((pair) => pair.remove)
  try {
    const [, taken] = await Promise.all([client.query(begin), run(client, takeRaw, [keep, remove])])
    const allowed = [taken.map((pair) => pair.keep), taken.map((pair) => pair.remove), onDate]
    await allOf([...RAW.map((statement) => run(client, statement, allowed)), client.query('commit')])
    return true
  } catch (error) {
    await client.query('rollback')
    const failure = judgeFailure(error)
    if (failure === 'again' || failure === 'unique') return false
    throw error
  }
}
