import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { judgeFailure } from '../../src/database/failures'
import { connect } from '../../src/database/pool'
import { run, statement } from '../../src/database/statement'
import { mergeGroup } from '../../src/steps/group'
import { allOf } from '../../src/steps/step'
import { piecesOf, type Pair, type Way } from './way'

/** On two cores a third gains nothing. */
const LANES = 2
/** A campaign's batch, whose merges are made in one statement: here a lane has several, so that none ends long before the others. */
const PAIRS_PER_BATCH = 2_500
/** Whoever met a desk comes again after a random pause. */
const PAUSE_MS = { least: 5, most: 25 }

const makeMerges = statement<{ id: number; keep: number }>(
  'bench.makeMerges',
  `insert into merge (kept, removed, on_date, by) select keep, remove, $3, 'bench'
   from unnest($1::bigint[], $2::bigint[]) as p (keep, remove) returning id, kept as keep`,
)

/** A merge to be done; its pair is told to the desk. */
interface Work {
  id: number
  pair: Pair
}

/** Pairs that go through the database together, from the halves of a group down to one pair alone. */
interface Group {
  work: Work[]
  limited: boolean
}

/**
 * The product's own group transaction, as a campaign will use it: merges are made a batch at a time (within the time that
 * is measured), taken in groups, each group committed; one that meets a desk comes again in halves.
 */
export function groupWay({ pairsPerTransaction, onDate }: { pairsPerTransaction: number; onDate: string }): Way {
  return {
    name: 'group',
    note: '',
    lanes: LANES,
    pairsPerTransaction,
    inResult: true,
    async merge(url, pairs, underWay) {
      const batches = piecesOf(pairs, Math.min(PAIRS_PER_BATCH, Math.ceil(pairs.length / LANES)))
      let again = 0
      const lane = async () => {
        let client = await laneClient(url)
        try {
          for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
            const groups = await groupsOf(client, batch, pairsPerTransaction, onDate)
            for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
              underWay(group.work.map(({ pair }) => pair))
              const rest = await mergeOrSplit(client, group)
              groups.push(...rest)
              if (rest.length === 0) continue
              again++
              client = await answering(client, url)
              await sleep(PAUSE_MS.least + Math.random() * (PAUSE_MS.most - PAUSE_MS.least))
            }
          }
        } finally {
          await client.end()
        }
      }
      await allOf(Array.from({ length: LANES }, lane))
      return { again }
    },
  }
}

function laneClient(url: string): Promise<Client> {
  return connect(url, { pipeline: true, applicationName: 'bench group' })
}

/** The same connection, or a fresh one: a transaction that lasted too long has ended it. */
async function answering(client: Client, url: string): Promise<Client> {
  try {
    await client.query('select')
    return client
  } catch {
    await client.end()
    return laneClient(url)
  }
}

/** Makes the merges of pairs, and groups of that size. */
export async function groupsOf(client: Client, pairs: readonly Pair[], size: number, onDate: string): Promise<Group[]> {
  const ids = new Map<number, number>()
  const values = [pairs.map(({ keep }) => keep), pairs.map(({ remove }) => remove), onDate]
  for (const { id, keep } of await run(client, makeMerges, values)) ids.set(keep, id)
  const work = pairs.map((pair) => ({ id: ids.get(pair.keep)!, pair }))
  return piecesOf(work, size).map((piece) => ({ work: piece, limited: true }))
}

/** Merges a group; gives what has to come again: the pairs whose records somebody had, or, after an error, the halves. */
export async function mergeOrSplit(client: Client, { work, limited }: Group): Promise<Group[]> {
  try {
    const ids = work.map(({ id }) => id)
    const { refused, waiting, skipped } = await mergeGroup(client, ids, { limited })
    const lost = refused[0] ?? waiting[0]
    if (lost) throw new Error(`merge ${lost.id} was refused: ${lost.refusal.code}`)
    const later = new Set(skipped)
    return later.size === 0 ? [] : [{ work: work.filter(({ id }) => later.has(id)), limited: true }]
  } catch (error) {
    const failure = judgeFailure(error)
    if (failure !== 'again' && failure !== 'unique' && failure !== 'too-long') throw error
    if (work.length === 1) return [{ work, limited: failure !== 'too-long' && limited }]
    return piecesOf(work, Math.ceil(work.length / 2)).map((half) => ({ work: half, limited: true }))
  }
}
