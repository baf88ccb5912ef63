import type { Client, Pool } from 'pg'
import { sqlState } from '../src/database/failures'
import { connect, createPool } from '../src/database/pool'
import { findPatron } from '../src/patrons/find'
import { loadAccounts } from '../src/portal/control'
import { exported, failure, fullPatron, load, OOS, ZOT, type Json } from './import-helpers'
import { freshDatabase, type TestDatabase } from './support/database'
import { rowsOn } from './support/desk'
import { mergeSingly, openIt } from './support/mergeOnDatabase'
import { portalOfProcess, type TestPortal } from './support/portal'

const OPTIONS = {
  on: '2026-11-24',
  take: [],
  accept: ['history-erased', 'unverified-login-gains-access'],
  override: [],
}

let database: TestDatabase
let portal: TestPortal
/** Pipelined. */
let pool: Pool
/** As the library system and the portal's messages come in: with the rights of the worker's role. */
let desk: Client
let last = 0

beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool(database.url, { pipeline: true })
  desk = await connect(database.url)
  portal = await portalOfProcess()
  await load(database.pool, [ZOT, OOS])
})
afterAll(async () => {
  await desk?.end()
  await pool?.end()
  await database?.drop()
})

/** How a record came to be merged away; gives its id and that of the record at the end of its chain. */
const MERGED: [string, (ids: [number, number, number]) => Promise<{ removed: number; live: number }>][] = [
  [
    'whose merge is under way',
    async ([keep, remove]) => {
      await openIt(pool, { keep, remove, ...OPTIONS })
      return { removed: remove, live: keep }
    },
  ],
  [
    'that was merged',
    async ([keep, remove]) => {
      await mergeSingly(pool, { keep, remove, ...OPTIONS })
      return { removed: remove, live: keep }
    },
  ],
  [
    'at the beginning of a chain',
    async ([keep, remove, third]) => {
      await mergeSingly(pool, { keep, remove, ...OPTIONS })
      await mergeSingly(pool, { keep: third, remove: keep, ...OPTIONS })
      return { removed: remove, live: third }
    },
  ],
]

/** A person with three records as a file has them, without what two patrons cannot both have. */
function three(): Json[] {
  const ids = [++last, ++last, ++last]
  return ids.map((id) => ({ ...fullPatron(id), nationalNumber: id % 3 === 1 ? '84031202245' : null }))
}

async function given(how: (ids: [number, number, number]) => Promise<{ removed: number; live: number }>) {
  const records = three()
  await load(database.pool, records)
  const { removed, live } = await how(records.map(({ id }) => id as number) as [number, number, number])
  return { records, removed, live }
}

const rowOf = async (id: number) =>
  (await database.pool.query('select to_jsonb(p) as row from patron p where id = $1', [id])).rows

describe.each(MERGED)('a record %s', (_, how) => {
  test('an import of a file from before the merge is refused, naming where it went, and changes nothing', async () => {
    const { records, removed, live } = await given(how)
    const before = [await exported(database.pool), await rowOf(removed)]
    // another file than the first one: with one more line, in another order, with the record alone
    const files = [[...records, { type: 'library', id: 'GNT', name: 'Gent' }], [...records].reverse(), [records[1]]]
    for (const file of files) {
      const refused = await failure(load(database.pool, file))
      expect(refused).toMatchObject({ code: 'bad-input', exitCode: 2 })
    }
    const refused = await failure(load(database.pool, [records[1]]))
    expect(refused.message).toContain(`patron ${removed} was merged into ${live}`)
    expect([await exported(database.pool), await rowOf(removed)]).toEqual(before)
  })

  test('an import of accounts that name it links them to the record at the end of the chain', async () => {
    const { removed, live } = await given(how)
    const account = (id: string, ids: number[]) => ({
      type: 'portalAccount',
      id: `${id} of ${removed}`,
      links: ids.map((actorId) => ({ library: 'ZOT', actorId })),
    })
    await load(database.pool, [account('one', [removed]), account('both', [removed, live])], {
      sendAccounts: (lines) => loadAccounts(portal.url, portal.token, lines),
    })
    const links = await portal.dump()
    expect(links[`one of ${removed}`]).toEqual([`ZOT:${live}`])
    expect(links[`both of ${removed}`]).toEqual([`ZOT:${live}`])
  })

  test('a late message that names it, whatever it says, reaches the record at the end, or is refused with its id', async () => {
    const { removed, live } = await given(how)
    const [before] = await rowOf(removed)
    const hanging = await rowsOn(database.pool, live)
    const say = (sql: string, ...values: unknown[]) =>
      desk.query(sql, [removed, ...values]).then(
        () => 'done',
        (error: Error) => [sqlState(error), error.message],
      )
    const instead = ['OD004', `patron ${removed} was merged into ${live}: change patron ${live} instead`]
    // the details that a person sends from the portal, as an update and as an upsert; a registration under the old id
    expect(await say(`update patron set first_name = 'Late', city = 'Gent' where id = $1`)).toEqual(instead)
    expect(
      await say(
        `insert into patron (id, last_name) values ($1, 'Late') on conflict (id) do update set last_name = excluded.last_name`,
      ),
    ).toEqual(instead)
    expect(await say(`insert into patron (id, last_name) values ($1, 'Late')`)).toMatchObject([
      '23505',
      expect.anything(),
    ])
    // nobody makes it a patron again by hand
    expect(await say(`update patron set merged_into = null, retired_at = null, merging = null where id = $1`)).toEqual(
      instead,
    )
    expect(await say(`update patron set merged_into = id + 1000 where id = $1`)).toEqual(instead)
    expect(await say(`delete from patron where id = $1`)).toMatchObject(['42501', expect.anything()])
    // what is asked for in its name
    const key = removed * 1_000
    expect(
      await say(
        `insert into hold (id, patron, library, title, placed_at, status) values ($2, $1, 'OOS', 'late', now(), 'waiting')`,
        key,
      ),
    ).toBe('done')
    expect(
      await say(`insert into contact (patron, kind, value) values ($1, 'email', $2)`, `late${removed}@example.org`),
    ).toBe('done')
    expect(
      await say(
        `insert into message (id, patron, library, kind, text, created_at) values ($2, $1, 'ZOT', 'remark', 'late', now())`,
        key,
      ),
    ).toBe('done')
    expect(await say(`update patron set last_activity_on = '2027-01-01' where id = $1`)).toBe('done')
    expect(await rowsOn(database.pool, live)).toMatchObject({
      hold: (hanging.hold ?? 0) + 1,
      contact: (hanging.contact ?? 0) + 1,
      message: (hanging.message ?? 0) + 1,
    })
    expect((await rowOf(live))[0]).toMatchObject({ row: { last_activity_on: '2027-01-01', merged_into: null } })
    expect(await rowOf(removed)).toEqual([before])
  })

  test('its id and its card lead to the record at the end, also when the portal links it late', async () => {
    const { removed, live } = await given(how)
    // the patron, or an answer that comes days later: nobody here is asked
    await portal.put([{ id: `late of ${removed}`, links: [{ library: 'ZOT', actorId: removed }] }])
    for (const asked of [String(removed), `20000000${removed}`]) {
      expect((await findPatron(database.pool, asked))?.id).toBe(live)
    }
    const lines = (await exported(database.pool)).map((line) => JSON.parse(line) as Json)
    const own = lines.filter(({ type, id }) => type === 'patron' && id === removed)
    expect(own).toEqual([{ type: 'patron', id: removed, mergedInto: expect.anything() }])
  })
})
