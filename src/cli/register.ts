import { Command } from 'commander'
import { checkReason } from '../database/reason'
import type { Pool } from 'pg'
import { followUps } from '../campaigns/followUp'
import { campaignExists } from '../campaigns/report'
import { isOntdubbelError, OntdubbelError } from '../domain/errors'
import { ERRORS, PATRON_LINES, REGISTERED_MANY, say } from '../domain/sentences'
import { requireLibrary } from '../patrons/library'
import { registerPatron } from '../patrons/register'
import { date, id } from './arguments'
import { unknownCampaign } from './unknownCampaign'
import { Places, withPlaces, withWho, type SharedOptions } from './context'
import { withDatabase } from './database'
import { EXIT } from './exitCodes'
import { print, printJson, tell } from './output'
import { mergedSentence } from './patronText'

interface RegisterOptions extends SharedOptions {
  campaign?: number
  library: string
  product?: string
  until?: string
  by: string
  reason?: string
}

/** `ontdubbel register PATRON --library L`: the remedy for `not-findable`. */
export function registerCommand(): Command {
  return withWho(withPlaces(new Command('register')))
    .argument('[patron]', 'an actor id; a merged one leads to the kept record', id)
    .description('give a patron a new subscription from today, so that the library finds this person again')
    .requiredOption('--library <id>', 'the library')
    .option('--campaign <id>', 'in place of a patron: all that this campaign left unregistered at the library', id)
    .option('--product <name>', "the kind of subscription; default: that of the patron's latest one, else adult")
    .option('--until <date>', 'its last day; default: it has none', date)
    .option('--json', 'one JSON document; with --campaign one a patron')
    .action(register)
}

async function register(patron: number | undefined, options: RegisterOptions): Promise<void> {
  const { campaign } = options
  if ((patron === undefined) === (campaign === undefined)) {
    throw new OntdubbelError('bad-usage', ERRORS.patronOrCampaign, EXIT.badInput)
  }
  await withDatabase(new Places(options.dataDir).databaseUrl(), async (pool) => {
    await checkReason(pool, options.reason)
    if (patron !== undefined) await registerOne(pool, patron, options)
    else if (campaign !== undefined) await registerMany(pool, campaign, options)
  })
}

async function registerOne(pool: Pool, patron: number, options: RegisterOptions): Promise<void> {
  const { library, product, until, by, reason } = options
  const registered = await registerPatron(pool, { patron, library, product, until, by, reason })
  const { id: live, mergedFrom, subscription: made } = registered
  for (const step of mergedFrom) tell(mergedSentence(step, options.lang))
  if (options.json) {
    printJson({ patron: live, asked: patron, mergedFrom, subscription: made })
    return
  }
  const { id: subscription, startsOn: from, endsOn } = made
  const details = { patron: live, library, subscription, product: made.product, from, until: endsOn }
  print(say(endsOn === null ? PATRON_LINES.registeredAt : PATRON_LINES.registeredUntil, options.lang, details))
}

/** Those whom the library does not find any more, each for itself; one that somebody registers meanwhile is no error. */
async function registerMany(pool: Pool, campaign: number, options: RegisterOptions): Promise<void> {
  const { library, product, until, by, reason, lang } = options
  if (!(await campaignExists(pool, campaign))) throw unknownCampaign(campaign)
  await requireLibrary(pool, library)
  let registered = 0
  for await (const { what, patron, library: at } of followUps(pool, campaign, { library })) {
    if (what !== 'register' || at !== library) continue
    try {
      const made = await registerPatron(pool, { patron, library, product, until, by, reason })
      registered += 1
      if (options.json) printJson({ patron: made.id, subscription: made.subscription })
    } catch (error) {
      if (!isOntdubbelError(error) || error.code !== 'registered-already') throw error
    }
  }
  if (!options.json) print(say(REGISTERED_MANY.done, lang, { registered, library }))
}
