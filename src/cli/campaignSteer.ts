import { Command } from 'commander'
import type { Pool } from 'pg'
import { campaignCommands, campaignReport, campaignWorkflow } from '../campaigns/report'
import { checkReason } from '../database/reason'
import {
  MOST_LANES,
  PACES,
  type CampaignReport,
  type CampaignSettings,
  type CampaignStatus,
  type Pace,
} from '../domain/campaign'
import { OntdubbelError } from '../domain/errors'
import { CAMPAIGN_ERRORS, CAMPAIGN_OPERATIONS, say, UPDATE_REFUSALS, type Language } from '../domain/sentences'
import { steerCampaign } from '../temporal/campaigns'
import { ANY_HOUR, choice, hoursOrAny, id, upTo } from './arguments'
import { unknownCampaign } from './unknownCampaign'
import { printCampaign } from './campaignText'
import { Places, withPlaces, withWho, type SharedOptions } from './context'
import { withDatabase } from './database'
import { EXIT, type ExitCode } from './exitCodes'
import { printJson, tell } from './output'
import { withTemporal } from './temporal'

interface SteerOptions extends SharedOptions {
  by: string
  reason?: string
}

type SimpleName = 'pause' | 'resume' | 'cancel' | 'retry'
type Steering = { name: SimpleName } | { name: 'set'; settings: CampaignSettings }

const SIMPLE: Record<SimpleName, { description: string }> = {
  pause: { description: 'pause a campaign: the groups under way finish' },
  resume: { description: 'go on with a campaign that pauses, or whose workflow was terminated' },
  cancel: { description: 'end a campaign: what has not begun is not run, what was merged stays merged' },
  retry: { description: 'try again the pairs that were set aside, of a completed campaign too' },
}

/** What these statuses still take. */
const OVER: Partial<Record<CampaignStatus, readonly Steering['name'][]>> = {
  completed: ['retry'],
  cancelled: [],
  undoing: [],
  undone: [],
}

/** `campaign pause|resume|cancel|retry|set`: what people ask of a campaign that was started. */
export function steerCommands(): Command[] {
  const simple = (Object.keys(SIMPLE) as SimpleName[]).map((name) =>
    commandOf(name, SIMPLE[name].description).action((campaign: number, options: SteerOptions) =>
      steer(campaign, { name }, options),
    ),
  )
  return [...simple, setCommand()]
}

function commandOf(name: string, description: string): Command {
  return withWho(withPlaces(new Command(name)))
    .argument('<campaign>', "the campaign's id", id)
    .description(description)
    .option('--json', 'one JSON document')
}

function setCommand(): Command {
  return commandOf('set', 'change how a campaign goes on; what is left out stays')
    .option('--lanes <n>', 'batches at work at once', upTo(MOST_LANES))
    .addOption(choice('--pace <pace>', 'desk: desks do not notice it; full: as fast as it goes', PACES))
    .option('--hours <hours>', 'only between HH:MM-HH:MM in Europe/Brussels; any: at any hour', hoursOrAny)
    .action(async (campaign: number, options: SteerOptions & { lanes?: number; pace?: Pace; hours?: string }) => {
      const { lanes, pace, hours } = options
      const settings = {
        ...(lanes !== undefined && { lanes }),
        ...(pace !== undefined && { pace }),
        ...(hours !== undefined && { hours: hours === ANY_HOUR ? null : hours }),
      }
      if (Object.keys(settings).length === 0) {
        const details = { options: ['--lanes', '--pace', '--hours'] }
        throw new OntdubbelError('bad-usage', CAMPAIGN_ERRORS.setWhat, EXIT.badInput, details)
      }
      await steer(campaign, { name: 'set', settings }, options)
    })
}

async function steer(campaign: number, steering: Steering, options: SteerOptions): Promise<void> {
  const { by, reason, lang: language, json } = options
  const places = new Places(options.dataDir)
  await withDatabase(places.databaseUrl(), async (pool) => {
    await checkReason(pool, reason)
    const shown = { language, urlOf: places.urlOf }
    const before = await reportOf(pool, campaign, shown)
    const idle = whyIdle(before, steering.name)
    if (idle) {
      tell(say(CAMPAIGN_OPERATIONS[idle.says], language, { campaign, stands: before.status }))
      process.exitCode = idle.exit
    } else {
      const command = { ...steering, by, ...(reason !== undefined && { reason }) }
      process.exitCode = await withTemporal(places, async (client) => {
        const workflowId = await campaignWorkflow(pool, campaign)
        const steered = await steerCampaign(client, { id: campaign, workflowId }, command)
        switch (steered.is) {
          case 'done':
            return EXIT.done
          case 'refused': {
            const { status } = await reportOf(pool, campaign, shown)
            tell(whyRefused(campaign, status, steered, language))
            return EXIT.refused
          }
          case 'no-worker':
            tell(say(CAMPAIGN_OPERATIONS.noWorkerNotAsked, language, { campaign }))
            return EXIT.waits
        }
      })
    }
    const report = await reportOf(pool, campaign, shown)
    if (json) printJson(report)
    else printCampaign(report, language, await campaignCommands(pool, campaign))
  })
}

async function reportOf(
  pool: Pool,
  campaign: number,
  shown: Parameters<typeof campaignReport>[2],
): Promise<CampaignReport> {
  const report = await campaignReport(pool, campaign, shown)
  if (!report) throw unknownCampaign(campaign)
  return report
}

interface Idle {
  says: keyof typeof CAMPAIGN_OPERATIONS
  exit: ExitCode
}

/** Where there is nothing to ask of its workflow, what is said, and the exit code of that; else null. */
function whyIdle({ status, outcomes }: CampaignReport, name: Steering['name']): Idle | null {
  const takes = OVER[status]
  if (takes && !takes.includes(name)) {
    const isSo = name === 'cancel' && status === 'cancelled'
    return isSo ? { says: 'isSo', exit: EXIT.done } : { says: 'notNow', exit: EXIT.refused }
  }
  return name === 'retry' && outcomes['set-aside'] === 0 ? { says: 'nothingSetAside', exit: EXIT.done } : null
}

/** The workflow's own sentence is English. */
function whyRefused(
  campaign: number,
  status: CampaignStatus,
  { code, message }: { code: string; message: string },
  language: Language,
): string {
  if (code === 'not-now') return say(CAMPAIGN_OPERATIONS.notNow, language, { campaign, stands: status })
  const sentence = language === 'en' ? undefined : UPDATE_REFUSALS[code]
  return say(CAMPAIGN_OPERATIONS.refused, language, { campaign, why: sentence ?? message })
}
