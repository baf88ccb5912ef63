import type { ClientBase } from 'pg'
import { judgeFailure } from './failures'
import { run, runOne, statement } from './statement'

/** Tables whose ids come with an import, and of which the product makes rows too; each with the number its lock goes by. */
const LOCKS = { subscription: 7_300_001, message: 7_300_002 } as const
/** A desk that took the same id at the same moment was first: the next one is asked for. */
const TRIES = 5

const lock = statement('nextIds.lock', `select from pg_advisory_xact_lock($1::bigint)`)

const next = {
  subscription: statement<{ id: number }>('nextIds.subscription', firstFree('subscription')),
  message: statement<{ id: number }>('nextIds.message', firstFree('message')),
}

function firstFree(table: string): string {
  return `select greatest((select coalesce(max(id), 0) from ${table}), f.floor) + 1 as id from id_floor f where f.kind = '${table}'`
}

/** The first id that is free from there on. Until its transaction ends, nobody else of ours is given one. */
export async function nextId(client: ClientBase, table: keyof typeof LOCKS): Promise<number> {
  await run(client, lock, [LOCKS[table]])
  const row = await runOne(client, next[table])
  if (!row) throw new Error(`id_floor has no row for ${table}`)
  return row.id
}

/** Does `work`, a transaction that gives out ids, again where a desk has taken one of them first. */
export async function againWhereTaken<T>(work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await work()
    } catch (error) {
      if (judgeFailure(error) !== 'unique' || tried >= TRIES) throw error
    }
  }
}
