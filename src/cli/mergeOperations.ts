import { Command } from 'commander'
import type { Pool } from 'pg'
import type { Client } from '@temporalio/client'
import { undoManyUnderWay } from '../campaigns/undoReport'
import { checkReason } from '../database/reason'
import { MERGE_STATUSES, type MergeStatus } from '../domain/codes'
import { OntdubbelError } from '../domain/errors'
import type { MergeReport } from '../domain/request'
import { ERRORS, OPERATIONS, say, UPDATE_REFUSALS, type Language, type Sentence } from '../domain/sentences'
import { backlogSize } from '../merges/sweepPortal'
import { mergeReport, unfinishedMerges } from '../merges/report'
import { requireMerge, workflowOf, type MergeRow } from '../merges/store'
import { startBacklog } from '../temporal/campaigns'
import { goOnUndoMany } from '../temporal/undoMany'
import { hasWorkflow, operate, withoutWorkflow, type Operated, type Operation } from '../temporal/operate'
import { choice, id } from './arguments'
import { Places, withPlaces, withWho, type SharedOptions } from './context'
import { withDatabase } from './database'
import { EXIT, exitCodeOf, type ExitCode } from './exitCodes'
import { followMerge } from './follow'
import { auditOf } from './mergeAudit'
import { mergeLine, printMerge } from './mergeText'
import { print, printJson, tell } from './output'
import { withTemporal } from './temporal'

interface OperationOptions extends SharedOptions {
  by: string
  reason?: string
  status?: MergeStatus
  campaign?: number
  orphaned?: boolean
}

interface Spoken {
  description: string
  /** The statuses in which it does something. */
  when: readonly MergeStatus[]
  /** Which part must not be done: that in the database, or that at the portal; null: either. */
  part: 'database' | 'portal' | null
  /** What is said where there is nothing to do, and the exit code of that. */
  otherwise: { says: Sentence; exit: ExitCode }
  many: boolean
}

const SPOKEN: Record<Operation, Spoken> = {
  'retry-portal': {
    description: 'try the portal now, for a merge that waits for it or that it refused',
    when: ['waiting-for-portal', 'needs-attention', 'undo-waiting-for-portal'],
    part: 'portal',
    otherwise: { says: OPERATIONS.doesNotWait, exit: EXIT.done },
    many: true,
  },
  'skip-portal': {
    description: 'give the links at the portal up; the kept record gets a notice for the desk',
    when: ['waiting-for-portal', 'needs-attention', 'undo-waiting-for-portal'],
    part: 'portal',
    otherwise: { says: OPERATIONS.doesNotWait, exit: EXIT.refused },
    many: true,
  },
  resume: {
    description: 'go on with a merge that needs attention, or whose workflow was terminated',
    when: ['needs-attention', 'running', 'waiting-for-portal', 'undoing', 'undo-waiting-for-portal'],
    part: null,
    otherwise: { says: OPERATIONS.nothingToResume, exit: EXIT.done },
    many: true,
  },
  abandon: {
    description: 'take an unfinished merge back, before its record is retired; later use undo',
    when: ['running', 'needs-attention'],
    part: 'database',
    otherwise: { says: OPERATIONS.notAbandoned, exit: EXIT.refused },
    many: false,
  },
}

/** `merge retry-portal|skip-portal|resume|abandon`: what ops can do for a merge that does not end by itself. */
export function operationCommands(): Command[] {
  return (Object.keys(SPOKEN) as Operation[]).map((operation) => {
    const { description, many } = SPOKEN[operation]
    const command = withWho(withPlaces(new Command(operation)))
      .argument(many ? '[merge]' : '<merge>', "the merge's id", id)
      .description(description)
      .option('--json', many ? 'one JSON document a merge' : 'one JSON document')
    if (many) {
      command
        .addOption(choice('--status <status>', 'all merges with this status', MERGE_STATUSES))
        .option('--campaign <id>', 'with --status: only those of this campaign', id)
    }
    if (operation === 'resume') command.option('--orphaned', 'all merges, and undos of many, whose workflow is gone')
    return command.action(async (mergeId: number | undefined, _own: unknown, made: Command) => {
      const options = made.optsWithGlobals<OperationOptions>()
      const ways = [mergeId, options.status, options.orphaned].filter((way) => way !== undefined && way !== false)
      const ofNothing = options.campaign !== undefined && options.status === undefined
      if (ways.length !== 1 || ofNothing) {
        const others = ['--status', ...(operation === 'resume' ? ['--orphaned'] : [])]
        const says = many ? ERRORS.oneMergeOrMany : ERRORS.oneMerge
        throw new OntdubbelError('bad-usage', says, EXIT.badInput, { options: others })
      }
      if (operation === 'skip-portal' && !options.reason) {
        throw new OntdubbelError('bad-usage', ERRORS.sayWhy, EXIT.badInput)
      }
      await run(operation, mergeId, options)
    })
  })
}

async function run(operation: Operation, mergeId: number | undefined, options: OperationOptions): Promise<void> {
  const places = new Places(options.dataDir)
  await withDatabase(places.databaseUrl(), async (pool) => {
    await checkReason(pool, options.reason)
    if (mergeId !== undefined) await requireMerge(pool, mergeId)
    await withTemporal(places, async (client) => {
      let exitCode: ExitCode = EXIT.done
      const { status, campaign, orphaned } = options
      // what merges of campaigns, and undos of many, wait for at the portal is the sweeper's, for all of them
      if (orphaned && (await backlogSize(pool)) > 0) await startBacklog(client)
      if (orphaned)
        for (const undo of await withoutWorkflow(client, await undoManyUnderWay(pool))) await goOnUndoMany(client, undo)
      const merges =
        mergeId === undefined ? unfinishedMerges(pool, { status, campaign, withWorkflow: orphaned }) : [mergeId]
      for await (const one of merges) {
        const merge = await requireMerge(pool, one)
        const alive = await hasWorkflow(client, workflowOf(merge))
        if (options.orphaned && alive) continue
        const shown = { pool, places, options, many: mergeId === undefined }
        const exit = await operateOne(client, operation, merge, alive, shown)
        if (exit !== EXIT.done) exitCode = exit
      }
      process.exitCode = exitCode
    })
  })
}

interface Shown {
  pool: Pool
  places: Places
  options: OperationOptions
  many: boolean
}

async function operateOne(
  client: Client,
  operation: Operation,
  merge: MergeRow,
  alive: boolean,
  shown: Shown,
): Promise<ExitCode> {
  const { pool, options } = shown
  const { when, part, otherwise } = SPOKEN[operation]
  const status = merge.shown
  const unfinished = isInDatabase(merge) ? 'database' : 'portal'
  if (!when.includes(status) || (part !== null && part !== unfinished)) {
    tell(say(otherwise.says, options.lang, { merge: merge.id, status }))
    await show(merge.id, shown)
    return otherwise.exit
  }
  if (operation === 'resume' && status !== 'needs-attention' && alive) {
    tell(say(OPERATIONS.atIt, options.lang, { merge: merge.id, status }))
    await show(merge.id, shown)
    return EXIT.done
  }
  const asked = operation === 'resume' ? toGoOn(merge) : operation
  const operated = await operate(
    client,
    { id: merge.id, kept: merge.kept, removed: merge.removed, ...workflowOf(merge) },
    asked,
    options,
    alive,
  )
  const exit = tellOutcome(merge.id, operated, options.lang)
  if (exit === EXIT.waits) {
    await show(merge.id, shown)
    return exit
  }
  if (exit === EXIT.done) await followMerge(pool, merge.id, { language: options.lang, quiet: options.json ?? false })
  const report = await show(merge.id, shown)
  return exit === EXIT.done ? exitCodeOf(report) : exit
}

/** Its database part, or that of its undo, is not done. */
function isInDatabase({ status }: MergeRow): boolean {
  return status === 'open' || status === 'undoing'
}

/** What has a merge, or its undo, go on: what waits at the portal, or needs attention there, is tried again there. */
export function toGoOn(merge: MergeRow): 'resume' | 'retry-portal' {
  return isInDatabase(merge) ? 'resume' : 'retry-portal'
}

function tellOutcome(merge: number, operated: Operated, language: Language): ExitCode {
  switch (operated.is) {
    case 'done':
      return EXIT.done
    case 'refused':
      tell(say(OPERATIONS.refused, language, { merge, why: whyRefused(operated, language) }))
      return EXIT.refused
    case 'no-worker':
      tell(say(operated.takenUp ? OPERATIONS.noWorkerTakenUp : OPERATIONS.noWorkerNotAsked, language, { merge }))
      return EXIT.waits
  }
}

/** The workflow's own sentence is English, and says more. */
function whyRefused({ code, message }: Extract<Operated, { is: 'refused' }>, language: Language): string {
  const sentence = language === 'en' ? undefined : UPDATE_REFUSALS[code]
  return sentence ? say(sentence, language) : message
}

async function show(merge: number, { pool, places, options, many }: Shown): Promise<MergeReport> {
  const report = await mergeReport(pool, merge, { language: options.lang, urlOf: places.urlOf })
  if (options.json) printJson(report)
  else if (many) print(mergeLine(report, options.lang))
  else printMerge(report, options.lang, { steps: false, audit: await auditOf(pool, merge) })
  return report
}
