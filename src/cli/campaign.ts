import { Command } from 'commander'
import { pipeline } from 'node:stream/promises'
import { stringify } from 'csv-stringify'
import { pairReports, toldPairs } from '../campaigns/pairReport'
import { campaignCommands, campaignExists, campaignReport, campaignWorkflow, listCampaigns } from '../campaigns/report'
import { OUTCOMES, type CampaignReport, type Outcome } from '../domain/campaign'
import { OntdubbelError } from '../domain/errors'
import { CAMPAIGN_ERRORS, CAMPAIGN_LINES, say, type Language } from '../domain/sentences'
import type { Pool } from 'pg'
import { campaignWorkflowIdOf } from '../workflows/names'
import { choice, id } from './arguments'
import { followToItsEnd } from './campaignFollow'
import { unknownCampaign } from './unknownCampaign'
import { followUpCommand } from './campaignFollowUp'
import { previewCommand } from './campaignPreview'
import { startCommand } from './campaignStart'
import { steerCommands } from './campaignSteer'
import { campaignLine, CSV_COLUMNS, csvRow, pairLine, printCampaign } from './campaignText'
import { Places, withPlaces, type SharedOptions } from './context'
import { withDatabase } from './database'
import { EXIT } from './exitCodes'
import { print, printAll, printJson, tell } from './output'
import { withTemporal } from './temporal'
import { campaignUndoCommand } from './undoMany'

/** `ontdubbel campaign …`: many merges, for hours or days. */
export function campaignCommand(): Command {
  const command = new Command('campaign').description('many merges, from a list of pairs: start, watch, steer, report')
  for (const one of [
    previewCommand(),
    startCommand(),
    statusCommand(),
    listCommand(),
    ...steerCommands(),
    campaignUndoCommand(),
    reportCommand(),
    followUpCommand(),
  ]) {
    command.addCommand(one)
  }
  return command
}

function statusCommand(): Command {
  return withPlaces(new Command('status'))
    .argument('[campaign]', "the campaign's id; default: those that have not ended, else the latest", id)
    .description('how far a campaign is: counts by outcome, pairs a second, time left, what waits and why')
    .option('--wait', 'follow it to its end; Ctrl-C stops following, not the campaign')
    .option('--json', 'one JSON document a campaign')
    .action(async (asked: number | undefined, options: SharedOptions & { wait?: boolean }) => {
      const places = new Places(options.dataDir)
      await withDatabase(places.databaseUrl(), async (pool) => {
        const reports = await campaignsAsked(pool, places, asked, options.lang)
        if (reports.length === 0) tell(say(CAMPAIGN_LINES.none, options.lang))
        const [one] = reports
        if (options.wait && one) {
          if (reports.length > 1) throw new OntdubbelError('bad-usage', CAMPAIGN_ERRORS.whichOne, EXIT.badInput)
          const workflowId = (await campaignWorkflow(pool, one.id)) ?? campaignWorkflowIdOf(one.id)
          return withTemporal(places, (client) =>
            followToItsEnd({ pool, places, client, campaign: one.id, workflowId }, options),
          )
        }
        for (const report of reports) {
          if (options.json) printJson(report)
          else printCampaign(report, options.lang, await campaignCommands(pool, report.id))
        }
      })
    })
}

async function campaignsAsked(
  pool: Pool,
  places: Places,
  asked: number | undefined,
  language: Language,
): Promise<CampaignReport[]> {
  const shown = { language, urlOf: places.urlOf }
  if (asked !== undefined) {
    const report = await campaignReport(pool, asked, shown)
    if (!report) throw unknownCampaign(asked)
    return [report]
  }
  const unfinished: CampaignReport[] = []
  for await (const report of listCampaigns(pool, { unfinished: true }, shown)) unfinished.push(report)
  if (unfinished.length > 0) return unfinished
  for await (const report of listCampaigns(pool, {}, shown)) return [report]
  return []
}

function listCommand(): Command {
  return withPlaces(new Command('list'))
    .description('campaigns, latest first')
    .option('--json', 'NDJSON')
    .action(async (options: SharedOptions) => {
      const places = new Places(options.dataDir)
      await withDatabase(places.databaseUrl(), async (pool) => {
        for await (const report of listCampaigns(pool, {}, { language: options.lang, urlOf: places.urlOf })) {
          if (options.json) printJson(report)
          else print(campaignLine(report, options.lang))
        }
      })
    })
}

function reportCommand(): Command {
  return withPlaces(new Command('report'))
    .argument('<campaign>', "the campaign's id", id)
    .description("a line a pair, in the list's order: what became of it and why, warnings, merge, rows that moved")
    .addOption(choice('--outcome <outcome>', 'only the pairs with this outcome', OUTCOMES))
    .option('--csv', 'CSV with a heading, lists separated by spaces, a column for each kind of row that moved')
    .option('--json', 'NDJSON')
    .action(reportPairs)
}

async function reportPairs(
  campaign: number,
  options: SharedOptions & { outcome?: Outcome; csv?: boolean },
): Promise<void> {
  const { csv, json, outcome, lang } = options
  if (csv && json) throw new OntdubbelError('bad-usage', CAMPAIGN_ERRORS.csvOrJson, EXIT.badInput)
  await withDatabase(new Places(options.dataDir).databaseUrl(), async (pool) => {
    if (!(await campaignExists(pool, campaign))) throw unknownCampaign(campaign)
    if (csv) {
      const rows = mapped(pairReports(pool, campaign, { outcome }), csvRow)
      await pipeline(rows, stringify({ header: true, columns: CSV_COLUMNS }), printAll)
    } else if (json) {
      await printAll(mapped(pairReports(pool, campaign, { outcome }), (pair) => `${JSON.stringify(pair)}\n`))
    } else {
      await printAll(mapped(toldPairs(pool, campaign, { outcome }), (pair) => `${pairLine(pair, lang)}\n`))
    }
  })
}

async function* mapped<A, B>(values: AsyncIterable<A>, change: (value: A) => B): AsyncGenerator<B> {
  for await (const value of values) yield change(value)
}
