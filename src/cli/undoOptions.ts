import type { Command } from 'commander'
import { OntdubbelError } from '../domain/errors'
import { isDate } from '../domain/moments'
import { UNDO_MANY_ERRORS } from '../domain/sentences'
import type { UndoManyAsked } from '../domain/undoMany'
import { EXIT } from './exitCodes'

/** Adds what every undo of many takes. */
export function withUndoOptions(command: Command): Command {
  return command
    .option('--preview', 'only show what would go back, and what not and why; changes nothing')
    .option('--no-wait', 'only start')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      `
Many: which merges these are is settled when it is asked for. What may not be undone (a record with a later merge, an undo window that
is over) is reported, and stops no other. Each merge is undone as "ontdubbel undo ID" does it, the latest first. The same command
again, while it runs or when its workflow was terminated, follows it and goes on.

It ends with 0; with 3 where all was refused; with 4 where links at the portal wait or need attention, where merges failed, when
following was stopped (Ctrl-C) and when no worker runs; with 1 where something failed that nobody foresaw.`,
    )
}

/** @throws OntdubbelError `bad-usage` (exit code 2) where it is not said which merges */
export function selectionOf({
  approvedBy,
  from,
  to,
}: {
  approvedBy?: string | undefined
  from?: string | undefined
  to?: string | undefined
}): UndoManyAsked {
  if (approvedBy?.trim() === '' || (approvedBy === undefined && from === undefined)) {
    throw new OntdubbelError('bad-usage', UNDO_MANY_ERRORS.oneOrMany, EXIT.badInput)
  }
  // a date begins in Brussels, a moment says where it is
  if (from !== undefined && to !== undefined && isDate(from) === isDate(to) && Date.parse(to) <= Date.parse(from)) {
    throw new OntdubbelError('bad-usage', UNDO_MANY_ERRORS.endsBefore, EXIT.badInput)
  }
  return { approvedBy, from, to }
}
