import type { Pool } from 'pg'
import { mergeBatch } from '../src/campaigns/batch'
import { followUps } from '../src/campaigns/followUp'
import { planBatch } from '../src/campaigns/plan'
import { createPool } from '../src/database/pool'
import type { FollowUp } from '../src/domain/campaign'
import { newCampaign, putPatrons } from './support/campaigns'
import { runHere } from './support/cli'
import { freshDatabase, type TestDatabase } from './support/database'

let database: TestDatabase
let pool: Pool
let campaign: number

const merged = async (): Promise<void> => {
  const { batch } = await planBatch(pool, campaign, { make: true, known: [] })
  await mergeBatch(pool, batch ?? 0)
}
const tasks = async (library?: string): Promise<FollowUp[]> => {
  const all: FollowUp[] = []
  for await (const task of followUps(database.pool, campaign, { library })) all.push(task)
  return all
}
const sql = (text: string) => database.pool.query(text)

beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool(database.url, { pipeline: true, applicationName: 'test batches' })
  await putPatrons(database.pool, [1, 2, 3, 4, 5, 6, 7, 8])
  await sql(`insert into library (id, name) values ('GNT', 'Gent')`)
  // 2: a hold on the shelf; and a subscription in Gent that has ended: nobody finds 1 there any more
  await sql(
    `insert into hold (id, patron, library, title, placed_at, status) values (20, 2, 'ZOT', 'T20', now(), 'ready')`,
  )
  await sql(
    `insert into subscription (id, patron, library, product, starts_on, ends_on) values (20, 2, 'GNT', 'adult', '2020-01-01', '2020-12-31')`,
  )
  // 4: blocked by staff, which is not carried over
  await sql(`update patron set internet_block = 'staff' where id = 4`)
  campaign = await newCampaign(database.pool, [
    { keep: 1, remove: 2 },
    { keep: 3, remove: 4 },
    { keep: 5, remove: 6 },
    { keep: 7, remove: 8 },
  ])
  await merged()
  // of 6 the link was given up
  await sql(`update merge set portal = 'skipped' where removed = 6`)
  await sql(`insert into portal_intent (merge, account, library, actor_id, action, target)
    select id, 'an account', 'ZOT', 6, 'change', 5 from merge where removed = 6`)
})
afterAll(async () => {
  await pool.end()
  await database.drop()
})

test('what people have to do is listed: labels, registrations, blocks, links given up', async () => {
  const found = await tasks()
  expect(found.map(({ what, library, patron, removed, hold }) => ({ what, library, patron, removed, hold }))).toEqual([
    { what: 'register', library: 'GNT', patron: 1, removed: 2, hold: null },
    { what: 'relabel-hold', library: 'ZOT', patron: 1, removed: 2, hold: 20 },
    { what: 'look-at-block', library: null, patron: 3, removed: 4, hold: null },
    { what: 'link-given-up', library: 'ZOT', patron: 5, removed: 6, hold: null },
  ])
  expect((await tasks('GNT')).map(({ what }) => what)).toEqual(['register', 'look-at-block'])
})

test('the command prints them in words, as CSV, and as NDJSON', async () => {
  const env = { DATABASE_URL: database.url }
  const words = await runHere(['campaign', 'follow-up', campaign, '--lang', 'nl'], env)
  expect(words).toMatchObject({ code: 0, err: '' })
  expect(words.out).toContain('ZOT: reservering 20 ligt klaar met het etiket van 2: zet er 1 op.')
  const csv = await runHere(['campaign', 'follow-up', campaign, '--csv', '--library', 'GNT'], env)
  expect(csv.out.split('\n').slice(0, 2)).toEqual([
    'what,library,patron,removed,merge,hold',
    expect.stringMatching(/^register,GNT,1,2,\d+,$/),
  ])
  const json = await runHere(['campaign', 'follow-up', campaign, '--json'], env)
  expect(
    json.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as FollowUp),
  ).toEqual(await tasks())
  expect((await runHere(['campaign', 'follow-up', 999], env)).code).toBe(2)
})

test('one command registers all of a library again; what is done is left out from then on', async () => {
  const env = { DATABASE_URL: database.url }
  expect((await runHere(['register', '--library', 'GNT'], env)).code).toBe(2)
  const done = await runHere(['register', '--campaign', campaign, '--library', 'GNT', '--by', 'mia'], env)
  expect(done).toMatchObject({ code: 0, out: '1 patron was registered again at GNT.\n' })
  expect((await runHere(['register', '--campaign', campaign, '--library', 'GNT'], env)).out).toBe(
    '0 patrons were registered again at GNT.\n',
  )
  await sql(`update hold set status = 'cancelled', reason = 'collected' where id = 20`)
  await sql(`update patron set internet_block = 'staff' where id = 3`)
  expect((await tasks()).map(({ what }) => what)).toEqual(['link-given-up'])
})
