import fc from 'fast-check'
import { askedAt, oneAllowedMerge } from './support/cases'
import { mergeSingly, openIt, undoThem } from './support/mergeOnDatabase'
import { abandonSingle } from '../src/merges/stepSingle'
import { contactKey, onlyInvalidNationalNumberIn, validNationalNumberIn } from './support/modelWords'
import { PROPERTY_TIMEOUT_MS, runs } from './support/properties'
import { aCharge, aContact } from './support/examples'
import { blankPatron, type Contact } from './support/records'
import { useDatabase } from './support/useDatabase'

jest.setTimeout(PROPERTY_TIMEOUT_MS)
const setting = useDatabase()

/** Every stored total, flag and key of the whole database that is not what its definition says. */
async function untrue(): Promise<{ sums: unknown[]; flags: unknown[]; keys: string[] }> {
  const sums = await setting.pool.query(
    `select c.id, c.paid, sum(p.amount) as payments from charge c left join payment p on p.charge = c.id
     group by c.id having c.paid <> coalesce(sum(p.amount), 0)`,
  )
  const flags = await setting.pool.query(
    `select p.id, p.merging, p.merged_into, p.retired_at from patron p
     where (p.merging is not null) is distinct from exists (
         select from merge m where m.id = p.merging and m.status = 'open' and p.id in (m.kept, m.removed))
       or (p.merged_into is not null) is distinct from exists (
         select from merge m where m.removed = p.id and m.kept = p.merged_into and m.status in ('open', 'retired'))
       or (p.retired_at is not null) is distinct from exists (select from merge m where m.removed = p.id and m.status = 'retired')`,
  )
  const contacts = await setting.pool.query<Pick<Contact, 'kind' | 'value'> & { key: string }>(
    `select distinct kind, value, key from contact`,
  )
  return {
    sums: sums.rows,
    flags: flags.rows,
    keys: unlike(contacts.rows.map(({ kind, value, key }) => [contactKey(kind, value), key, `${kind} ${value}`])),
  }
}

/** Where two ways of telling things apart do not agree: equal by the one and not by the other. */
function unlike(keys: [string, string, string][]): string[] {
  const [seen, found] = [new Map<string, string>(), [] as string[]]
  for (const [ours, theirs, what] of keys) {
    for (const [from, to] of [
      [`ours ${ours}`, theirs],
      [`theirs ${theirs}`, ours],
    ] as const) {
      if ((seen.get(from) ?? to) !== to) found.push(what)
      seen.set(from, to)
    }
  }
  return found
}

const TRUE = { sums: [], flags: [], keys: [] }

test('after merges, after their reverse, and after abandoned ones every stored value is what its definition says', async () => {
  await fc.assert(
    fc.asyncProperty(oneAllowedMerge, fc.constantFrom('merge', 'undo', 'open', 'abandon'), async (given, how) => {
      const { offset } = await setting.put(given.world)
      const asked = askedAt(given.asked, offset)
      const { merge } = await (how === 'merge' || how === 'undo' ? mergeSingly : openIt)(setting.pool, asked)
      if (how === 'undo') await undoThem(setting.pool, [merge ?? 0])
      if (how === 'abandon') await abandonSingle(setting.pool, merge ?? 0)
    }),
    runs(3),
  )
  expect(await untrue()).toEqual(TRUE)
})

/** Numbers as people write them, and what nobody would. */
const someNumber = fc
  .tuple(
    fc.constantFrom('', 'tel. ', ' '),
    fc.constantFrom(
      '',
      '0',
      '00',
      '+',
      '32',
      '+32',
      '+32 ',
      '+32 0',
      '0032',
      '0032 (0)',
      '+32 (0)',
      '+49 (0) ',
      '(0)',
      '0(0)',
      '+1',
      '+352 ',
      '(+32) ',
      '+32/',
    ),
    fc.array(fc.constantFrom('9', '47', '0', '12', '360 11', '1.23', '/', '-', ' '), { maxLength: 8 }),
    fc.constantFrom('', ' (werk)', ' ', '0', ' +'),
  )
  .map((parts) => parts.flat().join(''))
const someContact = fc.oneof(
  fc.tuple(fc.constantFrom<Contact['kind']>('phone', 'mobile'), someNumber),
  fc.tuple(
    fc.constantFrom<Contact['kind']>('email', 'phone'),
    fc.constantFrom(
      'mia@example.org',
      'Mia@Example.ORG',
      'José@example.org',
      'JOSÉ@EXAMPLE.ORG',
      "enkel 's avonds",
      "enkel's avonds",
      'geen',
      'Geen',
    ),
  ),
)

test('two contacts have one key when they are the same by R6, however they are written', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(someContact, { minLength: 200, maxLength: 200 }), async (contacts) => {
      const found = await setting.pool.query<{ key: string }>(
        `select contact_key(kind, value) as key from unnest($1::text[], $2::text[]) with ordinality as c (kind, value, n) order by n`,
        [contacts.map(([kind]) => kind), contacts.map(([, value]) => value)],
      )
      expect(
        unlike(
          contacts.map(([kind, value], n) => [contactKey(kind, value), found.rows[n]?.key ?? '', `${kind} ${value}`]),
        ),
      ).toEqual([])
    }),
    runs(),
  )
})

/** Texts in which a national number stands, or nearly. */
const someText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'eID ',
        '84.03.12-022.45',
        '84031202443',
        '84.23.12-022.45',
        ' ',
        '-',
        '.',
        '1',
        'nr. ',
        '00.00.00 001.96',
        '84 03 12 022 45',
      ),
      fc.constantFrom('84', '03', '12', '022', '45', '46', '43', '053'),
      fc.tuple(fc.nat(999_999_999), fc.boolean()).map(([body, from2000]) => withCheckDigits(body, from2000)),
    ),
    { maxLength: 6 },
  )
  .map((parts) => parts.join(''))

function withCheckDigits(body: number, from2000: boolean): string {
  const check = 97 - ((body + (from2000 ? 2_000_000_000 : 0)) % 97)
  return `${String(body).padStart(9, '0')}${String(check).padStart(2, '0')}`
}

test('a national number is found in a text by R9, or found to be wrong', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(someText, { minLength: 200, maxLength: 200 }), async (texts) => {
      const found = await setting.pool.query<{ number: string | null; invalid: boolean; valid: boolean }>(
        `select national_number_in(t) as number, holds_invalid_national_number(t) as invalid from unnest($1::text[]) with ordinality as c (t, n) order by n`,
        [texts],
      )
      expect(found.rows).toEqual(
        texts.map((text) => ({ number: validNationalNumberIn(text), invalid: onlyInvalidNationalNumberIn(text) })),
      )
    }),
    runs(),
  )
})

describe('a stored value cannot be made untrue by whoever writes as the library system does', () => {
  let charge = 0
  let patron = 0
  beforeEach(async () => {
    const given = blankPatron(1, {
      charges: [aCharge(1), aCharge(2)],
      payments: [{ id: 1, charge: 1, amount: 200, paidOn: '2026-03-01' }],
      contacts: [aContact(1, 'phone', '09 360 11 22')],
    })
    const { offset } = await setting.put({ patrons: [given], rejected: [] })
    ;[charge, patron] = [offset + 1, offset + 1]
  })

  const write = (sql: string) =>
    setting.pool.query(
      sql
        .replaceAll('$charge', String(charge))
        .replaceAll('$other', String(charge + 1))
        .replaceAll('$patron', String(patron)),
    )
  const paid = async () =>
    (await write('select paid from charge where id in ($charge, $other) order by id')).rows.map(
      (row: { paid: number }) => row.paid,
    )

  test.each([
    [
      'a payment',
      `insert into payment (id, charge, amount, paid_on) values ($charge + 10, $charge, 300, '2026-04-01')`,
      [500, 0],
    ],
    [
      'many payments in one statement',
      `insert into payment (id, charge, amount, paid_on) select $charge + 10 + n, case when n < 3 then $charge else $other end, 10, '2026-04-01' from generate_series(1, 5) n`,
      [220, 30],
    ],
    ['a payment corrected downwards', `update payment set amount = 150 where charge = $charge`, [150, 0]],
    ['a payment corrected upwards', `update payment set amount = 450 where charge = $charge`, [450, 0]],
    ['a payment booked on another charge', `update payment set charge = $other where charge = $charge`, [0, 200]],
    ['a payment taken away', `delete from payment where charge = $charge`, [0, 0]],
    [
      'a payment written twice, the second time as a correction',
      `insert into payment (id, charge, amount, paid_on) values ($charge, $charge, 120, '2026-04-01') on conflict (id) do update set amount = excluded.amount`,
      [120, 0],
    ],
    [
      'a merge statement',
      `merge into payment p using (values ($charge, 400), ($charge + 10, 30)) n (id, amount) on p.id = n.id when matched then update set amount = n.amount when not matched then insert (id, charge, amount, paid_on) values (n.id, $other, n.amount, '2026-04-01')`,
      [400, 30],
    ],
  ])('%s: the sum follows', async (_, sql, sums) => {
    await write(sql)
    expect(await paid()).toEqual(sums)
    expect(await untrue()).toEqual(TRUE)
  })

  test.each([
    [
      'payments above the charge',
      `insert into payment (id, charge, amount, paid_on) values ($charge + 10, $charge, 301, '2026-04-01')`,
      '23514',
    ],
    ['an amount below its payments', `update charge set amount = 199 where id = $charge`, '23514'],
    [
      'a payment of less than nothing',
      `insert into payment (id, charge, amount, paid_on) values ($charge + 10, $charge, -1, '2026-04-01')`,
      '23514',
    ],
    ['a charge away from under its payment', `delete from charge where id = $charge`, '23503'],
    [
      'a payment of no charge',
      `insert into payment (id, charge, amount, paid_on) values ($charge + 10, -1, 1, '2026-04-01')`,
      '23503',
    ],
    ["a contact's key", `update contact set key = 'mine' where patron = $patron`, '428C9'],
    [
      "a contact's key from the start",
      `insert into contact (patron, kind, value, key) values ($patron, 'phone', '1', 'mine')`,
      '428C9',
    ],
  ])('%s: refused', async (_, sql, code) => {
    await expect(write(sql)).rejects.toMatchObject({ code })
    expect(await paid()).toEqual([200, 0])
    expect(await untrue()).toEqual(TRUE)
  })

  test.each([
    ['written over', `update charge set paid = 500 where id = $charge`],
    [
      'written from the start',
      `insert into charge (id, patron, library, kind, amount, paid, charged_on) values ($charge + 10, $patron, 'ZOT', 'other', 500, 500, '2026-04-01')`,
    ],
  ])('the sum of the payments itself, %s: refused or without effect', async (_, sql) => {
    await write(sql).catch(() => {})
    expect(await untrue()).toEqual(TRUE)
  })

  test('of two payments at the same moment that are too much together one is refused', async () => {
    const pay = (id: number) =>
      write(`insert into payment (id, charge, amount, paid_on) values ($charge + ${id}, $charge, 200, '2026-04-01')`)
    const answers = await Promise.allSettled([pay(10), pay(11)])
    expect(answers.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await paid()).toEqual([400, 0])
    expect(await untrue()).toEqual(TRUE)
  })

  test('a key follows its value', async () => {
    await write(`update contact set value = '+32 (0)9 360 11 23', kind = 'mobile' where patron = $patron`)
    const same = await write(
      `select key = contact_key('phone', '09 360 11 23') as same from contact where patron = $patron`,
    )
    expect(same.rows).toEqual([{ same: true }])
    expect(await untrue()).toEqual(TRUE)
  })
})
