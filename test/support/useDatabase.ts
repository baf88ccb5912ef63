/** The database of a file of properties, and worlds put into it. */
import fc from 'fast-check'
import type { Client, Pool } from 'pg'
import { connect, createPool } from '../../src/database/pool'
import { inPlainTransaction } from '../../src/database/transaction'
import { TRANSFERS, type TransferName } from '../../src/domain/plan'
import { LIBRARIES } from './arbitraries'
import { ROOM, placed } from './cases'
import { freshDatabase, type TestDatabase } from './database'
import { patronOf, type Asked } from './model'
import { isErasedAt } from './modelWords'
import type { PatronRecord, World } from './records'
import { inOrder, putWorld, type Rows } from './rows'

export interface Placed {
  world: World
  ids: number[]
  offset: number
}

export interface Setting {
  database: TestDatabase
  /** Pipelined, as steps need it. */
  pool: Pool
  client: Client
  /** The world in the database, under ids that no other world has: one database serves all runs. */
  put(world: World): Promise<Placed>
}

/** A database with the libraries of the random worlds, for all tests of a file. */
export function useDatabase(): Setting {
  const setting = {} as Setting
  let offset = 0
  setting.put = async (world) => {
    const at = (offset += ROOM)
    const there = placed(world, at)
    await inPlainTransaction(setting.pool, (client) => putWorld(client, there))
    return { world: there, ids: there.patrons.map(({ id }) => id), offset: at }
  }
  beforeAll(async () => {
    setting.database = await freshDatabase()
    setting.pool = createPool(setting.database.url, { pipeline: true, max: 12 })
    setting.client = await connect(setting.database.url, { pipeline: true })
    await setting.pool.query(`insert into library (id, name) select l, l from unnest($1::text[]) l`, [[...LIBRARIES]])
  })
  afterAll(async () => {
    await setting.client?.end()
    await setting.pool?.end()
    await setting.database?.drop()
  })
  return setting
}

/** The steps in any order that the plan allows, or all at once. */
export const stepOrder: fc.Arbitrary<TransferName[] | 'side by side'> = fc.oneof(
  fc.constant('side by side' as const),
  fc.shuffledSubarray([...TRANSFERS], { minLength: TRANSFERS.length }).map(detailsBeforeBlock),
)

/** The one order that the plan asks for: R9 before R11. */
export function detailsBeforeBlock(steps: TransferName[]): TransferName[] {
  const rest = steps.filter((name) => name !== 'applyInternetBlock')
  return rest.length === steps.length ? rest : [...rest, 'applyInternetBlock']
}

/** A world's records in the order in which they are read back. */
export function asComparable({ patrons }: World): PatronRecord[] {
  return patrons.map(inOrder)
}

/** Rows as they were, but for the history that the merges erased. */
export function withoutErased(rows: Rows, world: World, merges: readonly Asked[]): Rows {
  const erased = merges.flatMap(({ keep, remove }) => {
    const [kept, removed] = [patronOf(world, keep), patronOf(world, remove)]
    return removed.loanHistory.filter(({ library }) => isErasedAt(kept, removed, library)).map(({ id }) => id)
  })
  return { ...rows, loan_history: rows.loan_history.filter(({ id }) => !erased.includes(id as number)) }
}
