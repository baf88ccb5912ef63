/** Writers that retire records in every way there is, all at once, and a reader of the feed beside them. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, PoolClient, Pool } from 'pg'
import { untilFree } from '../../src/database/again'
import { connect, createPool } from '../../src/database/pool'
import { beginMerge } from '../../src/database/transaction'
import { changesSince, type Change } from '../../src/merges/feed'
import { createMerge } from '../../src/merges/store'
import { takeBackMerge } from '../../src/merges/undoSingle'
import { mergeGroup, mergeInTransaction } from '../../src/steps/group'
import { tellTheFeed } from '../../src/steps/retireRecord'
import { openUndo } from '../../src/merges/openUndo'
import { mergeSingly, someWorkflow } from './mergeOnDatabase'

/** `merge event`, as the feed must tell it. */
export type Told = string

export type Pair = { keep: number; remove: number }

const BY = { by: 'test', on: '2026-11-24' }
/** The longest time for which a writer holds the feed's next number before it commits. */
const SLOW_COMMIT_AT_MOST_MS = 8

/** What one writer does, by its number: from pairs of its own it makes merges, and gives what was committed. */
const WAYS = [singly, inAGroup, slowly, rolledBackFirst, cutOffFirst, andBack]

/** One writer: takes its pairs in turn, each in the next way, on a connection of its own. */
export async function write(url: string, writer: number, pairs: readonly Pair[], told: Told[]): Promise<void> {
  const pool = createPool(url, { max: 1, pipeline: true, applicationName: `writer ${writer}` })
  try {
    for (const [n, pair] of pairs.entries()) {
      const way = WAYS[(writer + n) % WAYS.length] ?? singly
      told.push(...(await way(pool, pair)))
    }
  } finally {
    await pool.end()
  }
}

async function singly(pool: Pool, pair: Pair): Promise<Told[]> {
  const { merge } = await mergeSingly(pool, { ...pair, on: BY.on, take: [], accept: ['rejected-before'], override: [] })
  return [`${merge} merged`]
}

async function newMerge(pool: Pool, pair: Pair): Promise<number> {
  return (await createMerge(pool, { ...pair, ...BY, accept: ['rejected-before'] }, null)) ?? 0
}

async function inAGroup(pool: Pool, pair: Pair): Promise<Told[]> {
  const merge = await newMerge(pool, pair)
  const { merged } = await untilFree(() => withClient(pool, (client) => mergeGroup(client, [merge])))
  return merged.map((id) => `${id} merged`)
}

/** Holds its number for a while: whoever comes later waits, and is told later. */
async function slowly(pool: Pool, pair: Pair): Promise<Told[]> {
  const merge = await newMerge(pool, pair)
  await untilFree(() =>
    withClient(pool, async (client) => {
      await toTheFeed(client, merge)
      await sleep(Math.random() * SLOW_COMMIT_AT_MOST_MS)
      await client.query('commit')
    }),
  )
  return [`${merge} merged`]
}

async function rolledBackFirst(pool: Pool, pair: Pair): Promise<Told[]> {
  const merge = await newMerge(pool, pair)
  await untilFree(() =>
    withClient(pool, async (client) => {
      await toTheFeed(client, merge)
      await client.query('rollback')
    }),
  )
  const { merged } = await untilFree(() => withClient(pool, (client) => mergeGroup(client, [merge])))
  return merged.map((id) => `${id} merged`)
}

/** Its connection is lost after it has taken its number, before it commits. */
async function cutOffFirst(pool: Pool, pair: Pair): Promise<Told[]> {
  const merge = await newMerge(pool, pair)
  await untilFree(async () => {
    const client = await pool.connect()
    try {
      await toTheFeed(client, merge)
    } finally {
      client.release(new Error('cut off'))
    }
  })
  return (await untilFree(() => withClient(pool, (client) => mergeGroup(client, [merge])))).merged.map(
    (id) => `${id} merged`,
  )
}

async function andBack(pool: Pool, pair: Pair): Promise<Told[]> {
  const told = await singly(pool, pair)
  const merge = Number.parseInt(told[0] ?? '', 10)
  await openUndo(pool, { merge, by: 'test' }, someWorkflow())
  await takeBackMerge(pool, merge)
  return [...told, `${merge} undone`, ...(await inAGroup(pool, pair))]
}

async function toTheFeed(client: PoolClient, merge: number): Promise<void> {
  try {
    await beginMerge(client)
    await mergeInTransaction(client, [merge])
    await tellTheFeed(client, [merge], 'merged')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

async function withClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  try {
    return await work(client)
  } finally {
    client.release()
  }
}

/** Reads what comes, from a cursor on, until it is told to stop and has read what was there then. */
export class Reader {
  readonly read: Change[] = []
  private stopped = false
  private running: Promise<void> | undefined

  constructor(
    private readonly url: string,
    public cursor: number,
  ) {}

  start(): this {
    this.running = this.run()
    return this
  }

  async stop(): Promise<Change[]> {
    this.stopped = true
    await this.running
    return this.read
  }

  private async run(): Promise<void> {
    const client: Client = await connect(this.url)
    try {
      for (let last = false; !last;) {
        // said before it looks: all that was committed by then is in the look
        last = this.stopped
        for await (const change of changesSince(client, this.cursor)) {
          this.read.push(change)
          this.cursor = change.cursor
        }
        await sleep(1)
      }
    } finally {
      await client.end()
    }
  }
}
