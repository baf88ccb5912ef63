import { iso, run, runOne, statement, type Queryable } from '../database/statement'

/** One line of the feed (design §8). */
export interface Change {
  cursor: number
  /** ISO 8601. */
  at: string
  merge: number
  event: 'merged' | 'undone'
  kept: number
  removed: number
}

const PAGE = 1_000

const after = statement<Change>(
  'feed.after',
  `select cursor, ${iso('at', { ms: true })} as at, merge, event, kept, removed
   from change where cursor > $1 order by cursor limit $2`,
)

/** What has been told after a cursor, in order; in pages. Numbers are in the order of commits: none is missed. */
export async function* changesSince(db: Queryable, cursor: number): AsyncGenerator<Change> {
  for (;;) {
    const page: Change[] = await run(db, after, [cursor, PAGE])
    yield* page
    const end = page.at(-1)
    if (end === undefined || page.length < PAGE) return
    cursor = end.cursor
  }
}

const last = statement<{ last: number }>('feed.last', `select last from feed_counter`)

/** The number of what was told last; 0 where nothing was. */
export async function lastCursor(db: Queryable): Promise<number> {
  return (await runOne(db, last, []))?.last ?? 0
}
