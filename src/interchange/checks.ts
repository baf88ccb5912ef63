import type { PoolClient } from 'pg'
import { IMPORT_PROBLEMS } from '../domain/sentences'
import type { Problem, Reason } from '../input/badLine'
import { KINDS, namesLibrary } from './fields'

/** A look at the staged file that gives the first row for which something does not hold. */
interface Check {
  /** Gives `line`, `ord` (null outside of lists) and, where the reason names them, `about` and `leads_to`. */
  sql: string
  path: (ord: number) => string
  reason: (found: Found) => Reason
}

interface Found {
  line: number
  ord: number | null
  about?: number
  leads_to?: number | null
}

const NO_SUCH_LIBRARY = `not exists (select from staged_library f where f.id = s.library)
  and not exists (select from library t where t.id = s.library)`
const FIRST = 'order by line, ord limit 1'

/** A key that stands in the file before already. */
function twice(table: string, column: string): string {
  return `with doubled as (select ${column} as key from ${table} group by ${column} having count(*) > 1),
    numbered as (
      select s.line, s.ord, row_number() over (partition by s.key order by s.line, s.ord) as n
      from (select s.*, ${column} as key from ${withOrd(table)} s) s join doubled using (key))
    select line, ord from numbered where n > 1 ${FIRST}`
}

function inStore(staged: string, table: string, column: string): string {
  return `select s.line, s.ord from ${withOrd(staged)} s
    where exists (select from ${table} t where t.${column} = s.${column}) ${FIRST}`
}

/** Lines outside of lists have no place in a list. */
function withOrd(table: string): string {
  return ['staged_library', 'staged_patron', 'staged_account'].includes(table)
    ? `(select null::int as ord, f.* from ${table} f)`
    : table
}

const CHECKS: readonly Check[] = [
  { sql: twice('staged_library', 'id'), path: () => 'id', reason: () => ({ says: IMPORT_PROBLEMS.twice }) },
  {
    sql: inStore('staged_library', 'library', 'id'),
    path: () => 'id',
    reason: () => ({ says: IMPORT_PROBLEMS.inStore }),
  },
  { sql: twice('staged_patron', 'id'), path: () => 'id', reason: () => ({ says: IMPORT_PROBLEMS.twice }) },
  {
    // R12: a record that was merged away never comes back to life
    sql: `select s.line, null::int as ord, t.id as about, case when t.merged_into is not null then live_patron(t.id) end as leads_to
      from staged_patron s join patron t on t.id = s.id ${FIRST}`,
    path: () => 'id',
    reason: ({ about, leads_to }) =>
      leads_to == null
        ? { says: IMPORT_PROBLEMS.patronInStore, about: { patron: about } }
        : { says: IMPORT_PROBLEMS.patronMerged, about: { patron: about, into: leads_to } },
  },
  {
    // R9
    sql: `select s.line, null::int as ord from staged_patron s where not national_number_is_valid(s.national_number) ${FIRST}`,
    path: () => 'nationalNumber',
    reason: () => ({ says: IMPORT_PROBLEMS.nationalNumber }),
  },
  {
    sql: `select s.line, null::int as ord, s.merged_into as about from staged_patron s
      where s.merged_into is not null and not exists (select from staged_patron f where f.id = s.merged_into)
        and not exists (select from patron t where t.id = s.merged_into) ${FIRST}`,
    path: () => 'mergedInto',
    reason: ({ about }) => ({ says: IMPORT_PROBLEMS.noSuchPatron, about: { patron: about } }),
  },
  ...KINDS.flatMap((kind): Check[] => {
    const staged = `staged_${kind.table}`
    const checks: Check[] = []
    if (kind.unique) {
      const { key, column } = kind.unique
      const path = (ord: number) => `${kind.list}[${ord}].${key}`
      checks.push(
        { sql: twice(staged, column), path, reason: () => ({ says: IMPORT_PROBLEMS.twice }) },
        { sql: inStore(staged, kind.table, column), path, reason: () => ({ says: IMPORT_PROBLEMS.inStore }) },
      )
    }
    if (namesLibrary(kind)) {
      checks.push({
        sql: `select s.line, s.ord from ${staged} s where s.library is not null and ${NO_SUCH_LIBRARY} ${FIRST}`,
        path: (ord) => `${kind.list}[${ord}].library`,
        reason: () => ({ says: IMPORT_PROBLEMS.noSuchLibrary }),
      })
    }
    return checks
  }),
  { sql: twice('staged_account', 'id'), path: () => 'id', reason: () => ({ says: IMPORT_PROBLEMS.twice }) },
  {
    sql: `select s.line, s.ord from staged_link s where ${NO_SUCH_LIBRARY} ${FIRST}`,
    path: (ord) => `links[${ord}].library`,
    reason: () => ({ says: IMPORT_PROBLEMS.noSuchLibrary }),
  },
  {
    // a record that was merged away is one too: a portal that was down then may still name it
    sql: `select s.line, s.ord, s.actor_id as about from staged_link s
      where not exists (select from staged_patron f where f.id = s.actor_id)
        and not exists (select from patron t where t.id = s.actor_id) ${FIRST}`,
    path: (ord) => `links[${ord}].actorId`,
    reason: ({ about }) => ({ says: IMPORT_PROBLEMS.noSuchPatron, about: { patron: about } }),
  },
]

/** The problem of the lowest line that a staged file has, or undefined. Each record by itself is valid. */
export async function firstProblem(client: PoolClient): Promise<Problem | undefined> {
  let first: Problem | undefined
  const keep = (found: Problem) => {
    if (first === undefined || found.line < first.line) first = found
  }
  for (const { sql, path, reason } of CHECKS) {
    const [found] = (await client.query<Found>(sql)).rows
    if (found) keep({ line: found.line, path: path(found.ord ?? 0), ...reason(found) })
  }
  const line = await lineThatLeadsInACircle(client)
  if (line !== undefined) keep({ line, path: 'mergedInto', says: IMPORT_PROBLEMS.circle })
  return first
}

/**
 * Every record follows mergedInto within the file, twice as far each time, and is taken out when it has left the file's
 * merged records: one that is still there after as many steps as there are records never leaves.
 */
async function lineThatLeadsInACircle(client: PoolClient): Promise<number | undefined> {
  const made = await client.query(
    `create temp table staged_leap on commit drop as
       select s.line, s.id, s.merged_into as target from staged_patron s
       where s.merged_into is not null
         and exists (select from staged_patron f where f.id = s.merged_into and f.merged_into is not null)`,
  )
  const records = made.rowCount ?? 0
  if (records === 0) return undefined
  const takeOut = 'delete from staged_leap l where not exists (select from staged_leap n where n.id = l.target)'
  const leap = 'update staged_leap l set target = n.target from staged_leap n where n.id = l.target'
  for (let reached = 1; reached < 2 * records; reached *= 2) {
    await client.query(takeOut)
    const leapt = await client.query(leap)
    if (leapt.rowCount === 0) return undefined
  }
  await client.query(takeOut)
  const found = await client.query<{ line: number | null }>('select min(line) as line from staged_leap')
  return found.rows[0]?.line ?? undefined
}
