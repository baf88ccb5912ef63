import type { Command } from 'commander'
import { connect } from '../src/database/pool'
import { knownMigrations, readSchemaState, refuseNewerMajor } from '../src/database/schemaVersion'
import { isOntdubbelError } from '../src/domain/errors'
import { Places } from '../src/cli/context'
import { migrateCommand, whyNotMigrated, type MigrationFacts } from '../src/cli/migrate'
import { patronCommand } from '../src/cli/patron'
import type { ShownPatron } from '../src/cli/patronText'
import { registerCommand } from '../src/cli/register'
import { workerEnvironment } from '../src/cli/worker'
import { findPatron } from '../src/patrons/find'
import { registerPatron } from '../src/patrons/register'
import { MOST_LISTED, searchPatrons } from '../src/patrons/search'
import { freshDatabase, type TestDatabase } from './support/database'

const TODAY = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Brussels' }).format()

let database: TestDatabase
beforeAll(async () => {
  database = await freshDatabase()
  await database.pool.query(PEOPLE)
})
afterAll(() => database.drop())

/**
 * 11 was merged into 12 and 12 into 13 (12's links were given up); 21 is being merged into 22; 31 was imported as merged
 * into 32; the rest is alone.
 */
const PEOPLE = `
  insert into library (id, name) values ('ZOT', 'Zottegem'), ('OOS', 'Oosterzele'), ('LED', 'Lede'), ('BIG', 'Big');
  insert into patron (id, last_name, first_name, birth_date, city) values
    (13, 'Van den Broeck', 'Zoë', '1984-03-12', 'Zottegem'), (22, 'D''Hondt', 'Anne-Marie', '1990-01-02', null),
    (32, 'Imported', null, null, null), (40, 'Çelik', 'José', '1970-12-01', null), (41, '%', '_', null, null),
    (2000000000011, 'Longnumber', null, null, null);
  insert into patron (id, last_name, merged_into, retired_at)
    values (12, 'Broeck', 13, now()), (11, 'Vandenbroeck', 12, now()), (31, '', 32, now());
  insert into patron (id, last_name) values (21, 'Dhondt');
  insert into card (number, patron, library, status, written_for) values
    ('C13', 13, 'ZOT', 'active', null), ('C11', 13, 'ZOT', 'active', 11), ('C21', 21, 'OOS', 'active', null),
    ('2000000000011', 40, 'ZOT', 'lost', null), ('40', 22, 'ZOT', 'lost', null), ('777', 40, 'LED', 'active', null);
  insert into card (number, patron, status) values ('C31', 32, 'active');
  insert into subscription (id, patron, library, product, starts_on, ends_on) values
    (1, 13, 'ZOT', 'adult', '2020-01-01', null), (2, 13, 'OOS', 'youth', '2010-01-01', '2011-01-01'),
    (4, 40, 'ZOT', 'adult', '2020-01-01', '2020-12-31'), (5, 41, 'ZOT', 'adult', '2020-01-01', null),
    (8, 21, 'LED', 'family', '2021-01-01', null), (9, 22, 'OOS', 'adult', '2020-01-01', null);
  update patron set merged_into = 22 where id = 21;
  insert into merge (kept, removed, on_date, status, portal, by) values
    (12, 11, '2026-01-01', 'retired', 'done', 'an'), (13, 12, '2026-02-01', 'retired', 'skipped', 'an'),
    (22, 21, '2026-03-01', 'open', null, 'bo'), (13, 40, '2026-01-02', 'undone', 'done', 'an'), (13, 40, '2026-01-02', 'new', null, 'an');
  insert into portal_intent (merge, account, library, actor_id, action, target, outcome)
    select id, 'acc', library, 12, 'change', 13, outcome from merge, (values ('ZOT', 'changed'), ('OOS', null)) v (library, outcome)
    where kept = 13 and removed = 12;
  insert into charge (id, patron, library, kind, amount, charged_on) values
    (1, 13, 'ZOT', 'membership', 500, '2026-01-01'), (2, 13, 'ZOT', 'overdue', 120, '2026-01-01'),
    (3, 13, 'OOS', 'lost', 1000, '2026-01-01'), (4, 13, 'LED', 'lost', 1000, '2026-01-01');
  insert into payment (id, charge, amount, paid_on) values (1, 1, 200, '2026-01-02'), (2, 4, 1000, '2026-01-02');
`
interface Ended {
  out: string
  err: string
  exitCode: number
}

/** Runs a command in this process, on the test's database. */
async function ontdubbel(
  command: Command,
  args: (string | number)[],
  env: Record<string, string> = {},
): Promise<Ended> {
  let out = ''
  let err = ''
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true)),
    jest.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true)),
  ]
  const before = { ...process.env }
  Object.assign(process.env, { DATABASE_URL: database.url, ...env })
  const quiet = (made: Command): Command => {
    for (const inner of made.commands) quiet(inner)
    return made.exitOverride()
  }
  try {
    await quiet(command).parseAsync(args.map(String), { from: 'user' })
    return { out, err, exitCode: 0 }
  } catch (error) {
    return { out, err: err + (error as Error).message, exitCode: isOntdubbelError(error) ? error.exitCode : 2 }
  } finally {
    process.env = before
    for (const spy of spies) spy.mockRestore()
  }
}

const show = async (asked: string | number): Promise<ShownPatron> => {
  const { out } = await ontdubbel(patronCommand(), ['show', asked, '--json'])
  return JSON.parse(out) as ShownPatron
}

describe('patron show', () => {
  test('a merged id leads to the record at the end of the chain and says through which merges', async () => {
    const { out } = await ontdubbel(patronCommand(), ['show', 11])
    expect(out).toContain('11 was merged into 12 (merge 1).')
    expect(out).toContain('12 was merged into 13 (merge 2).')
    expect(out).toContain('13  Van den Broeck, Zoë')
    expect(await show(11)).toMatchObject({
      id: 13,
      asked: '11',
      mergedFrom: [
        { patron: 11, into: 12 },
        { patron: 12, into: 13 },
      ],
    })
  })

  test('where the portal part was given up, the remedy is said, with the libraries', async () => {
    const [first, second] = (await show(11)).mergedFrom
    expect(first?.remedy).toBeNull()
    expect(second?.remedy).toBe(
      'The portal links of 12 (OOS) were given up: ask the patron to unlink in Mijn Bibliotheek and link again.',
    )
    expect((await ontdubbel(patronCommand(), ['show', 12])).out).toContain('unlink in Mijn Bibliotheek')
  })

  test('a card that came with a removed record leads to the kept record and says so', async () => {
    expect(await show('C11')).toMatchObject({ id: 13, mergedFrom: [{ patron: 11 }, { patron: 12 }] })
    expect(await show('C13')).toMatchObject({ id: 13, mergedFrom: [] })
  })

  test('a record that was imported as merged leads on without a merge', async () => {
    expect(await show(31)).toMatchObject({ id: 32, mergedFrom: [{ patron: 31, into: 32, merge: null, remedy: null }] })
  })

  test('digits are an actor id where a record has it, else a card number', async () => {
    expect(await findPatron(database.pool, '40')).toEqual({ id: 40, mergedFrom: [] })
    expect(await findPatron(database.pool, '2000000000011')).toEqual({ id: 2000000000011, mergedFrom: [] })
    expect(await findPatron(database.pool, '777')).toEqual({ id: 40, mergedFrom: [] })
    expect(await findPatron(database.pool, '040')).toBeUndefined()
    expect(await findPatron(database.pool, '99999999999999999999')).toBeUndefined()
  })

  test('while a merge is under way, what the removed record still has is shown with the kept record', async () => {
    const { id, patron, mergedFrom } = await show('C21')
    expect({ id, mergedFrom }).toMatchObject({ id: 22, mergedFrom: [{ patron: 21, into: 22, merge: 3, portal: null }] })
    expect(patron.subscriptions.map((one) => one.id)).toEqual([8, 9])
    expect(patron.cards.map((one) => one.number)).toEqual(['40', 'C21'])
  })

  test('balances are what is open at each library', async () => {
    const { balances, patron } = await show(13)
    expect(balances).toEqual([
      { library: 'OOS', open: 1000, charges: 1 },
      { library: 'ZOT', open: 420, charges: 2 },
    ])
    expect(patron.charges).toHaveLength(4)
    const { out } = await ontdubbel(patronCommand(), ['show', 13])
    expect(out).toContain('€ 3.00 of € 5.00')
    expect(out).toContain('ZOT  € 4.20 to pay')
  })

  test('merges are found from either side, undone ones too, also those of records that were merged into it', async () => {
    expect((await show(13)).merges.map(({ id, kept, removed, status }) => [id, kept, removed, status])).toEqual([
      [1, 12, 11, 'completed'],
      [2, 13, 12, 'portal-skipped'],
      [4, 13, 40, 'undone'],
    ])
    expect((await show(40)).merges.map(({ id }) => id)).toEqual([4])
  })

  test('what is not known ends with 2 and a sentence', async () => {
    const ended = await ontdubbel(patronCommand(), ['show', 'nothing'])
    expect(ended).toEqual({ out: '', err: 'There is no patron and no card nothing.', exitCode: 2 })
  })
})

describe('patron search', () => {
  const found = async (text: string, library = 'ZOT') => {
    const { patrons } = await searchPatrons(database.pool, library, text)
    return patrons.map(({ id }) => id)
  }

  test.each([
    ['a part of the name', 'broeck', [13]],
    ['all words, in any order', 'zoe van', [13]],
    ['case, accents, blanks and apostrophes aside', 'VANDENBROECK zoe', [13]],
    ['a hyphen aside', 'van den bröeck', [13]],
    ['one word that does not fit', 'broeck mia', []],
    ['the letters under the accents', 'celik jose', [40]],
    ['the actor id', '13', [13]],
    ['a card number', '2000000000011', [40]],
    ['the card of a removed record', 'C11', [13]],
    ['a birth date', '1984-03-12', [13]],
    ['a birth date as people write it', '12/3/1984 zoë', [13]],
    ['a date that does not exist', '31/2/1984', []],
    ['the id of a merged record', '12', []],
    ['a sign that stands for anything elsewhere', '%', []],
    ['nothing but signs', "' --", []],
  ])('%s: %s', async (_what, text, expected) => {
    expect(await found(text)).toEqual(expected)
  })

  test('only who has a subscription there is found, expired or not', async () => {
    expect(await found('broeck', 'OOS')).toEqual([13])
    expect(await found('broeck', 'LED')).toEqual([])
    const { patrons } = await searchPatrons(database.pool, 'OOS', 'broeck')
    expect(patrons[0]?.subscriptions).toEqual([
      { id: 2, product: 'youth', startsOn: '2010-01-01', endsOn: '2011-01-01', stoppedOn: null, active: false },
    ])
  })

  test('while a merge is under way, the kept record is found by what the removed one still has, and that one never', async () => {
    expect(await found('dhondt', 'LED')).toEqual([22])
    expect(await found('C21', 'LED')).toEqual([22])
    expect(await found('21', 'LED')).toEqual([])
  })

  test('a long list is cut, by name, with a note', async () => {
    await database.pool.query(`
      insert into patron (id, last_name, first_name) select 5000 + i, 'Peeters', lpad(i::text, 3, '0') from generate_series(1, 60) i;
      insert into subscription (id, patron, library, product, starts_on) select 50000 + i, 5000 + i, 'BIG', 'adult', '2020-01-01' from generate_series(1, 60) i`)
    const { out, err } = await ontdubbel(patronCommand(), ['search', 'peeters', '--library', 'BIG', '--json'])
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: number })
    expect(lines).toHaveLength(MOST_LISTED)
    expect(lines[0]?.id).toBe(5001)
    expect(err).toContain('more than 50')
  })

  test('nobody found is an empty list; an unknown library, or none, ends with 2', async () => {
    expect(await ontdubbel(patronCommand(), ['search', 'nobody', '--library', 'ZOT', '--json'])).toMatchObject({
      out: '',
      exitCode: 0,
    })
    expect(await ontdubbel(patronCommand(), ['search', 'mia', '--library', 'NO'])).toMatchObject({
      out: '',
      exitCode: 2,
    })
    expect(await ontdubbel(patronCommand(), ['search', 'mia'])).toMatchObject({ out: '', exitCode: 2 })
  })
})

describe('register', () => {
  const register = async (...args: (string | number)[]) => {
    const ended = await ontdubbel(registerCommand(), [...args, '--json'])
    return { ...ended, ...(ended.out ? (JSON.parse(ended.out) as Awaited<ReturnType<typeof registerPatron>>) : null) }
  }
  const highest = async () => {
    const { rows } = await database.pool.query<{ id: number }>(
      `select greatest((select max(id) from subscription), (select floor from id_floor where kind = 'subscription')) as id`,
    )
    return Number(rows[0]?.id)
  }

  test('the library finds the patron again: from today, with the product of the latest subscription', async () => {
    expect((await searchPatrons(database.pool, 'LED', 'broeck')).patrons).toEqual([])
    const { subscription } = await register(13, '--library', 'LED', '--until', '2099-12-31')
    expect(subscription).toMatchObject({ library: 'LED', product: 'adult', startsOn: TODAY, endsOn: '2099-12-31' })
    expect((await searchPatrons(database.pool, 'LED', 'broeck')).patrons.map(({ id }) => id)).toEqual([13])
  })

  test('the id is the next free one, never one that was deleted', async () => {
    const before = await highest()
    await database.pool.query('delete from subscription where id = $1', [before])
    const { subscription } = await register(40, '--library', 'OOS')
    expect(subscription?.id).toBe(before + 1)
  })

  test('a merged id leads to the kept record and says so; the product may be named', async () => {
    const ended = await register(31, '--library', 'OOS', '--product', 'senior', '--by', 'an', '--reason', 'merge')
    expect(ended).toMatchObject({
      patron: 32,
      mergedFrom: [{ patron: 31, into: 32 }],
      subscription: { product: 'senior' },
    })
    expect(ended.err).toContain('31 was merged into 32.')
  })

  test('a patron who never had a subscription gets the product adult', async () => {
    expect((await register(32, '--library', 'LED')).subscription?.product).toBe('senior')
    expect((await register(2000000000011, '--library', 'LED')).subscription?.product).toBe('adult')
  })

  test('an expired subscription there is no obstacle, an active one is: exit 3', async () => {
    expect(await register(40, '--library', 'ZOT')).toMatchObject({ exitCode: 0 })
    const refused = await register(40, '--library', 'ZOT')
    expect(refused).toMatchObject({ out: '', exitCode: 3 })
    expect(refused.err).toMatch(/Patron 40 has an active subscription at ZOT already/)
    expect(await register(21, '--library', 'LED')).toMatchObject({ exitCode: 3 })
  })

  test('an unknown patron or library, or an end that has passed, ends with 2', async () => {
    expect(await register(99, '--library', 'ZOT')).toMatchObject({ exitCode: 2, err: 'There is no patron 99.' })
    expect(await register(13, '--library', 'NO')).toMatchObject({ exitCode: 2 })
    expect(await register(41, '--library', 'OOS', '--until', '2020-01-01')).toMatchObject({ exitCode: 2 })
  })

  test('many at once get ids of their own; twice the same is registered once', async () => {
    const asked = [...Array(12).keys()].map((n) => ({ patron: 5001 + (n % 8), library: 'OOS', by: 'test' }))
    const ended = await Promise.allSettled(asked.map((one) => registerPatron(database.pool, one)))
    const ids = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value.subscription.id] : []))
    expect(new Set(ids).size).toBe(8)
    expect(ids).toHaveLength(8)
    const codes = ended.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []))
    expect(codes).toEqual(Array(4).fill('registered-already'))
  })

  test('a desk that takes the same id at the same moment is first', async () => {
    const next = (await highest()) + 1
    const desk = await connect(database.url)
    await desk.query('begin')
    await desk.query(
      `insert into subscription (id, patron, library, product, starts_on) values ($1, 41, 'LED', 'adult', (now() at time zone 'Europe/Brussels')::date)`,
      [next],
    )
    const registered = registerPatron(database.pool, { patron: 5009, library: 'OOS', by: 'test' })
    await untilSomebodyWaits()
    await desk.query('commit')
    await desk.end()
    expect((await registered).subscription.id).toBe(next + 1)
  })

  test('a merge that takes the record at the same moment is waited for, and followed', async () => {
    const merging = await connect(database.url)
    await merging.query('begin')
    await merging.query('select id from patron where id = 5010 for update')
    const registered = registerPatron(database.pool, { patron: 5010, library: 'LED', by: 'test' })
    await untilSomebodyWaits()
    await merging.query('update patron set merged_into = 5011 where id = 5010')
    await merging.query('commit')
    await merging.end()
    expect(await registered).toMatchObject({ id: 5011, mergedFrom: [{ patron: 5010, into: 5011 }] })
    const { rows } = await database.pool.query(
      `select patron, written_for from subscription where library = 'LED' and patron in (5010, 5011)`,
    )
    expect(rows).toEqual([{ patron: 5011, written_for: null }])
  })

  async function untilSomebodyWaits(): Promise<void> {
    for (;;) {
      const { rows } = await database.pool.query(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      )
      if (rows.length > 0) return
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
})

describe('migrate', () => {
  let empty: TestDatabase
  beforeAll(async () => (empty = await freshDatabase({ empty: true })))
  afterAll(() => empty.drop())
  async function asOwner<T>(work: (client: Awaited<ReturnType<typeof connect>>) => Promise<T>): Promise<T> {
    const client = await connect(empty.ownerUrl)
    try {
      return await work(client)
    } finally {
      await client.end()
    }
  }
  const run = () => ontdubbel(migrateCommand(), [], { DATABASE_OWNER_URL: empty.ownerUrl })

  test('the worker may not migrate, and is told as whom to', async () => {
    const { exitCode, err } = await ontdubbel(migrateCommand(), [], { DATABASE_URL: empty.url })
    expect(exitCode).toBe(1)
    expect(err).toMatch(/The role ontdubbel_worker may not create tables .* DATABASE_OWNER_URL/)
  })

  test('an empty database is brought to this version, and once more does nothing', async () => {
    expect((await asOwner(readSchemaState)).is).toBe('older')
    const names = knownMigrations()
    expect((await run()).out).toBe(`${names.join('\n')}\n${names.length} migrations done.\n`)
    expect((await asOwner(readSchemaState)).is).toBe('current')
    expect(await run()).toMatchObject({ exitCode: 0, out: 'The database is at this version already.\n' })
  })

  test('a newer schema is left alone: of the same major version it is said, of a newer one it is refused', async () => {
    await asOwner((client) => client.query(`insert into schema_migration (name, run_on) values ('9999_later', now())`))
    expect((await asOwner(readSchemaState)).is).toBe('newer')
    await asOwner(refuseNewerMajor)
    const { exitCode, out } = await run()
    expect({ exitCode, out }).toMatchObject({ exitCode: 0, out: expect.stringContaining('9999_later') as string })
    await asOwner((client) => client.query(`comment on table merge is 'schema major 2'`))
    expect(await run()).toMatchObject({ exitCode: 1, err: expect.stringContaining('newer Ontdubbel') as string })
    await expect(refuseNewerMajor(empty.pool)).rejects.toMatchObject({ code: 'schema-newer' })
  })

  test('what would make it fail is said before anything is tried', () => {
    const fine: MigrationFacts = {
      role: 'me',
      database: 'lib',
      workerRole: true,
      mayCreate: true,
      owner: 'me',
      isOwner: true,
    }
    expect(whyNotMigrated(fine)).toBeNull()
    expect(whyNotMigrated({ ...fine, workerRole: false })).toMatch(/create role ontdubbel_worker/)
    expect(whyNotMigrated({ ...fine, mayCreate: false })).toMatch(/may not create tables/)
    expect(whyNotMigrated({ ...fine, owner: 'other', isOwner: false })).toMatch(/belong to other/)
  })
})

test('a worker is told by the environment first, and nothing is put over what names a server', () => {
  const env = { DATABASE_URL: 'postgres://a', TEMPORAL_ADDRESS: 'b:1', PORTAL_URL: 'http://c', PORTAL_TOKEN: 'd' }
  expect(workerEnvironment(new Places('/nowhere', env))).toEqual({
    DATABASE_URL: 'postgres://a',
    PORTAL_URL: 'http://c',
    PORTAL_TOKEN: 'd',
  })
  expect(() => workerEnvironment(new Places('/nowhere', {}))).toThrow(/No stack is running/)
})
