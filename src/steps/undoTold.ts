import type { Told, UndoCode } from '../domain/codes'
import { DETAIL_COLUMNS } from './detailColumns'
import type { Difference } from './differences'
import type { NotedRow } from './setApart'

/** What the database says of a merge that was taken back. */
export interface UndoFacts {
  merge: number
  kept: number
  removed: number
  /** The day on which the merge began, YYYY-MM-DD in Brussels. */
  since: string
  erased: number | null
  erasedAt: string[]
  editedContacts: number[]
  /** What desks did with rows that had moved. A hold that is gone: its copy was collected. */
  changedRows: { tbl: Exclude<Difference['tbl'], 'patron'>; id: string; gone: boolean }[]
  /** The block that the kept record had is gone, and staff may have lifted it for what the merge brought. */
  blockLifted: boolean
  sinceOnKept: Record<string, number>
  sinceOnRemoved: Record<string, number>
}

/** The columns of the patron row by the words of domain.md; the last activity changes with every visit and is no correction. */
const FIELDS = new Map<string, string>([
  ...DETAIL_COLUMNS.filter(({ column }) => column !== 'last_activity_on').map(
    ({ column, value }) => [column, value] as const,
  ),
  ['internet_block', 'internet-block'],
])
/** What may be missing afterwards, by table: the code that says so, and what its list is called. */
const NOT_RESTORED = {
  hold: ['hold-not-restored', 'holds'],
  contact: ['contact-not-restored', 'contacts'],
  subscription: ['subscription-not-restored', 'subscriptions'],
  history_preference: ['preference-not-restored', 'libraries'],
} as const satisfies Record<Exclude<Difference['tbl'], 'patron'>, readonly [UndoCode, string]>

/** One who reads this must be able to act on it: what was not put back, what changed since, what came since and where it is. */
export function whatUndoTells(
  facts: readonly UndoFacts[],
  seen: { changed: readonly Difference[]; left: readonly Difference[]; noted: readonly NotedRow[] },
): { merge: number; told: Told<UndoCode>[] }[] {
  return facts.map((one) => {
    const ours = <T extends { merge: number }>(rows: readonly T[]) => rows.filter(({ merge }) => merge === one.merge)
    return { merge: one.merge, told: ofOne(one, ours(seen.changed), ours(seen.left), ours(seen.noted)) }
  })
}

function ofOne(
  facts: UndoFacts,
  changed: readonly Difference[],
  left: readonly Difference[],
  noted: readonly NotedRow[],
): Told<UndoCode>[] {
  const told: Told<UndoCode>[] = []
  if (facts.erased) {
    told.push({ code: 'history-not-restored', details: { loans: facts.erased, libraries: facts.erasedAt } })
  }
  const before = new Set(changed.map(keyOf))
  // a contact that a desk deleted was changed by it; of the others people ask where they are
  const gone = [...changed, ...facts.changedRows].filter((row) => row.gone && row.tbl !== 'contact')
  for (const table of Object.keys(NOT_RESTORED) as (keyof typeof NOT_RESTORED)[]) {
    const [code, list] = NOT_RESTORED[table]
    const missing = [
      // a row that is there and differs was changed since, unless it is the hold that stays cancelled
      ...left
        .filter((row) => row.tbl === table && !before.has(keyOf(row)) && (row.gone || table === 'hold'))
        .map(({ id }) => id),
      ...noted.filter((row) => row.tbl === table && row.became === 'out').map(keyOfNoted),
      ...gone.filter(({ tbl }) => tbl === table).map(({ id }) => id),
    ]
    if (missing.length > 0) told.push({ code, details: { [list]: inOrder(missing) } })
  }
  const since = changedSince(facts, { changed, left, noted, gone })
  if (Object.keys(since).length > 0) told.push({ code: 'changed-since', details: since })
  const { since: day, kept, removed, sinceOnKept, sinceOnRemoved } = facts
  if (Object.keys(sinceOnRemoved).length > 0) {
    told.push({ code: 'went-with-removed', details: { patron: removed, since: day, rows: sinceOnRemoved } })
  }
  if (Object.keys(sinceOnKept).length > 0) {
    told.push({ code: 'stays-with-kept', details: { patron: kept, since: day, rows: sinceOnKept } })
  }
  return told
}

function changedSince(
  facts: UndoFacts,
  {
    changed,
    left,
    noted,
    gone,
  }: {
    changed: readonly Difference[]
    left: readonly Difference[]
    noted: readonly NotedRow[]
    gone: readonly { tbl: string; id: string }[]
  },
): Record<string, unknown> {
  // a value whose other half was changed is left too
  const columns = [...changed, ...left].filter(({ tbl }) => tbl === 'patron').flatMap((row) => row.fields)
  const fields = new Set(columns.flatMap((column) => FIELDS.get(column) ?? []))
  if (facts.blockLifted) fields.add('internet-block')
  const rows = [
    ...changed,
    // a hold that is only not reopened is told as that
    ...left.filter((row) => !row.gone && row.tbl !== 'hold'),
    ...facts.changedRows,
    ...noted.filter(({ became }) => became === 'changed').map((row) => ({ tbl: row.tbl, id: keyOfNoted(row) })),
    ...facts.editedContacts.map((id) => ({ tbl: 'contact', id: String(id) })),
  ]
  const isGone = new Set(gone.map(({ tbl, id }) => `${tbl} ${id}`))
  const of = (table: Difference['tbl']) =>
    inOrder(rows.filter(({ tbl, id }) => tbl === table && !isGone.has(`${tbl} ${id}`)).map(({ id }) => id))
  const lists = {
    fields: [...fields].sort(),
    holds: of('hold'),
    contacts: of('contact'),
    subscriptions: of('subscription'),
    preferences: of('history_preference'),
  }
  return Object.fromEntries(Object.entries(lists).filter(([, list]) => list.length > 0))
}

function keyOf({ merge, tbl, id }: Difference): string {
  return `${merge} ${tbl} ${id}`
}

function keyOfNoted({ id, library }: NotedRow): string {
  return id ?? library ?? '?'
}

/** Each once, by value; ids as the numbers that they are, libraries as text. */
function inOrder(keys: readonly string[]): (number | string)[] {
  const each = [...new Set(keys)]
  return each.every((key) => /^\d+$/.test(key)) ? each.map(Number).sort((a, b) => a - b) : each.sort()
}
