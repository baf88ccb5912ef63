import { Client, type Pool } from 'pg'
import { createPool } from '../src/database/pool'
import { transfers } from '../src/steps/transfers'
import { freshDatabase, type TestDatabase } from './support/database'
import { KEYS } from './support/rows'

let database: TestDatabase
let owner: Pool

beforeAll(async () => {
  database = await freshDatabase()
  owner = createPool(database.ownerUrl)
  await owner.query(`insert into library (id, name) values ('ZOT', 'Bibliotheek Zottegem')`)
})
afterAll(async () => {
  await owner?.end()
  await database?.drop()
})

/** What refers to a patron and is no step's to move, each with its reason. */
const NOT_MOVED: Record<string, string> = {
  'patron.merged_into': 'the chain itself: openMerge and retireRecord write it, look-ups follow it to the end',
}

/** Columns that hold a patron's id without a foreign key, each with its reason. */
const WITHOUT_FOREIGN_KEY: Record<string, string> = {
  'merge.kept': 'a refused merge may name a record that does not exist',
  'merge.removed': 'a refused merge may name a record that does not exist',
  'campaign_pair.kept': 'a list may name a record that does not exist',
  'campaign_pair.removed': 'a list may name a record that does not exist',
  'change.kept': 'the feed says what happened then',
  'change.removed': 'the feed says what happened then',
  'changed_row.stood_on': 'the journal of what desks did with moved rows: undo goes by it',
  'redirect_note.stood_on': 'the journal of the redirect: undo goes by it',
  'pair_decision.lower_patron': 'a decision about two ids, found through the chain too',
  'pair_decision.higher_patron': 'a decision about two ids, found through the chain too',
  'portal_intent.actor_id': 'an id at the portal',
  'portal_intent.target': 'an id at the portal',
}

/** The tables whose rows the steps move to the kept record, and hand back: from the very statements that do it. */
function movedBySteps(direction: 'forward' | 'reverse'): Set<string> {
  const statements = Object.values(transfers).flatMap((step) => step[direction].map(({ text }) => text))
  const moves =
    direction === 'forward'
      ? /update (\w+) \w+ set patron = \w+\.kept\b/g
      : /update (\w+) \w+ set patron = \w+\.removed\b/g
  return new Set(statements.flatMap((text) => [...text.matchAll(moves)].map(([, table]) => table ?? '')))
}

interface Reference {
  table: string
  column: string
}

async function referencesToPatrons(): Promise<Reference[]> {
  const found = await owner.query<Reference>(
    `select c.conrelid::regclass::text as table, a.attname::text as column
     from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any(c.conkey)
     where c.contype = 'f' and c.confrelid = 'patron'::regclass order by 1, 2`,
  )
  return found.rows
}

async function forgotten(): Promise<string[]> {
  const [moved, handedBack] = [movedBySteps('forward'), movedBySteps('reverse')]
  return (await referencesToPatrons())
    .filter(({ table, column }) => !(column === 'patron' && moved.has(table) && handedBack.has(table)))
    .map(({ table, column }) => `${table}.${column}`)
    .filter((reference) => !(reference in NOT_MOVED))
}

/** Every table that hangs on a patron. */
async function hanging(): Promise<string[]> {
  return (await referencesToPatrons()).filter(({ table }) => table !== 'patron').map(({ table }) => table)
}

test('every foreign key to patron is moved by a step and handed back by its reverse, or is on the list with its reason', async () => {
  expect(await forgotten()).toEqual([])
  expect((await hanging()).length).toBeGreaterThan(8)
})

test('a new table without a step would be found', async () => {
  await owner.query(
    'create table interlibrary_loan (id bigint primary key, patron bigint not null references patron (id))',
  )
  try {
    expect(await forgotten()).toEqual(['interlibrary_loan.patron'])
  } finally {
    await owner.query('drop table interlibrary_loan')
  }
})

test('every column that holds a patron has a foreign key, or is on the list with its reason', async () => {
  const found = await owner.query<Reference>(
    `select c.table_name::text as table, c.column_name::text as column from information_schema.columns c
     where c.table_schema = 'public' and c.data_type = 'bigint'
       and c.column_name ~ '^(kept|removed|patron|.*_patron|actor_id|target|stood_on|merged_into)$' order by 1, 2`,
  )
  const known = (await referencesToPatrons()).map(({ table, column }) => `${table}.${column}`)
  const named = [...known, ...Object.keys(WITHOUT_FOREIGN_KEY)]
  expect(found.rows.map(({ table, column }) => `${table}.${column}`).filter((one) => !named.includes(one))).toEqual([])
})

test('nothing that hangs on a patron goes with it: no foreign key deletes or empties rows, and no worker may delete a patron', async () => {
  const found = await owner.query<{ rows: string[] }>(
    `select coalesce(array_agg(conname::text), '{}') as rows from pg_constraint where contype = 'f' and confdeltype not in ('a', 'r')`,
  )
  expect(found.rows).toEqual([{ rows: [] }])
  await expect(database.pool.query('delete from patron where id = -1')).rejects.toMatchObject({ code: '42501' })
  await expect(database.pool.query('truncate patron cascade')).rejects.toMatchObject({ code: '42501' })
})

test('every foreign key has an index that begins with it', async () => {
  const found = await owner.query<{ constraint: string }>(
    `select c.conrelid::regclass || ' ' || c.conname as constraint from pg_constraint c
     where c.contype = 'f' and c.connamespace = 'public'::regnamespace and not exists (
       select from pg_index i where i.indrelid = c.conrelid and i.indisvalid
         and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] @> c.conkey
         -- an index of what is not null serves: nothing refers by null
         and (i.indpred is null or pg_get_expr(i.indpred, i.indrelid) ~ '^\\(\\w+ IS NOT NULL\\)$'))`,
  )
  expect(found.rows).toEqual([])
})

test('every table that hangs on a patron says whom a row was written for, without a foreign key or an index', async () => {
  for (const table of await hanging()) {
    const found = await owner.query(
      `select a.atttypid::regtype::text as type, a.attnotnull as not_null,
         exists (select from pg_constraint c where c.conrelid = a.attrelid and a.attnum = any(c.conkey)) as constrained,
         exists (select from pg_index i where i.indrelid = a.attrelid and a.attnum = any(i.indkey::int2[])) as indexed
       from pg_attribute a where a.attrelid = $1::regclass and a.attname = 'written_for'`,
      [table],
    )
    expect([table, found.rows]).toEqual([
      table,
      [{ type: 'bigint', not_null: false, constrained: false, indexed: false }],
    ])
  }
})

test('every table that hangs on a patron has both redirect triggers, on insert and on a change of patron', async () => {
  for (const table of await hanging()) {
    const found = await owner.query<{ definition: string }>(
      `select pg_get_triggerdef(oid) as definition from pg_trigger where tgrelid = $1::regclass and not tgisinternal and tgenabled = 'O'`,
      [table],
    )
    const definitions = found.rows.map(({ definition }) => definition).join('\n')
    // an import, which refuses ids that were merged away itself, asks for no redirect
    const importsApart = String.raw`(WHEN \(\(current_setting\('ontdubbel.import'::text, true\) IS DISTINCT FROM 'on'::text\)\) )?`
    expect(definitions).toMatch(
      new RegExp(`BEFORE INSERT ON public.${table} FOR EACH ROW ${importsApart}EXECUTE FUNCTION redirect_`),
    )
    const stepsApart = String.raw`WHEN \(\(\(new.patron IS DISTINCT FROM old.patron\) AND \(current_setting\('ontdubbel.step'::text, true\) IS DISTINCT FROM 'on'::text\)\)\)`
    expect(definitions).toMatch(
      new RegExp(`BEFORE UPDATE OF patron ON public.${table} FOR EACH ROW ${stepsApart} EXECUTE FUNCTION redirect_`),
    )
  }
})

/** One row of each table for patron 1, as the library system writes it. */
const ONE_ROW: Record<string, string> = {
  card: `insert into card (number, patron, status) values ('1', $1, 'lost')`,
  subscription: `insert into subscription (id, patron, library, product, starts_on) values (1, $1, 'ZOT', 'adult', '2020-01-01')`,
  history_preference: `insert into history_preference (patron, library, enabled) values ($1, 'ZOT', false)`,
  loan: `insert into loan (id, patron, library, item, title, loaned_on, due_on) values (1, $1, 'ZOT', 'I', 'T', '2026-01-01', '2026-02-01')`,
  loan_history: `insert into loan_history (id, patron, library, item, title, loaned_on, returned_on) values (1, $1, 'ZOT', 'I', 'T', '2026-01-01', '2026-02-01')`,
  hold: `insert into hold (id, patron, library, title, placed_at, status) values (1, $1, 'ZOT', 'T', now(), 'cancelled')`,
  charge: `insert into charge (id, patron, library, kind, amount, charged_on) values (1, $1, 'ZOT', 'other', 0, '2026-01-01')`,
  message: `insert into message (id, patron, library, kind, text, created_at) values (1, $1, 'ZOT', 'remark', '', now())`,
  contact: `insert into contact (patron, kind, value) values ($1, 'phone', '')`,
}

describe('what looks at all of a record forgets no table', () => {
  let session: Client
  beforeAll(async () => {
    session = new Client({ connectionString: database.superUrl })
    await session.connect()
    await session.query(`insert into patron (id, last_name) values (1, 'Janssens'), (2, 'Janssens')`)
  })
  afterAll(() => session?.end())
  beforeEach(() => session.query('begin'))
  afterEach(() => session.query('rollback'))

  test('the list of tables here is whole', async () => {
    expect(Object.keys(ONE_ROW).sort()).toEqual((await hanging()).sort())
    expect(Object.keys(KEYS).sort()).toEqual([...(await hanging()), 'patron', 'payment'].sort())
  })

  test.each(Object.keys(ONE_ROW))('a record that still holds a row of %s cannot be retired', async (table) => {
    await session.query(ONE_ROW[table] ?? '', [1])
    await expect(
      session.query(`update patron set merged_into = 2, retired_at = now() where id = 1`),
    ).rejects.toMatchObject({ code: 'OD002' })
  })

  test.each([1, 2].flatMap((patron) => Object.keys(ONE_ROW).map((table) => [table, patron] as const)))(
    'a row of %s that came for record %d makes the token of a preview another',
    async (table, patron) => {
      const token = async () =>
        (await session.query<{ t: string }>(`select preview_token(1, 2, '2026-11-24', '{}') as t`)).rows[0]?.t
      const before = await token()
      await session.query(ONE_ROW[table] ?? '', [patron])
      expect(await token()).not.toBe(before)
    },
  )
})
