import { inBrussels } from '../src/domain/moments'
import { campaignWorkflowIdOf, queueName } from '../src/workflows/names'
import { newCampaign, putPatrons, standOf } from './support/campaigns'
import { until } from './support/desk'
import { timeSkipping, type TimeSkipping } from './support/timeSkipping'

const HOUR_MS = 60 * 60 * 1000

jest.setTimeout(120_000)
let server: TimeSkipping
let patron = 0

beforeAll(async () => {
  server = await timeSkipping(['campaign', 'portal'])
})
afterAll(() => server?.stop())

/** Lets time pass until the clock in Brussels shows noon of a day. */
async function untilNoonOf(day: string): Promise<void> {
  for (;;) {
    const now = new Date(await server.env.currentTimeMs())
    const [today, time] = inBrussels(now).split(' ') as [string, string]
    if (today > day || (today === day && time >= '12:00')) return
    const days = Math.floor((Date.parse(day) - Date.parse(today)) / (24 * HOUR_MS))
    await server.env.sleep(days > 1 ? (days - 1) * 24 * HOUR_MS : HOUR_MS)
  }
}

/** Runs a campaign of these hours from noon to its end; the moments in Brussels at which batches were begun. */
async function begun(hours: string): Promise<string[]> {
  const pool = server.database.pool
  const [keep, remove] = [++patron, ++patron]
  await putPatrons(pool, [keep, remove])
  const campaign = await newCampaign(pool, [{ keep, remove }], { hours })
  const handle = await server.env.client.workflow.start('runCampaign', {
    workflowId: campaignWorkflowIdOf(campaign),
    taskQueue: queueName('campaign'),
    args: [{ campaign }],
  })
  // not by the workflow's result: whoever waits for one has the server skip on to the next thing that is due, years from now
  await server.env.sleep(20 * HOUR_MS)
  await until('it is completed', async () => (await standOf(pool, campaign)).status === 'completed')
  expect(await standOf(pool, campaign)).toMatchObject({ status: 'completed', outcomes: { completed: 1 } })
  const { events = [] } = await handle.fetchHistory()
  return (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: activity, eventTime }) =>
    activity?.activityType?.name === 'mergeBatch' ? [inBrussels(new Date(Number(eventTime?.seconds) * 1000))] : [],
  )
}

const NIGHT = '04:00-04:30'

test('a night campaign begins at its hour by the clock in Brussels: on an ordinary night, and when the clock is put forward and back', async () => {
  await untilNoonOf('2027-02-09')
  expect(await begun(NIGHT)).toEqual(['2027-02-10 04:00'])
  // at 02:00 the clock shows 03:00
  await untilNoonOf('2027-03-27')
  expect(await begun(NIGHT)).toEqual(['2027-03-28 04:00'])
  // at 03:00 the clock shows 02:00
  await untilNoonOf('2027-10-30')
  expect(await begun(NIGHT)).toEqual(['2027-10-31 04:00'])
})
