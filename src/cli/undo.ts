import { Command } from 'commander'
import type { Pool } from 'pg'
import { checkReason } from '../database/reason'
import { OntdubbelError } from '../domain/errors'
import { refusedUndo } from '../domain/reports'
import type { UndoReport } from '../domain/request'
import { say, UNDO_LINES, UNDO_MANY_ERRORS } from '../domain/sentences'
import { requireMerge, unknownMerge, workflowOf, type MergeRow } from '../merges/store'
import { undoReport } from '../merges/undoReport'
import { previewUndo } from '../merges/undoSingle'
import { startUndo, startUndoOnly } from '../temporal/calls'
import { hasWorkflow, operate } from '../temporal/operate'
import { undoWorkflowIdOf } from '../workflows/names'
import { id, moment } from './arguments'
import { Places, withPlaces, withWho, type SharedOptions } from './context'
import { withDatabase } from './database'
import { EXIT, exitCodeOf } from './exitCodes'
import { followMerge } from './follow'
import { toGoOn } from './mergeOperations'
import { printJson, tell, tellWaiting } from './output'
import { withTemporal } from './temporal'
import { selectionOf, withUndoOptions } from './undoOptions'
import { printUndo } from './undoText'

interface UndoOptions extends SharedOptions {
  preview?: boolean
  wait: boolean
  by: string
  reason?: string
  approvedBy?: string
  from?: string
  to?: string
}

/** `ontdubbel undo ID`: takes a merge back; `undo --approved-by NAME`, `--from TIME --to TIME`: many. */
export function undoCommand(): Command {
  return withUndoOptions(withWho(withPlaces(new Command('undo').argument('[merge]', "the merge's id", id))))
    .description(
      'take a merge back: two records as they were, what has happened since on the right one of the two; an undo that was begun is followed, one that is done is reported',
    )
    .option('--approved-by <name>', 'in place of a merge: all that this person asked for, alone or in campaigns')
    .option(
      '--from <time>',
      'all made from here on: a date (its beginning in Europe/Brussels), or a moment with its zone',
      moment,
    )
    .option('--to <time>', 'with one of these: and before this; default: now', moment)
    .action(async (merge: number | undefined, options: UndoOptions) => {
      const { approvedBy, from, to } = options
      const selects = [approvedBy, from, to].some((given) => given !== undefined)
      if ((merge === undefined) !== selects) {
        throw new OntdubbelError('bad-usage', UNDO_MANY_ERRORS.oneOrMany, EXIT.badInput)
      }
      if (merge !== undefined) return undo(merge, options)
      // who undoes one merge does not wait for what many need
      const { undoMany } = require('./undoMany') as typeof import('./undoMany')
      return undoMany(selectionOf(options), options)
    })
}

async function undo(merge: number, options: UndoOptions): Promise<void> {
  const places = new Places(options.dataDir)
  await withDatabase(
    places.databaseUrl(),
    async (pool) => {
      await checkReason(pool, options.reason)
      const row = await requireMerge(pool, merge)
      if (row.status === 'new') throw unknownMerge(merge)
      const report = await reportFor(pool, places, row, options)
      if (!report) return
      if (options.json) printJson(report)
      else printUndo(report, options.lang)
      process.exitCode = report.status === 'preview' ? EXIT.done : exitCodeOf(report)
    },
    { pipeline: options.preview === true },
  )
}

async function reportFor(
  pool: Pool,
  places: Places,
  row: MergeRow,
  options: UndoOptions,
): Promise<UndoReport | undefined> {
  const onWait = () => tellWaiting(options.lang)
  const shown = { language: options.lang, urlOf: places.urlOf }
  if (options.preview) return previewUndo(pool, row.id, { ...shown, onWait })
  const asked = { merge: row.id, by: options.by, ...(options.reason !== undefined && { reason: options.reason }) }
  if (!options.wait) {
    const outcome = await withTemporal(places, (client) => startUndoOnly(client, asked))
    tell(say(outcome === 'started' ? UNDO_LINES.started : UNDO_LINES.runningAlready, options.lang))
    const report = await undoReport(pool, row.id, shown)
    if (options.json) printJson({ ...report, temporalUrl: places.workflowUrl(undoWorkflowIdOf(row.id), null) })
    return undefined
  }
  const answer = await withTemporal(places, async (client) => {
    const begun = row.status === 'undoing' || row.status === 'undone'
    const unfinished = begun && row.shown !== 'undone'
    // begun, and its workflow is gone: taken up where it was
    if (unfinished && !(await hasWorkflow(client, workflowOf(row)))) {
      const operated = await operate(client, { ...row, ...workflowOf(row) }, toGoOn(row), options, false)
      return operated.is === 'no-worker' ? ('no-worker' as const) : null
    }
    return startUndo(client, asked, onWait)
  })
  if (answer === 'no-worker') {
    tell(say(UNDO_LINES.noWorker, options.lang))
    process.exitCode = EXIT.waits
    if (options.json) printJson(await undoReport(pool, row.id, shown))
    return undefined
  }
  if (answer?.refusal) {
    const refused = refusedUndo(answer.refusal, { id: row.id, keep: row.kept, remove: row.removed }, options.lang)
    return { ...refused, temporalUrl: places.urlOf(workflowOf(row)) }
  }
  await followMerge(pool, row.id, { language: options.lang, quiet: true })
  return undoReport(pool, row.id, shown)
}
