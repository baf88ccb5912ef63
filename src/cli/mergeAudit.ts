import type { Pool } from 'pg'
import { commandsOf } from '../merges/commands'
import { mergeById } from '../merges/store'
import type { Audit } from './mergeText'

/** What was asked of a merge, when it began and since. */
export async function auditOf(pool: Pool, merge: number): Promise<Audit> {
  const row = await mergeById(pool, merge)
  const lists = { take: row?.take ?? [], accept: row?.accept ?? [], override: row?.override ?? [] }
  const options = Object.entries(lists).flatMap(([name, codes]) => codes.map((code) => `--${name} ${code}`))
  return {
    waitingSince: row?.portal_since ?? null,
    askedAt: row?.asked_at ?? null,
    options,
    commands: await commandsOf(pool, merge),
  }
}
