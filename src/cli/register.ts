import { Command } from 'commander'
import { checkReason } from '../database/reason'
import { PATRON_LINES, say } from '../domain/sentences'
import { registerPatron } from '../patrons/register'
import { date, id } from './arguments'
import { Places, withPlaces, withWho, type SharedOptions } from './context'
import { withDatabase } from './database'
import { print, printJson, tell } from './output'
import { mergedSentence } from './patronText'

interface RegisterOptions extends SharedOptions {
  library: string
  product?: string
  until?: string
  by: string
  reason?: string
}

/** `ontdubbel register PATRON --library L`: the remedy for `not-findable`. */
export function registerCommand(): Command {
  return withWho(withPlaces(new Command('register')))
    .argument('<patron>', 'an actor id; a merged one leads to the kept record', id)
    .description('give a patron a new subscription from today, so that the library finds this person again')
    .requiredOption('--library <id>', 'the library')
    .option('--product <name>', "the kind of subscription; default: that of the patron's latest one, else adult")
    .option('--until <date>', 'its last day; default: it has none', date)
    .option('--json', 'one JSON document')
    .action(register)
}

async function register(patron: number, options: RegisterOptions): Promise<void> {
  const { library, product, until, by, reason } = options
  await withDatabase(new Places(options.dataDir).databaseUrl(), async (pool) => {
    await checkReason(pool, reason)
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
  })
}
