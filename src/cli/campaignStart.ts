import { Command } from 'commander'
import type { Pool } from 'pg'
import { loadCampaign, type LoadProgress } from '../campaigns/load'
import { readPairs } from '../campaigns/pairList'
import { campaignReport } from '../campaigns/report'
import { checkReason } from '../database/reason'
import { MOST_LANES, PACES, type CampaignOptions, type Pace } from '../domain/campaign'
import { todayInBrussels } from '../domain/moments'
import { CAMPAIGN_OPERATIONS, say, type Language } from '../domain/sentences'
import { startCampaign } from '../temporal/campaigns'
import { choice, hours, upTo } from './arguments'
import { progressBar } from './bar'
import { followToItsEnd, showCampaign } from './campaignFollow'
import { unknownCampaign } from './unknownCampaign'
import { onStop, refuseForMany, withList, type ListOptions } from './campaignList'
import { Places, withPlaces, withWho, type SharedOptions } from './context'
import { withDatabase } from './database'
import { openInput } from './inputFile'
import { tell } from './output'
import { withTemporal } from './temporal'

interface StartOptions extends SharedOptions, ListOptions {
  name?: string
  lanes: number
  pace: Pace
  hours?: string
  first?: number
  wait?: boolean
  by: string
  reason?: string
}

/** On two cores three gained nothing (design §4). */
const USUAL_LANES = 2
/** What the database's column holds. */
const MOST_FIRST = 2_147_483_647

/** `campaign start`: stores the list, all or nothing, and starts its workflow. */
export function startCommand(): Command {
  return withWho(withPlaces(withList(new Command('start'))))
    .description('merge the pairs of a list, as if one after the other; only starts, unless --wait is given')
    .option('--name <name>', 'what people call it')
    .option('--lanes <n>', 'batches at work at once', upTo(MOST_LANES), USUAL_LANES)
    .addOption(choice('--pace <pace>', 'desk: desks do not notice it; full: as fast as it goes', PACES).default('desk'))
    .option('--hours <hours>', 'only between HH:MM-HH:MM in Europe/Brussels; default: at any hour', hours)
    .option('--first <n>', 'pause after the first so many pairs, for a look', upTo(MOST_FIRST))
    .option('--wait', 'follow it to its end; Ctrl-C stops following, not the campaign')
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      `With --wait it ends with 0 when it is completed or cancelled, with 4 when it pauses, when following was stopped, when no worker
runs, and when pairs wait for the portal or need attention, with 1 when something failed that nobody foresaw.`,
    )
    .action(start)
}

async function start(options: StartOptions): Promise<void> {
  refuseForMany(options)
  const places = new Places(options.dataDir)
  await withDatabase(places.databaseUrl(), async (pool) => {
    await checkReason(pool, options.reason)
    await checkReason(pool, options.name, 'name')
    await withTemporal(places, async (client) => {
      const campaign = await load(pool, options)
      const workflowId = await startCampaign(client, campaign)
      if (options.wait) return followToItsEnd({ pool, places, client, campaign, workflowId }, options)
      tell(say(CAMPAIGN_OPERATIONS.started, options.lang, { campaign }))
      const report = await campaignReport(pool, campaign, { language: options.lang })
      if (!report) throw unknownCampaign(campaign)
      // the workflow has its id before it has written it down
      showCampaign({ ...report, temporalUrl: places.workflowUrl(workflowId, null) }, options)
    })
  })
}

/** Reads the list into the database. Ctrl-C stops it, with nothing stored. */
async function load(pool: Pool, options: StartOptions): Promise<number> {
  const { input } = await openInput(options.pairs)
  const stopped = new AbortController()
  const forget = onStop(() => stopped.abort())
  const progress = showReading(options.lang)
  try {
    return await loadCampaign(pool, readPairs(input), asked(options), {
      onProgress: progress.show,
      signal: stopped.signal,
    })
  } finally {
    progress.end()
    forget()
    input.destroy()
  }
}

/** On standard error, on a terminal only: how long a list is shows at its end. */
function showReading(language: Language): { show: (progress: LoadProgress) => void; end: () => void } {
  const bar = progressBar('{said}')
  const show = ({ stage, pairs }: LoadProgress) =>
    bar.show({ done: 0, of: 1, beside: { said: say(CAMPAIGN_OPERATIONS[stage], language, { pairs }) } })
  show({ stage: 'reading', pairs: 0 })
  return { show, end: bar.end }
}

function asked({ name, on, accept, override, lanes, pace, hours, first, by, reason }: StartOptions): CampaignOptions {
  return {
    name: name ?? null,
    on: on ?? todayInBrussels(),
    accept: accept ?? [],
    override: override ?? [],
    lanes,
    pace,
    hours: hours ?? null,
    first: first ?? null,
    by,
    reason: reason ?? null,
  }
}
