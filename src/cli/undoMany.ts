import { Command } from 'commander'
import type { Pool } from 'pg'
import { campaignCommands, campaignReport } from '../campaigns/report'
import { openUndoMany, previewUndoMany } from '../campaigns/undoOpen'
import { undoManyUnderWay, undoOfCampaign } from '../campaigns/undoReport'
import { checkReason } from '../database/reason'
import { CAMPAIGN_OPERATIONS, say, UNDO_MANY_OPERATIONS, type Language } from '../domain/sentences'
import type { UndoManyAsked, UndoManyReport } from '../domain/undoMany'
import { goOnUndoMany, startUndoMany, type StoredUndoMany } from '../temporal/undoMany'
import { id } from './arguments'
import { printCampaign } from './campaignText'
import { Places, withPlaces, withWho, type SharedOptions } from './context'
import { withDatabase } from './database'
import { EXIT, exitCodeOfUndoMany } from './exitCodes'
import { print, printJson, tell } from './output'
import { withTemporal } from './temporal'
import { unknownCampaign } from './unknownCampaign'
import { followUndoMany, requireUndoMany } from './undoManyFollow'
import { printUndoMany, printUndoManyPreview } from './undoManyText'
import { withUndoOptions } from './undoOptions'

interface UndoManyOptions extends SharedOptions {
  preview?: boolean
  wait: boolean
  by: string
  reason?: string
}

/** `campaign undo ID`: takes back all that a campaign has merged. */
export function campaignUndoCommand(): Command {
  return withUndoOptions(withWho(withPlaces(new Command('undo'))))
    .argument('<campaign>', "the campaign's id", id)
    .description(
      'take back all that a campaign has merged, latest first; one that pauses is cancelled with that, one that runs is paused or cancelled first',
    )
    .action((campaign: number, options: UndoManyOptions) => undoMany({ campaign }, options))
}

/** Undoes many merges: says how many, and follows to the end. */
export async function undoMany(asked: UndoManyAsked, options: UndoManyOptions): Promise<void> {
  const { lang } = options
  const places = new Places(options.dataDir)
  await withDatabase(places.databaseUrl(), async (pool) => {
    await checkReason(pool, options.reason)
    if (options.preview) {
      const preview = await previewUndoMany(pool, asked, lang)
      if (options.json) printJson(preview)
      else printUndoManyPreview(preview, lang)
      process.exitCode = preview.merges > 0 && preview.undone === 0 ? EXIT.refused : EXIT.done
      return
    }
    await withTemporal(places, async (client) => {
      const opened = await openUndoMany(pool, asked, { by: options.by, reason: options.reason ?? null })
      if (opened.is === 'nothing') return tellNothing(pool, places, asked, options)
      const stored = await storedOf(pool, opened.undo)
      // it may have ended between the two questions
      if (stored === undefined) return showEnd(pool, places, opened.undo, options)
      const workflowId =
        opened.is === 'opened' ? await startUndoMany(client, stored) : await goOnUndoMany(client, stored)
      tell(
        opened.is === 'opened'
          ? say(UNDO_MANY_OPERATIONS.begins, lang, { merges: opened.merges })
          : say(UNDO_MANY_OPERATIONS.joined, lang),
      )
      if (!options.wait) return void (await show(pool, places, opened.undo, options, workflowId))
      const { how } = await followUndoMany(opened.undo, { pool, places, client, workflowId, language: lang })
      const said = { stopped: 'notFollowed', 'no-worker': 'noWorker', gone: 'gone', ended: null } as const
      const line = said[how]
      if (line !== null) tell(say(UNDO_MANY_OPERATIONS[line], lang))
      await showEnd(pool, places, opened.undo, options, workflowId)
      if (how === 'gone') process.exitCode = EXIT.failed
    })
  })
}

async function storedOf(pool: Pool, undo: number): Promise<StoredUndoMany | undefined> {
  return (await undoManyUnderWay(pool, { id: undo }))[0]
}

/** Nothing that could be undone is left: a campaign that was undone says so. */
async function tellNothing(pool: Pool, places: Places, asked: UndoManyAsked, options: UndoManyOptions): Promise<void> {
  const { lang } = options
  const { campaign } = asked
  const before = campaign === undefined ? undefined : await undoOfCampaign(pool, campaign)
  if (campaign !== undefined && before !== undefined) {
    tell(say(CAMPAIGN_OPERATIONS.isSo, lang, { campaign, stands: 'undone' }))
    await show(pool, places, before, options)
    return
  }
  if (campaign !== undefined) {
    tell(say(UNDO_MANY_OPERATIONS.nothing, lang))
    return showCampaignAlone(pool, places, campaign, options)
  }
  const preview = { merges: 0, undone: 0, refused: {}, notUndone: [], campaigns: [] }
  if (options.json) printJson(preview)
  else print(say(UNDO_MANY_OPERATIONS.nothing, lang))
}

async function showEnd(
  pool: Pool,
  places: Places,
  undo: number,
  options: UndoManyOptions,
  workflowId: string | null = null,
): Promise<void> {
  process.exitCode = exitCodeOfUndoMany(await show(pool, places, undo, options, workflowId))
}

/** The undo; of a campaign its object, with the undo in it. */
async function show(
  pool: Pool,
  places: Places,
  undo: number,
  { json, lang }: UndoManyOptions,
  workflowId: string | null = null,
): Promise<UndoManyReport> {
  const found = await requireUndoMany(pool, undo, { language: lang, urlOf: places.urlOf })
  // the workflow has its id before it has written it down
  const report = { ...found, temporalUrl: found.temporalUrl ?? places.workflowUrl(workflowId, null) }
  if (!json) printUndoMany(report, lang)
  else if (report.campaign === null) printJson(report)
  else printJson({ ...(await campaignAlone(pool, places, report.campaign, lang)), undo: report })
  return report
}

async function showCampaignAlone(
  pool: Pool,
  places: Places,
  campaign: number,
  { json, lang }: UndoManyOptions,
): Promise<void> {
  const report = await campaignAlone(pool, places, campaign, lang)
  if (json) printJson(report)
  else printCampaign(report, lang, await campaignCommands(pool, campaign))
}

async function campaignAlone(pool: Pool, places: Places, campaign: number, language: Language) {
  const report = await campaignReport(pool, campaign, { language, urlOf: places.urlOf })
  if (!report) throw unknownCampaign(campaign)
  return report
}
