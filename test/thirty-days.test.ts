import { retryPortal, type Asking } from '../src/workflows/messages'
import { queueName } from '../src/workflows/names'
import { timeSkipping, type TimeSkipping } from './support/timeSkipping'

/** The portal asks to come again as much later as it may: 720 attempts in 30 days, not one a minute. */
const AN_HOUR_S = 60 * 60
const DAY_MS = 24 * 60 * 60 * 1000

jest.setTimeout(120_000)
let server: TimeSkipping
let patron = 100

beforeAll(async () => {
  server = await timeSkipping(['desk', 'portal'])
  await server.database.pool.query(`insert into library (id, name) values ('ZOT', 'Zottegem')`)
})
afterAll(() => server?.stop())

type Handle = Awaited<ReturnType<typeof waitingMerge>>['handle']

/** The test server forgets an update together with its workflow, which may end at once: what came of it tells the result. */
async function ask(handle: Handle, name: 'skipPortal' | 'retryPortal', asking: Asking): Promise<void> {
  await handle.executeUpdate(name, { args: [asking] }).catch((error: Error) => {
    if (error.name !== 'WorkflowNotFoundError') throw error
  })
}

async function waitingMerge() {
  const [keep, remove] = [++patron, ++patron]
  await server.database.pool.query(`insert into patron (id, last_name) values ($1, 'A'), ($2, 'A')`, [keep, remove])
  await server.portal.put([{ id: `account-${remove}`, links: [{ library: 'ZOT', actorId: remove }] }])
  await server.portal.behave({ mode: 'busy', retryAfterSeconds: AN_HOUR_S })
  const handle = await server.env.client.workflow.start('mergePatrons', {
    workflowId: `merge/${keep}/${remove}`,
    taskQueue: queueName('desk'),
    args: [{ keep, remove, by: 'test' }],
  })
  const row = async () =>
    (
      await server.database.pool.query<{ shown: string; portal: string; ledger: string }>(
        `select merge_status(m.status, m.attention, m.portal) as shown, m.portal,
           (select string_agg(s.step || s.done_at, ' ' order by s.step) from merge_step s where s.merge = m.id and s.step <> 'syncPortalLinks') as ledger
         from merge m where m.removed = $1`,
        [remove],
      )
    ).rows[0]
  return { keep, remove, handle, row }
}

test('a portal that is down is waited for 30 days, with a short history; then a person is asked, and what they do works', async () => {
  const { keep, remove, handle, row } = await waitingMerge()
  await server.env.sleep(29 * DAY_MS)
  expect(await row()).toMatchObject({ shown: 'waiting-for-portal' })
  const ledger = (await row())?.ledger
  await server.env.sleep(2 * DAY_MS)
  expect(await row()).toMatchObject({ shown: 'needs-attention', portal: 'gave-up' })
  const { events } = await handle.fetchHistory()
  expect(events?.length).toBeLessThan(150)
  await server.portal.behave({ mode: 'ok' })
  await ask(handle, 'retryPortal', { by: 'mia' })
  expect(await handle.result()).toMatchObject({ status: 'completed' })
  expect((await row())?.ledger).toBe(ledger)
  expect((await server.portal.dump())[`account-${remove}`]).toEqual([`ZOT:${keep}`])
})

test('after the 30 days, asked to try again, it is waited for anew; then the links may be given up', async () => {
  const { handle, row } = await waitingMerge()
  await server.env.sleep(31 * DAY_MS)
  expect(await row()).toMatchObject({ shown: 'needs-attention', portal: 'gave-up' })
  expect(await handle.executeUpdate(retryPortal, { args: [{ by: 'mia' }] })).toBe('waiting-for-portal')
  await server.env.sleep(31 * DAY_MS)
  expect(await row()).toMatchObject({ shown: 'needs-attention', portal: 'gave-up' })
  await ask(handle, 'skipPortal', { by: 'mia', reason: 'gone' })
  expect(await handle.result()).toMatchObject({ status: 'portal-skipped' })
})
