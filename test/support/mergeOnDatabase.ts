/** Random merges on the real database, the way the product does them: singly, step by step, or in a group; and back. */
import { randomUUID } from 'node:crypto'
import type { Client, Pool } from 'pg'
import { inMergeTransaction } from '../../src/database/transaction'
import type { Refusal } from '../../src/domain/codes'
import { TRANSFERS, type TransferName } from '../../src/domain/plan'
import { openSingle } from '../../src/merges/openSingle'
import { doStep, retireSingle } from '../../src/merges/stepSingle'
import { createMerge } from '../../src/merges/store'
import { mergeGroup } from '../../src/steps/group'
import type { Asked } from './model'
import type { ModelWarning } from './modelWarnings'
import type { PatronRecord } from './records'
import { KEYS, recordsIn, rowsOf, type Rows, type TableName } from './rows'
import { takeBack } from './takeBack'

export interface Done {
  /** Null where no merge was made. */
  merge: number | null
  refusal: Refusal | null
}

/** The workflow's ids of one more merge. */
export function someWorkflow(): { workflowId: string; firstRunId: string } {
  return { workflowId: `merge/${randomUUID()}`, firstRunId: randomUUID() }
}

/** Opens a single merge, or refuses it. */
export async function openIt(pool: Pool, asked: Asked, workflow = someWorkflow()): Promise<Done> {
  const { merge, refusal } = await openSingle(pool, { ...asked, by: 'test' }, workflow, 1)
  return { merge, refusal }
}

/** One merge, a transaction a step, in the order given or all at once. */
export async function mergeSingly(
  pool: Pool,
  asked: Asked,
  order: readonly TransferName[] | 'side by side' = TRANSFERS,
): Promise<Done> {
  const done = await openIt(pool, asked)
  if (done.refusal !== null || done.merge === null) return done
  const { merge } = done
  if (order === 'side by side') {
    const apart = TRANSFERS.filter((name) => name !== 'transferDetails' && name !== 'applyInternetBlock')
    await Promise.all([
      ...apart.map((name) => doStep(pool, merge, name, 1)),
      doStep(pool, merge, 'transferDetails', 1).then(() => doStep(pool, merge, 'applyInternetBlock', 1)),
    ])
  } else {
    for (const name of order) await doStep(pool, merge, name, 1)
  }
  await retireSingle(pool, merge, 1)
  return done
}

/** Many merges in one transaction. In the order asked. */
export async function mergeTogether(pool: Pool, client: Client, all: readonly Asked[]): Promise<Done[]> {
  const merges: number[] = []
  for (const asked of all) merges.push((await createMerge(pool, { ...asked, by: 'test' }, null)) ?? 0)
  const result = await mergeGroup(client, merges)
  return merges.map((merge) => {
    const refused = result.refused.find(({ id }) => id === merge)
    if (!refused && !result.merged.includes(merge)) throw new Error(`merge ${merge} was neither done nor refused`)
    return { merge, refusal: refused?.refusal ?? null }
  })
}

/** The reverse of every step, in one transaction. `finds` are the merges that are there to take back, where not all are. */
export async function undoThem(pool: Pool, merges: readonly number[], { finds = merges } = {}): Promise<void> {
  const back = await inMergeTransaction(pool, (client) => takeBack(client, merges))
  expect([...back].sort((a, b) => a - b)).toEqual([...finds].sort((a, b) => a - b))
}

/** The records of some patrons as they stand. */
export async function recordsOf(pool: Pool, patrons: readonly number[]): Promise<PatronRecord[]> {
  return recordsIn(await rowsOf(pool, patrons))
}

/** A warning of the product in the model's form: codes, and the ids, libraries and fields concerned, sorted. */
export function asModelled({ code, details }: { code: string; details: Record<string, unknown> }): ModelWarning {
  if (code === 'different-person') return { code }
  const sorted = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return value
    // a ready hold is told with its library
    const ids = (Array.isArray(value) ? value : Object.keys(value)) as (string | number | { hold: number })[]
    const list = ids.map((id) => (typeof id === 'object' ? id.hold : id))
    return [...list].sort((a, b) => (typeof a === 'number' ? a - Number(b) : a < b ? -1 : 1))
  }
  const concerns = Object.fromEntries(Object.entries(details).map(([key, value]) => [key, sorted(value)]))
  return { code, concerns: concerns as NonNullable<ModelWarning['concerns']> }
}

/** A row that is not what it was, or gone (`now` null); whose it is apart. */
export interface Change {
  table: TableName
  key: string
  was: Record<string, unknown>
  now: Record<string, unknown> | null
}

/** How rows differ, apart from the patron they hang on: only what differs is in `was` and `now`, all where a row is gone. */
export function changesBetween(before: Rows, after: Rows): { changes: Change[]; added: string[] } {
  const changes: Change[] = []
  const added: string[] = []
  for (const table of Object.keys(KEYS) as TableName[]) {
    // a preference has no id: it is the one of the patron it was first written for
    const keyOf = (row: Record<string, unknown>) =>
      table === 'history_preference'
        ? `${String(row.written_for ?? row.patron)} ${String(row.library)}`
        : KEYS[table].map((column) => String(row[column])).join(' ')
    const now = new Map(after[table].map((row) => [keyOf(row), row]))
    for (const row of before[table]) {
      const key = keyOf(row)
      const later = now.get(key)
      now.delete(key)
      if (!later) {
        changes.push({ table, key, was: row, now: null })
        continue
      }
      const differing = Object.keys(row).filter(
        (column) =>
          !['patron', 'written_for'].includes(column) && JSON.stringify(row[column]) !== JSON.stringify(later[column]),
      )
      const only = (of: Record<string, unknown>) => Object.fromEntries(differing.map((column) => [column, of[column]]))
      if (differing.length > 0) changes.push({ table, key, was: only(row), now: only(later) })
    }
    added.push(...[...now.keys()].map((key) => `${table} ${key}`))
  }
  return { changes, added }
}

/** The same, from what the ledger says was altered or deleted. */
export function changesTold(told: readonly { table: string; id: unknown; was: unknown; now: unknown }[]): Change[] {
  const changes = new Map<string, Change>()
  for (const { table, id, was, now } of told) {
    const [old, later] = [was as Record<string, unknown>, now as Record<string, unknown> | null]
    const key = table === 'history_preference' ? `${String(old.written_for ?? old.patron)} ${String(id)}` : String(id)
    // two steps alter one patron row: each other columns
    const before = changes.get(`${table} ${key}`)
    const both = before
      ? { was: { ...before.was, ...old }, now: { ...before.now, ...later } }
      : { was: old, now: later }
    changes.set(`${table} ${key}`, { table: table as TableName, key, ...both })
  }
  return [...changes.values()]
}

/** Changes in a fixed order, without what a table makes by itself. */
export function inFixedOrder(changes: readonly Change[]): Change[] {
  const without = ({ key: _made, ...row }: Record<string, unknown>) => row
  return changes
    .map((change) => (change.now === null ? { ...change, was: without(change.was) } : change))
    .sort((a, b) => (`${a.table} ${a.key}` < `${b.table} ${b.key}` ? -1 : 1))
}
