import { Command } from 'commander'
import {
  MERGE_STATUSES,
  OVERRIDES,
  TAKE_FIELDS,
  WARNINGS,
  type MergeStatus,
  type Override,
  type TakeField,
} from '../domain/codes'
import { OntdubbelError } from '../domain/errors'
import { refusalReport, refusedWithoutRow, startedWithoutRow } from '../domain/reports'
import type { MergeReport, NewMerge } from '../domain/request'
import { ERRORS, OPERATIONS, say } from '../domain/sentences'
import { parseRequest } from '../merges/parseRequest'
import { listMerges, mergeReport } from '../merges/report'
import { mergeById } from '../merges/store'
import { checkReason } from '../database/reason'
import { startMerge, startMergeOnly } from '../temporal/calls'
import type { OpenAnswer } from '../workflows/messages'
import { workflowIdOf } from '../workflows/names'
import type { Client } from '@temporalio/client'
import type { Pool } from 'pg'
import { choice, id, oneOf, withPairOptions } from './arguments'
import { Places, withPlaces, withWho, type SharedOptions } from './context'
import { withDatabase } from './database'
import { EXIT, exitCodeOf } from './exitCodes'
import { followMerge } from './follow'
import { auditOf } from './mergeAudit'
import { operationCommands } from './mergeOperations'
import { mergeLine, printMerge } from './mergeText'
import { print, printJson, tell, tellWaiting } from './output'
import { withTemporal } from './temporal'

interface MergeOptions extends SharedOptions {
  on?: string
  take?: TakeField[]
  accept?: string[]
  override?: Override[]
  if?: string
  wait: boolean
  by: string
  reason?: string
}

/** `ontdubbel merge KEEP REMOVE`, with `merge show` and `merge list`. */
export function mergeCommand(): Command {
  const command = withWho(withPlaces(withPairOptions(new Command('merge'))))
    .description('merge one pair and follow its steps; the same pair again follows, or reports, the same merge')
    .option(
      '--take <field>',
      `take over from the removed record: ${TAKE_FIELDS.join(', ')} (may be repeated)`,
      oneOf(TAKE_FIELDS),
    )
    .option('--accept <code>', 'accept a warning that stops the merge (may be repeated)', oneOf(WARNINGS))
    .option('--override <code>', `go on in spite of: ${OVERRIDES.join(', ')} (may be repeated)`, oneOf(OVERRIDES))
    .option('--if <token>', 'only if nothing has changed since the preview that gave this token')
    .option('--no-wait', 'only start')
    .option('--json', 'one JSON document')
    .action(merge)
  command.addCommand(showCommand())
  command.addCommand(listCommand())
  for (const operation of operationCommands()) command.addCommand(operation)
  return command
}

async function merge(keep: number, remove: number, options: MergeOptions): Promise<void> {
  const places = new Places(options.dataDir)
  const asked: NewMerge = {
    keep,
    remove,
    on: options.on,
    take: options.take,
    accept: options.accept,
    override: options.override,
    ifToken: options.if,
    by: options.by,
    reason: options.reason,
  }
  const parsed = parseRequest(asked)
  if ('refusal' in parsed) throw new OntdubbelError('bad-input', ERRORS.badInput, EXIT.badInput, parsed.refusal.details)
  await withDatabase(places.databaseUrl(), async (pool) => {
    // before it is sent: what stands in a workflow's input stays in its history
    await checkReason(pool, asked.reason)
    const report = options.wait
      ? await mergeAndFollow(pool, places, asked, options)
      : await onlyStart(pool, places, asked, options)
    await show(pool, report, options)
  })
}

async function mergeAndFollow(
  pool: Pool,
  places: Places,
  asked: NewMerge,
  options: MergeOptions,
): Promise<MergeReport> {
  const answer = await withBoth(pool, places, (client) => startMerge(client, asked, () => tellWaiting(options.lang)))
  if (answer === 'no-worker') {
    tell(say(OPERATIONS.noWorker, options.lang))
    return started(places, asked)
  }
  const { merge, refusal } = answer
  if (merge === null) return refusedWithoutRow(refusal ?? { code: 'bad-input', details: {} }, options.lang)
  const shown = { language: options.lang, urlOf: places.urlOf }
  if (refusal === null || (await isSamePair(pool, answer, asked)))
    return followMerge(pool, merge, { ...shown, quiet: options.json ?? false })
  const report = await mergeReport(pool, merge, shown)
  return { ...report, status: 'refused', refusal: refusalReport(refusal, options.lang) }
}

/** Both connections come about at a time, and nothing is started where the database is not there. */
function withBoth<T>(pool: Pool, places: Places, start: (client: Client) => Promise<T>): Promise<T> {
  const database = pool.query('select')
  // told when its turn comes
  database.catch(() => {})
  return withTemporal(places, async (client) => {
    await database
    return start(client)
  })
}

/** The pair's merge runs under another workflow id, and nothing differs: it is followed. */
async function isSamePair(pool: Pool, { merge, refusal }: OpenAnswer, asked: NewMerge): Promise<boolean> {
  if (merge === null || refusal?.code !== 'merge-in-progress' || refusal.details.difference !== undefined) return false
  const row = await mergeById(pool, merge)
  return row?.kept === asked.keep && row.removed === asked.remove && row.status !== 'refused'
}

async function onlyStart(pool: Pool, places: Places, asked: NewMerge, options: MergeOptions): Promise<MergeReport> {
  const outcome = await withBoth(pool, places, (client) => startMergeOnly(client, asked))
  tell(say(outcome === 'started' ? OPERATIONS.started : OPERATIONS.runningAlready, options.lang))
  return started(places, asked)
}

function started(places: Places, asked: NewMerge): MergeReport {
  return startedWithoutRow(asked, places.workflowUrl(workflowIdOf(asked.keep, asked.remove), null))
}

async function show(pool: Pool, report: MergeReport, options: MergeOptions): Promise<void> {
  if (options.json) printJson(report)
  else {
    // since when the portal is waited for; who asked for it has just done so
    const audit = report.id === null ? null : { ...(await auditOf(pool, report.id)), asked: null, commands: [] }
    printMerge(report, options.lang, { steps: false, ...(audit && { audit }) })
  }
  if (options.wait) process.exitCode = exitCodeOf(report)
}

function showCommand(): Command {
  return withPlaces(new Command('show').argument('<merge>', "the merge's id", id))
    .description('one merge: its steps, attempts, counts of what moved, who and why')
    .option('--json', 'one JSON document')
    .action(async (mergeId: number, _own: unknown, command: Command) => {
      const options = command.optsWithGlobals<SharedOptions>()
      const places = new Places(options.dataDir)
      await withDatabase(places.databaseUrl(), async (pool) => {
        const report = await mergeReport(pool, mergeId, { language: options.lang, urlOf: places.urlOf })
        if (options.json) printJson(report)
        else printMerge(report, options.lang, { audit: await auditOf(pool, mergeId) })
      })
    })
}

function listCommand(): Command {
  return withPlaces(new Command('list'))
    .description('merges, latest first')
    .addOption(choice('--status <status>', 'only those with this status', MERGE_STATUSES))
    .option('--patron <id>', 'only those with this record on either side', id)
    .option('--json', 'NDJSON')
    .action(async (_own: unknown, command: Command) => {
      const options = command.optsWithGlobals<SharedOptions & { status?: MergeStatus; patron?: number }>()
      const places = new Places(options.dataDir)
      await withDatabase(places.databaseUrl(), async (pool) => {
        for await (const report of listMerges(
          pool,
          { status: options.status, patron: options.patron },
          { language: options.lang, urlOf: places.urlOf },
        )) {
          if (options.json) printJson(report)
          else print(mergeLine(report, options.lang))
        }
      })
    })
}
