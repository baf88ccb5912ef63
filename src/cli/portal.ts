import { Command } from 'commander'
import { OntdubbelError } from '../domain/errors'
import { ERRORS } from '../domain/sentences'
import { BEHAVIOURS, tellBehaviour, type BehaviourMode } from '../portal/control'
import { checkedChoice, id } from './arguments'
import { Places, withPlaces, type SharedOptions } from './context'
import { EXIT } from './exitCodes'
import { print, printJson } from './output'

interface BehaveOptions extends SharedOptions {
  account?: string
  times?: number
}

/** `ontdubbel portal behave`: the embedded reference portal told to misbehave, so that anybody can try what happens then. */
export function portalCommand(): Command {
  const behave = withPlaces(new Command('behave'))
    .argument(
      '<mode>',
      Object.entries(BEHAVIOURS)
        .map(([name, does]) => `${name}: ${does}`)
        .join('; '),
      (text) => checkedChoice(text, Object.keys(BEHAVIOURS)) as BehaviourMode,
    )
    .description('tell the reference portal how to behave, until told otherwise')
    .option('--account <id>', 'only in calls that name this account')
    .option('--times <n>', 'only so many calls', id)
    .option('--json', 'one JSON document')
    .action(async (asked: BehaviourMode, options: BehaveOptions) => {
      const portal = new Places(options.dataDir).portal()
      if (portal === null) {
        throw new OntdubbelError('no-stack', ERRORS.noPortal, EXIT.badInput)
      }
      const rules = await tellBehaviour(portal.url, portal.token, {
        mode: asked,
        ...(options.account !== undefined && { account: options.account }),
        ...(options.times !== undefined && { times: options.times }),
      })
      if (options.json) printJson({ rules })
      else if (rules.length === 0) print('The portal behaves well.')
      else for (const rule of rules) print(inWords(rule))
    })
  return new Command('portal').description('the embedded reference portal').addCommand(behave)
}

function inWords({
  mode: name,
  account,
  times,
}: {
  mode: string
  account?: string | undefined
  times?: number | undefined
}): string {
  const where = account === undefined ? 'all calls' : `calls that name account ${account}`
  return `${name}: ${where}${times === undefined ? ', until told otherwise ("ontdubbel portal behave ok")' : `, ${times} times`}`
}
