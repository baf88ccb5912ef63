import { condition, setHandler } from '@temporalio/workflow'
import type { Activities } from '../activities'
import type { CampaignCommand } from '../campaigns/steer'
import { MOST_LANES, PACES, type CampaignSettings, type CampaignStatus } from '../domain/campaign'
import { parseHours } from '../domain/hours'
import { askedBy, checkAsking, refused } from './asking'
import {
  cancelCampaign,
  lookAgain,
  pauseCampaign,
  resumeCampaign,
  retryCampaign,
  setCampaign,
  type Asking,
} from './messages'

/** Groups end in some tenths of a second: who pauses is told that it is paused. */
const PATIENCE_MS = 5_000

const SIMPLE = {
  pause: { update: pauseCampaign, description: 'The groups under way finish, then it stands still.' },
  resume: { update: resumeCampaign, description: 'Goes on after a pause.' },
  cancel: { update: cancelCampaign, description: 'Ends it: what has not begun is not run.' },
  retry: { update: retryCampaign, description: 'Takes up again what was set aside.' },
} as const

/** What people ask of a campaign: done in the database, and told to the workflow, which goes by that. */
export class CampaignCommands {
  /** Counts what the workflow has to look at. */
  changes = 0
  /** As the workflow last saw it. */
  status: CampaignStatus = 'running'

  /** Sets the handlers; call it before anything is awaited. `local` are the workflow's own, one at a time. */
  constructor(
    private readonly campaign: number,
    private readonly local: Pick<Activities, 'steerCampaign'>,
  ) {
    for (const [name, { update, description }] of Object.entries(SIMPLE)) {
      const command = { name: name as keyof typeof SIMPLE }
      setHandler(update, (asking) => this.steer(command, asking), {
        validator: (asking) => checkAsking(asking),
        description: `${description} {"by": "your name"}`,
      })
    }
    setHandler(lookAgain, () => void (this.changes += 1), { description: 'The campaign is undone. Sent by undoMany.' })
    setHandler(
      setCampaign,
      ({ by, reason, ...settings }) => this.steer({ name: 'set', settings }, asking(by, reason)),
      {
        validator: checkSettings,
        description:
          'Changes what is given. {"by": "your name", "lanes": 2, "pace": "desk" or "full", "hours": "20:00-06:00" or null}',
      },
    )
  }

  private async steer(command: CampaignCommand, who: Asking | undefined): Promise<CampaignStatus> {
    const steered = await this.local.steerCampaign(this.campaign, command, askedBy(who))
    if (!steered.done) throw refused('not-now', `The campaign is ${steered.status}: this cannot be asked now.`)
    this.status = steered.status
    this.changes += 1
    if (steered.status === 'pausing') await condition(() => this.status !== 'pausing', PATIENCE_MS)
    return this.status
  }
}

function checkSettings(given: CampaignSettings & Asking): void {
  if (typeof given !== 'object' || given === null)
    throw refused('bad-input', 'Expected {"by", "lanes", "pace", "hours"}.')
  const { by, reason, lanes, pace, hours, ...other } = given
  checkAsking(asking(by, reason))
  if (Object.keys(other).length > 0) throw refused('bad-input', 'Only lanes, pace and hours can be set.')
  if (lanes !== undefined && !(Number.isInteger(lanes) && lanes >= 1 && lanes <= MOST_LANES)) {
    throw refused('bad-input', `lanes: a whole number from 1 to ${MOST_LANES}.`)
  }
  if (pace !== undefined && !PACES.includes(pace)) throw refused('bad-input', `pace: ${PACES.join(' or ')}.`)
  try {
    parseHours(hours)
  } catch {
    throw refused('bad-input', 'hours: HH:MM-HH:MM, or null for any hour.')
  }
}

function asking(by: string | undefined, reason: string | undefined): Asking {
  return { ...(by !== undefined && { by }), ...(reason !== undefined && { reason }) }
}
