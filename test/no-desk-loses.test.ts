import { setTimeout as pause } from 'node:timers/promises'
import type { Client, Pool } from 'pg'
import { judgeFailure, sqlState } from '../src/database/failures'
import { connect, createPool } from '../src/database/pool'
import { ON_THE_PATRON_ROW, SIDE_BY_SIDE } from '../src/domain/plan'
import { openSingle } from '../src/merges/openSingle'
import { doStep, retireSingle } from '../src/merges/stepSingle'
import { createMerge } from '../src/merges/store'
import { mergeGroup } from '../src/steps/group'
import { freshDatabase, type TestDatabase } from './support/database'
import {
  Desk,
  ISOLATIONS,
  makeLibraries,
  nextId,
  registerPatrons,
  rowOf,
  rowsOn,
  until,
  type Key,
  type Table,
} from './support/desk'

/** Half of them at each isolation level. */
const DESKS = 8
/** Of three records each: b is merged into a, then a into c. */
const CHAINS = 6
/** Between two transactions of a desk: a hundred times as busy as any, but not without a gap. */
const DESK_PAUSE_AT_MOST_MS = 10
/** A desk stops here, whatever the merges do. */
const TRANSACTIONS_AT_MOST = 2_000
/** Of a group; then its merges never end. */
const PASSES_AT_MOST = 500
/** Between two passes of a group, as a campaign that has other groups to do meanwhile. */
const PASS_PAUSE_MS = 10
const BY = { by: 'test', on: '2026-11-24' }

interface Chain {
  a: number
  b: number
  c: number
}
/** A row that a desk has committed; `gone` rows are looked for too. */
interface Row {
  table: Table
  key: Key
  chain: Chain
  writtenFor: number
  gone?: boolean
}

let database: TestDatabase
let pool: Pool
beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool(database.url, { max: 16, pipeline: true })
  await makeLibraries(database.pool)
})
afterAll(async () => {
  await pool?.end()
  await database?.drop()
})

/** Nobody is registered there, so that no merge erases it. */
const HISTORY_IS_KEPT = { library: 'L2' }

/** The same numbers in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** A desk that writes for the records of chains, two in a transaction, in either order, until told to stop. */
class BusyDesk {
  readonly rows: Row[] = []
  readonly errors: string[] = []
  committed = 0
  private readonly random: (below: number) => number

  constructor(
    readonly desk: Desk,
    readonly chains: readonly Chain[],
    seed: number,
  ) {
    this.random = numbers(seed)
  }

  async work(stopped: () => boolean): Promise<void> {
    while (!stopped() && this.committed < TRANSACTIONS_AT_MOST) {
      await pause(this.random(DESK_PAUSE_AT_MOST_MS))
      const chain = this.pick(this.chains)
      const first = this.pick([chain.a, chain.b, chain.c])
      const second = this.pick([chain.a, chain.b, chain.c].filter((one) => one !== first))
      let written: Row[] = []
      try {
        await this.desk.transaction(async () => {
          written = []
          // one row of a patron at most, or two desks could meet in opposite order, as colleagues may without any merge
          if (this.random(4) === 0) await this.desk.touch(first, '2026-11-24')
          for (const patron of [first, second]) {
            await this.changeOwn(chain, written)
            written.push(await this.write(chain, patron))
          }
        })
        this.rows.push(...written)
        this.committed++
      } catch (error) {
        this.errors.push(`${sqlState(error) ?? ''} ${(error as Error).message}`)
      }
    }
  }

  private pick<T>(from: readonly T[]): T {
    return from[this.random(from.length)]!
  }

  private async write(chain: Chain, patron: number): Promise<Row> {
    // no subscriptions: of several at one library, a merge stops some and the next one deletes them
    const table = this.pick<Table>(['loan', 'loan_history', 'hold', 'charge', 'message', 'card', 'contact'])
    return {
      table,
      key: await this.desk.insert(table, { patron, ...(table === 'loan_history' ? HISTORY_IS_KEPT : {}) }),
      chain,
      writtenFor: patron,
    }
  }

  /** Changes a row of its own, by its row id: pays, returns, corrects. */
  private async changeOwn(chain: Chain, written: Row[]): Promise<void> {
    const own = this.rows.filter((row) => row.chain === chain && !row.gone && !written.includes(row))
    if (own.length === 0) return
    const row = this.pick(own)
    if (row.table === 'loan') {
      await this.desk.returnLoan(row.key)
      written.push({ ...row, gone: true })
    } else if (row.table === 'charge') await this.desk.pay(row.key, 1)
    else if (row.table === 'contact') await this.desk.change('contact', row.key, { value: `n${nextId()}@example.org` })
    else if (row.table === 'hold') await this.desk.change('hold', row.key, { status: 'suspended' })
    else if (row.table === 'message') await this.desk.change('message', row.key, { text: 'corrected' })
  }
}

async function mergeAlone(keep: number, remove: number): Promise<void> {
  const workflow = { workflowId: `merge/${keep}/${remove}`, firstRunId: '1' }
  const { merge, then, refusal } = await openSingle(pool, { keep, remove, ...BY }, workflow, 1)
  if (merge === null || then !== 'go-on')
    throw new Error(`merge of ${remove} into ${keep}: ${then} ${JSON.stringify(refusal)}`)
  const onTheRow = async () => {
    for (const name of ON_THE_PATRON_ROW) await doStep(pool, merge, name, 1)
  }
  await Promise.all([...SIDE_BY_SIDE.map((name) => doStep(pool, merge, name, 1)), onTheRow()])
  await retireSingle(pool, merge, 1)
}

/** As a campaign does it: what fails comes again in halves, what a desk has comes in a later pass. Gives what is left. */
async function onePass(client: Client, merges: readonly number[]): Promise<number[]> {
  try {
    const { merged, refused } = await mergeGroup(client, merges)
    if (refused.length > 0) throw new Error(`refused: ${JSON.stringify(refused)}`)
    return merges.filter((id) => !merged.includes(id))
  } catch (error) {
    if (!['again', 'unique', 'too-long'].includes(judgeFailure(error))) throw error
    if (merges.length === 1) return [...merges]
    const half = merges.length >> 1
    return [...(await onePass(client, merges.slice(0, half))), ...(await onePass(client, merges.slice(half)))]
  }
}

async function mergeTogether(pairs: readonly { keep: number; remove: number }[]): Promise<void> {
  let left: number[] = []
  for (const pair of pairs) left.push((await createMerge(pool, { ...pair, ...BY }, null)) ?? 0)
  const client = await connect(database.url, { pipeline: true })
  try {
    for (let pass = 0; left.length > 0; pass++) {
      if (pass === PASSES_AT_MOST) throw new Error(`merges ${left.join(', ')} never ended`)
      left = await onePass(client, left)
      if (left.length > 0) await pause(PASS_PAUSE_MS)
    }
  } finally {
    await client.end()
  }
}

const WAYS = {
  'single merges': (pairs: { keep: number; remove: number }[]) =>
    Promise.all(pairs.map(({ keep, remove }) => mergeAlone(keep, remove))).then(() => {}),
  groups: mergeTogether,
}

test.each(Object.entries(WAYS))(
  'while %s run on records that every desk has its hands on, no desk gets an error and every row follows',
  async (_, mergeAll) => {
    const chains = await Promise.all(
      Array.from({ length: CHAINS }, async (): Promise<Chain> => {
        const [a = 0, b = 0, c = 0] = await registerPatrons(database.pool, 3)
        return { a, b, c }
      }),
    )
    const busy = await Promise.all(
      Array.from({ length: DESKS }, async (_none, n) => {
        const desk = await Desk.open(database.url, ISOLATIONS[n % ISOLATIONS.length])
        return new BusyDesk(desk, chains, n + 1)
      }),
    )
    let stopped = false
    const committed = () => Math.min(...busy.map((desk) => desk.committed))
    const desks = Promise.all(busy.map((desk) => desk.work(() => stopped)))
    try {
      for (const pairs of [
        chains.map(({ a, b }) => ({ keep: a, remove: b })),
        chains.map(({ a, c }) => ({ keep: c, remove: a })),
      ]) {
        // every desk is in the middle of its work when the merges begin, and goes on after them
        const before = committed()
        await until('every desk is at work', () => committed() > before + 5)
        await mergeAll(pairs)
      }
      const before = committed()
      await until('every desk goes on', () => committed() > before + 5)
    } finally {
      stopped = true
      await desks
      await Promise.all(busy.map(({ desk }) => desk.close()))
    }

    expect(busy.flatMap(({ errors }) => errors)).toEqual([])
    const astray: string[] = []
    for (const row of busy.flatMap(({ rows }) => rows)) {
      const found = await rowOf(database.pool, row.table, row.key)
      const returned =
        row.table === 'loan' && busy.some(({ rows }) => rows.some((other) => other.gone && other.key === row.key))
      const wanted = returned ? undefined : [row.chain.c, row.writtenFor === row.chain.c ? null : row.writtenFor]
      if (JSON.stringify(found && [found.patron, found.written_for]) !== JSON.stringify(wanted))
        astray.push(
          `${row.table} ${row.key} written for ${row.writtenFor} of ${JSON.stringify(row.chain)}: ${JSON.stringify(found)}`,
        )
    }
    expect(astray).toEqual([])
    for (const { a, b } of chains)
      expect([await rowsOn(database.pool, a), await rowsOn(database.pool, b)]).toEqual([{}, {}])
  },
)
