import { proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities'
import type { StepName, Told } from '../domain/codes'
import { ON_THE_PATRON_ROW, SIDE_BY_SIDE, type TransferName } from '../domain/plan'
import { stepSentence } from '../domain/sentences'
import { attentionOf, untilDecided, type Shown } from './attention'
import type { Commands } from './commands'
import { DATABASE_STEP, NOTE } from './options'

/** One proxy a step, each with its fixed summary: the Temporal UI then reads like the domain. */
function step<Name extends Exclude<StepName, 'openMerge' | 'syncPortalLinks'>>(name: Name): Activities[Name] {
  const proxies = proxyActivities<Activities>({ ...DATABASE_STEP, summary: stepSentence(name, 'en') })
  return proxies[name] as Activities[Name]
}

const { noteAttention, noteCommand } = proxyActivities<Activities>(NOTE)
const { abandonMerge } = proxyActivities<Activities>({ ...DATABASE_STEP, summary: 'Take the unfinished merge back' })

/**
 * The steps of an open merge in the database, to its retirement. What fails for good waits for a person, who has it tried
 * again or abandons the merge; abandon may come at any moment. False where the merge was abandoned.
 */
export async function databasePart(merge: number, commands: Commands, shown: Shown): Promise<boolean> {
  commands.phase = 'database'
  let failed = false
  for (;;) {
    const abandoned = commands.take(['abandon'])
    if (abandoned) {
      await noteCommand(merge, 'abandon', abandoned.who)
      // false: it was retired before; steps that still run find that it is not open
      if (await abandonMerge(merge)) {
        commands.abandoned = true
        return false
      }
    }
    const resumed = commands.take(['resume'])
    // of a merge taken up, that is what resume asks for
    if (resumed) await noteCommand(merge, 'resume', resumed.who)
    if (resumed && failed) {
      await noteAttention(merge, null)
      shown.status('running')
    }
    const end = await commands.untilAsked(['abandon'], () => databaseSteps(merge))
    if (end === 'left') continue
    if (end.done === null) break
    failed = true
    await untilDecided(merge, end.done, commands, shown)
    commands.phase = 'database'
  }
  commands.take(['resume', 'abandon'])
  return true
}

/** All steps in the database, side by side where the plan allows. Null when the record is retired, else what failed for good. */
async function databaseSteps(merge: number): Promise<Told | null> {
  const chain = async () => {
    for (const name of ON_THE_PATRON_ROW) await named(name, merge)
  }
  // the chain first: the server gives only the first few back to this worker at once, and it is the longest way
  const results = await Promise.allSettled([chain(), ...SIDE_BY_SIDE.map((name) => named(name, merge))])
  const failed = results.find((result) => result.status === 'rejected')
  if (failed) return attentionOf(failed.reason)
  try {
    await step('retireRecord')(merge)
    return null
  } catch (error) {
    return attentionOf(error)
  }
}

async function named(name: TransferName, merge: number): Promise<void> {
  await step(name)(merge)
}
