import { iso, run, statement, type Queryable } from '../database/statement'

/** What people may ask of a merge after it has begun. */
export type MergeCommand = 'retry-portal' | 'skip-portal' | 'resume' | 'abandon' | 'undo'

export interface Who {
  by: string
  reason: string | null
  /** Of which asking it is: recorded once. */
  asked?: string | null
}

/** A command as it was recorded. */
export interface RecordedCommand extends Omit<Who, 'asked'> {
  command: MergeCommand
  /** ISO 8601. */
  at: string
}

const record = statement(
  'command.record',
  `insert into merge_command (merge, command, by, reason, asked) values ($1, $2, $3, $4, $5) on conflict (merge, asked) do nothing`,
)
/** Records what was asked of a merge, by whom and why; the same asking once. */
export async function recordCommand(
  db: Queryable,
  merge: number,
  command: MergeCommand,
  { by, reason, asked }: Who,
): Promise<void> {
  await run(db, record, [merge, command, by, reason, asked ?? null])
}

const ofMerge = statement<RecordedCommand>(
  'command.ofMerge',
  `select command, by, reason, ${iso('at', { ms: true })} as at
   from merge_command where merge = $1 order by id`,
)
/** What was asked of a merge since it began, in order. */
export async function commandsOf(db: Queryable, merge: number): Promise<RecordedCommand[]> {
  return run(db, ofMerge, [merge])
}

/** Who asked last that a merge be undone, and why. Undefined where nobody has. */
export async function undoAsked(db: Queryable, merge: number): Promise<RecordedCommand | undefined> {
  return (await commandsOf(db, merge)).findLast(({ command }) => command === 'undo')
}
