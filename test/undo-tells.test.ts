import fc from 'fast-check'
import type { Pool } from 'pg'
import { untilFree } from '../src/database/again'
import { sqlState } from '../src/database/failures'
import { inMergeTransaction } from '../src/database/transaction'
import { TRANSFERS } from '../src/domain/plan'
import { abandonSingle, doStep } from '../src/merges/stepSingle'
import { undoReport } from '../src/merges/undoReport'
import { undoInTransaction } from '../src/steps/undo'
import { askedAt, oneAllowedMerge } from './support/cases'
import { mergeSingly, openIt } from './support/mergeOnDatabase'
import type { Asked } from './support/model'
import { PROPERTY_TIMEOUT_MS, runs } from './support/properties'
import { KEYS, rowsOf, type Rows, type TableName } from './support/rows'
import { detailsBeforeBlock, useDatabase, withoutErased } from './support/useDatabase'

jest.setTimeout(PROPERTY_TIMEOUT_MS)
const setting = useDatabase()
type Row = Record<string, unknown>

/** What a desk does between the merge and the undo; $1 is the kept record, $2 the removed one, $3 a number to choose by, :id a new id. */
const DESK = [
  `update contact set value = 'new' || $3 || '@example.org', kind = 'email', is_primary = false where id = (select id from contact where patron = $1 and $2 > 0 order by id offset $3 % 3 limit 1)`,
  `update contact set is_primary = not is_primary where id = (select id from contact where patron = $1 and $2 > 0 order by id offset $3 % 3 limit 1)`,
  `update contact set is_primary = true where id = (select max(id) from contact where patron = $1 and $2 > 0 and $3 >= 0)`,
  `delete from contact where id = (select id from contact where patron = $1 and $2 > 0 order by id offset $3 % 3 limit 1)`,
  `insert into contact (patron, kind, value, is_primary) select $2, kind, value, true from contact where patron = $1 order by id offset $3 % 3 limit 1`,
  `insert into contact (patron, kind, value, is_primary) values (case when $3 % 2 = 0 then $1 else $2 end, 'mobile', '0470 11 22 ' || 10 + $3 % 90, $3 % 3 = 0)`,
  `update hold set status = case when $3 % 2 = 0 then 'waiting' else 'ready' end, reason = null where id = (select id from hold where patron = $1 and $2 > 0 order by id offset $3 % 3 limit 1)`,
  `delete from hold where id = (select id from hold where patron = $1 and $2 > 0 order by id offset $3 % 3 limit 1)`,
  `insert into hold (id, patron, library, title, placed_at, status) select :id, $2, library, title, now(), 'waiting' from hold where patron = $1 order by id offset $3 % 3 limit 1`,
  `select return_loan((select id from loan where patron = $1 and $2 > 0 order by id offset $3 % 3 limit 1), (now() at time zone 'Europe/Brussels')::date)`,
  `insert into loan (id, patron, library, item, title, loaned_on, due_on, card) select :id, $1, 'ZOT', 'x', 'x', (now() at time zone 'Europe/Brussels')::date, (now() at time zone 'Europe/Brussels')::date, number from card where patron = $1 and $2 > 0 order by number offset $3 % 3 limit 1`,
  `insert into payment (id, charge, amount, paid_on) select :id, id, 1, (now() at time zone 'Europe/Brussels')::date from charge where patron = $1 and $2 > 0 and paid < amount order by id offset $3 % 3 limit 1`,
  `update subscription set stopped_on = (now() at time zone 'Europe/Brussels')::date - ($3 % 7)::int where id = (select id from subscription where patron = $1 and $2 > 0 order by id offset $3 % 3 limit 1)`,
  `delete from subscription where id = (select id from subscription where patron = $1 and $2 > 0 order by id offset $3 % 3 limit 1)`,
  `update history_preference set enabled = not enabled where patron = $1 and $2 > 0 and library = 'ZOT' and $3 > 0`,
  `insert into history_preference (patron, library, enabled) values ($2, 'OOS', $3 % 2 = 0 and $1 > 0)`,
  `update patron set last_name = 'New' || $3 where id = $1 and $2 > 0`,
  `update patron set birth_date = '1990-01-01'::date + ($3 % 9)::int where id = $1 and $2 > 0`,
  `update patron set street = 'New street', house_number = $3::text where id = $1 and $2 > 0`,
  `update patron set national_number = null where id = $1 and $2 > 0 and $3 % 2 = 0`,
  `update patron set internet_block = null where id = $1 and $2 > 0 and $3 % 2 = 0`,
  `insert into card (number, patron, status) values ('x' || $2 || '-' || $3, case when $3 % 2 = 0 then $1 else $2 end, 'active')`,
] as const

/** Ids that no row had before, not even one that is gone. */
let newest = 1_000_000_000

const someWork = fc.array(fc.record({ what: fc.nat(DESK.length - 1), which: fc.nat(99) }), { maxLength: 8 })

/** What a rule of the database forbids, no desk does either. */
async function atTheDesk(pool: Pool, { keep, remove }: Asked, text: string, which: number): Promise<void> {
  const typed = text
    .replace(/\$([12])/g, '$$$1::bigint')
    .replace(/\$3(?!::)/g, '$$3::int')
    .replace(':id', String(++newest))
  await pool.query(typed, [keep, remove, which]).catch((error: unknown) => {
    if (!['23505', '23514', '23502'].includes(sqlState(error) ?? '')) throw error
  })
}

/** Each row by what makes it one. */
function byKey(rows: Rows): Map<string, Row> {
  const tables = Object.entries(KEYS) as [TableName, readonly string[]][]
  return new Map(
    tables.flatMap(([table, keys]) =>
      rows[table].map((row) => [[table, ...keys.map((key) => String(row[key]))].join(' '), row] as const),
    ),
  )
}

/** R9: an address is one value, so are last and first name. */
const WHOLE_VALUES = [
  ['last_name', 'first_name'],
  ['street', 'house_number', 'box', 'postcode', 'city'],
]

/** Of these nothing is ever left out, nor stored as something else. */
const isCounted = (key: string): boolean => /^(loan|loan_history|charge|payment|message|card) /.test(key)

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

/** What the report names, in the words of the keys above. */
function namedBy(told: { code: string; details: Record<string, unknown> }[], asked: Asked): Set<string> {
  const named = new Set<string>()
  for (const { details } of told) {
    const add = (table: TableName, list: unknown, before = '') =>
      (list as unknown[] | undefined)?.forEach((one) => named.add(`${table} ${before}${String(one)}`))
    add('hold', details.holds)
    add('contact', details.contacts)
    add('subscription', details.subscriptions)
    for (const patron of [asked.keep, asked.remove])
      add('history_preference', details.preferences ?? details.libraries, `${patron} `)
  }
  return named
}

test('whatever desks did since, each row is there once, what nobody touched is as it was, and what is not is named', async () => {
  await fc.assert(
    fc.asyncProperty(oneAllowedMerge, someWork, async (given, work) => {
      const { pool } = setting
      const { world, ids, offset } = await setting.put(given.world)
      const asked = askedAt(given.asked, offset)
      const before = byKey(withoutErased(await rowsOf(pool, ids), world, [asked]))
      const { merge } = await mergeSingly(pool, asked)
      const merged = byKey(await rowsOf(pool, ids))
      for (const { what, which } of work) await atTheDesk(pool, asked, DESK[what] as string, which)
      const late = byKey(await rowsOf(pool, ids))
      const { undone } = await untilFree(() =>
        inMergeTransaction(pool, (client) => undoInTransaction(client, [merge ?? 0], { by: 'test', reason: null })),
      )
      expect(undone).toEqual([merge])
      const after = byKey(await rowsOf(pool, ids))
      const { told } = await undoReport(pool, merge ?? 0)
      const named = namedBy(told, asked)
      const fields = (told.find(({ code }) => code === 'changed-since')?.details.fields ?? []) as string[]

      // of then and since, once
      expect([...after.keys()].filter(isCounted).sort()).toEqual([...late.keys()].filter(isCounted).sort())

      for (const [key, was] of before) {
        const [table = ''] = key.split(' ')
        const is = after.get(key)
        if (table === 'patron') {
          for (const [column, value] of Object.entries(was)) {
            const whole = WHOLE_VALUES.find((columns) => columns.includes(column)) ?? [column]
            const touched = whole.some((one) => !same(late.get(key)?.[one], merged.get(key)?.[one]))
            const altered = whole.some((one) => !same(merged.get(key)?.[one], was[one]))
            // what the merge altered and a desk corrected since stays, whole, and is told
            expect([key, column, is?.[column]]).toEqual([key, column, touched ? late.get(key)?.[column] : value])
            if (touched && altered && column !== 'last_activity_on') expect([column, fields]).not.toEqual([column, []])
          }
          continue
        }
        if (named.has(key)) continue
        // a preference that moved has the kept record in its key
        const there = before.has(key.replace(String(asked.remove), String(asked.keep)))
        const moved =
          table === 'history_preference' && !there ? key.replace(String(asked.remove), String(asked.keep)) : key
        const [then, now] = [merged.get(moved), late.get(moved)]
        // what the merge left out is there again
        if (!then) expect([key, is, told]).toEqual([key, was, told])
        else if (!now) expect([key, is]).toEqual([key, undefined])
        else {
          // each column as a desk made it since, else as it was
          const unchanged = ([column]: [string, unknown]) => same(then[column], now[column])
          const wanted = Object.entries(was).map((one) => (unchanged(one) ? one : [one[0], now[one[0]]]))
          expect([key, is, told]).toEqual([key, Object.fromEntries(wanted), told])
        }
      }
      for (const { code, details } of told) {
        if (code !== 'hold-not-restored' && code !== 'contact-not-restored') continue
        const table = code === 'hold-not-restored' ? 'hold' : 'contact'
        // nothing is named in vain
        for (const id of (details.holds ?? details.contacts) as number[]) {
          const key = `${table} ${id}`
          if (before.has(key)) expect([key, after.get(key)]).not.toEqual([key, before.get(key)])
        }
      }
    }),
    runs(4),
  )
})

test('a merge is given up whatever was done of it, and whatever desks do between: each row is there once, with whom it was', async () => {
  await fc.assert(
    fc.asyncProperty(oneAllowedMerge, fc.shuffledSubarray([...TRANSFERS]), someWork, async (given, some, work) => {
      const { pool } = setting
      const { world, ids, offset } = await setting.put(given.world)
      const asked = askedAt(given.asked, offset)
      const before = byKey(withoutErased(await rowsOf(pool, ids), world, [asked]))
      const { merge } = await openIt(pool, asked)
      const steps = detailsBeforeBlock(some)
      const atOnce = Math.ceil(work.length / (steps.length + 1))
      for (let n = 0; n <= steps.length; n++) {
        for (const { what, which } of work.slice(n * atOnce, (n + 1) * atOnce)) {
          await atTheDesk(pool, asked, DESK[what] as string, which)
        }
        const name = steps[n]
        if (name) await doStep(pool, merge ?? 0, name, 1)
      }
      const late = byKey(await rowsOf(pool, ids))
      expect(await abandonSingle(pool, merge ?? 0)).toBe(true)
      const after = byKey(await rowsOf(pool, ids))
      expect([...after.keys()].filter(isCounted).sort()).toEqual([...late.keys()].filter(isCounted).sort())
      for (const [key, was] of before) {
        if (isCounted(key) && late.has(key)) expect([key, after.get(key)?.patron]).toEqual([key, was.patron])
      }
    }),
    runs(4),
  )
})
