import { Command } from 'commander'
import { pipeline } from 'node:stream/promises'
import { stringify } from 'csv-stringify'
import { followUps } from '../campaigns/followUp'
import { campaignExists } from '../campaigns/report'
import type { FollowUp } from '../domain/campaign'
import { OntdubbelError } from '../domain/errors'
import { CAMPAIGN_ERRORS, FOLLOW_UP_SENTENCES, say } from '../domain/sentences'
import { requireLibrary } from '../patrons/library'
import { id } from './arguments'
import { unknownCampaign } from './unknownCampaign'
import { Places, withPlaces, type SharedOptions } from './context'
import { withDatabase } from './database'
import { EXIT } from './exitCodes'
import { print, printAll, printJson } from './output'

const COLUMNS = ['what', 'library', 'patron', 'removed', 'merge', 'hold'] as const satisfies (keyof FollowUp)[]

interface FollowUpOptions extends SharedOptions {
  library?: string
  csv?: boolean
}

/** `campaign follow-up`: what people have to do afterwards. */
export function followUpCommand(): Command {
  return withPlaces(new Command('follow-up'))
    .argument('<campaign>', "the campaign's id", id)
    .description(
      'what people have to do afterwards: labels on the hold shelf, registrations to renew, blocks to look at, portal links given up; what is done by now is left out',
    )
    .option('--library <id>', 'only what concerns this library, and what concerns none by name')
    .option('--csv', 'CSV with a heading')
    .option('--json', 'NDJSON')
    .addHelpText(
      'after',
      `
All registrations of one library at once: ontdubbel register --campaign ID --library L`,
    )
    .action(followUp)
}

async function followUp(campaign: number, { library, csv, json, lang, dataDir }: FollowUpOptions): Promise<void> {
  if (csv && json) throw new OntdubbelError('bad-usage', CAMPAIGN_ERRORS.csvOrJson, EXIT.badInput)
  await withDatabase(new Places(dataDir).databaseUrl(), async (pool) => {
    if (!(await campaignExists(pool, campaign))) throw unknownCampaign(campaign)
    if (library !== undefined) await requireLibrary(pool, library)
    const tasks = followUps(pool, campaign, { library })
    if (csv) return pipeline(tasks, stringify({ header: true, columns: [...COLUMNS] }), printAll)
    for await (const task of tasks) {
      if (json) printJson(task)
      else print(say(FOLLOW_UP_SENTENCES[task.what], lang, { ...task }))
    }
  })
}
