import { importFile } from '../src/interchange/load'
import { exported, failure, fullPatron, inLines, load, OOS, ZOT, type Json } from './import-helpers'
import { freshDatabase, type TestDatabase } from './support/database'

let database: TestDatabase
let before: string[]
beforeAll(async () => {
  database = await freshDatabase()
  await load(database.pool, [ZOT, OOS, fullPatron(1), { type: 'patron', id: 2, mergedInto: 1 }])
  before = await exported(database.pool)
})
afterAll(() => database.drop())

const library = { type: 'library', id: 'GAV', name: 'Bibliotheek Gavere' }
const patron = (id: number, more: Json = {}): Json => ({ type: 'patron', id, lastName: 'Peeters', ...more })
const hold = { id: 900, library: 'ZOT', title: 'T1', placedAt: '2026-11-01T10:00:00+01:00', status: 'waiting' }
const charge = { id: 900, library: 'ZOT', kind: 'other', amount: 100, chargedOn: '2026-02-01' }
const message = { id: 900, library: 'ZOT', kind: 'notice', text: 'x', createdAt: '2026-11-01T10:00:00+01:00' }
const loan = { id: 900, library: 'ZOT', item: '1', title: 'T1', loanedOn: '2026-11-02', dueOn: '2026-11-30' }
const subscription = { id: 900, library: 'ZOT', product: 'adult', startsOn: '2026-02-01' }
const account = (id: string, ...links: [string, number][]): Json => ({
  type: 'portalAccount',
  id,
  links: links.map(([at, actorId]) => ({ library: at, actorId })),
})

/** What stands in line 2 and after (line 1 is a library), then the line and the path that the error names. */
const CASES: [string, unknown[], number, string][] = [
  ['no JSON', ['{"type":"patron",'], 2, ''],
  ['a list', [[]], 2, ''],
  ['nothing', [null], 2, ''],
  ['a record of no known type', [{ type: 'loan', id: 1 }], 2, 'type'],
  ['a record without a type', [{ id: 1 }], 2, 'type'],
  ['an unknown key', [patron(7, { surname: 'x' })], 2, 'surname'],
  [
    'an unknown key in a list',
    [patron(7, { holds: [hold, { ...hold, id: 901, title: 'T2', copy: 1 }] })],
    2,
    'holds[1].copy',
  ],
  ['the key __proto__', ['{"type":"patron","id":7,"lastName":"x","__proto__":{"a":1}}'], 2, ''],
  ['an id that is no number', [patron('7' as never)], 2, 'id'],
  ['the id 0', [patron(0)], 2, 'id'],
  ['an id with a fraction', [patron(7.5)], 2, 'id'],
  ['an id of 2^53', ['{"type":"patron","id":9007199254740992,"lastName":"x"}'], 2, 'id'],
  ['no last name', [{ type: 'patron', id: 7 }], 2, 'lastName'],
  ['a library without a name', [{ type: 'library', id: 'GA' }], 2, 'name'],
  ['an empty library id', [{ type: 'library', id: '', name: 'x' }], 2, 'id'],
  ['NUL in a text', [patron(7, { firstName: 'a\u0000b' })], 2, 'firstName'],
  ['half a surrogate pair', ['{"type":"patron","id":7,"lastName":"\\ud800"}'], 2, 'lastName'],
  ['a date that the calendar does not have', [patron(7, { birthDate: '2023-02-29' })], 2, 'birthDate'],
  ['a date of the year 0', [patron(7, { birthDate: '0000-02-29' })], 2, 'birthDate'],
  ['a date with a time', [patron(7, { registeredOn: '2023-02-28T00:00:00Z' })], 2, 'registeredOn'],
  [
    'an instant without an offset',
    [patron(7, { holds: [{ ...hold, placedAt: '2026-11-01T10:00:00' }] })],
    2,
    'holds[0].placedAt',
  ],
  [
    'an instant of 24 o’clock',
    [patron(7, { messages: [{ ...message, createdAt: '2026-11-01T24:00:00Z' }] })],
    2,
    'messages[0].createdAt',
  ],
  ['money with a fraction', [patron(7, { charges: [{ ...charge, amount: 1.5 }] })], 2, 'charges[0].amount'],
  ['negative money', [patron(7, { charges: [{ ...charge, amount: -1 }] })], 2, 'charges[0].amount'],
  ['an unknown gender', [patron(7, { gender: 'V' })], 2, 'gender'],
  ['an unknown status', [patron(7, { cards: [{ number: 'c', status: 'new' }] })], 2, 'cards[0].status'],
  ['a flag that is a word', [patron(7, { protected: 'true' })], 2, 'protected'],
  ['too many renewals', [patron(7, { loans: [{ ...loan, renewals: 2 ** 31 }] })], 2, 'loans[0].renewals'],
  ['a block without a reason', [patron(7, { internetBlock: {} })], 2, 'internetBlock.reason'],
  ['an unknown address key', [patron(7, { address: { country: 'BE' } })], 2, 'address.country'],
  ['a national number with points', [patron(7, { nationalNumber: '84.03.12-022.45' })], 2, 'nationalNumber'],
  ['a national number with wrong check digits', [patron(7, { nationalNumber: '84031202246' })], 2, 'nationalNumber'],
  ['a national number of month 13', [patron(7, { nationalNumber: '84131202200' })], 2, 'nationalNumber'],
  [
    'a card number of 256 characters',
    [patron(7, { cards: [{ number: '1'.repeat(256), status: 'active' }] })],
    2,
    'cards[0].number',
  ],
  [
    'a contact too long to be a key',
    [patron(7, { contacts: [{ kind: 'email', value: 'x'.repeat(601) }] })],
    2,
    'contacts[0].value',
  ],
  [
    'an open hold on a title too long to be a key',
    [patron(7, { holds: [{ ...hold, title: 'x'.repeat(2_601) }] })],
    2,
    'holds[0].title',
  ],
  [
    'two primaries of a kind',
    [patron(7, { contacts: ['a', 'b'].map((value) => ({ kind: 'email', value, primary: true })) })],
    2,
    'contacts[1].primary',
  ],
  [
    'two preferences at a library',
    [patron(7, { historyPreferences: [true, false].map((enabled) => ({ library: 'ZOT', enabled })) })],
    2,
    'historyPreferences[1].library',
  ],
  [
    'two open holds on a title at a library',
    [patron(7, { holds: [hold, { ...hold, id: 901, status: 'suspended' }] })],
    2,
    'holds[1]',
  ],
  [
    'payments above their charge',
    [
      patron(7, {
        charges: [charge],
        payments: [60, 41].map((amount, n) => ({ id: 900 + n, charge: 900, amount, paidOn: '2026-02-01' })),
      }),
    ],
    2,
    'payments[1].amount',
  ],
  [
    'a payment of a charge that is not the record’s',
    [
      patron(6, { charges: [charge] }),
      patron(7, { payments: [{ id: 900, charge: 900, amount: 1, paidOn: '2026-02-01' }] }),
    ],
    3,
    'payments[0].charge',
  ],
  ['a merged record with a name', [patron(7, { mergedInto: 1 })], 2, 'lastName'],
  [
    'a merged record with a card',
    [{ type: 'patron', id: 7, mergedInto: 1, cards: [{ number: 'c', status: 'active' }] }],
    2,
    'cards',
  ],
  ['a record merged into itself', [{ type: 'patron', id: 7, mergedInto: 7 }], 2, 'mergedInto'],
  [
    'records merged in a circle',
    [
      patron(6),
      ...[
        [7, 8],
        [8, 9],
        [9, 7],
        [10, 6],
      ].map(([id, mergedInto]) => ({ type: 'patron', id, mergedInto })),
    ],
    3,
    'mergedInto',
  ],
  ['a record merged into nobody', [patron(6), { type: 'patron', id: 7, mergedInto: 99 }], 3, 'mergedInto'],
  ['a patron who is in the store', [patron(6), patron(1)], 3, 'id'],
  ['a patron who was merged away', [patron(6), patron(2)], 3, 'id'],
  ['a merged record that is in the store', [{ type: 'patron', id: 2, mergedInto: 1 }], 2, 'id'],
  ['a patron twice', [patron(6), patron(7), patron(6)], 4, 'id'],
  ['a library that is in the store', [ZOT], 2, 'id'],
  ['a library twice', [library], 2, 'id'],
  ['a card twice', [6, 7].map((id) => patron(id, { cards: [{ number: 'c', status: 'lost' }] })), 3, 'cards[0].number'],
  [
    'a card that is in the store',
    [
      patron(7, {
        cards: [
          { number: 'c', status: 'lost' },
          { number: '200000001', status: 'lost' },
        ],
      }),
    ],
    2,
    'cards[1].number',
  ],
  ['a hold twice', [6, 7].map((id) => patron(id, { holds: [hold] })), 3, 'holds[0].id'],
  ['a hold twice in one record', [patron(7, { holds: [hold, { ...hold, title: 'T2' }] })], 2, 'holds[1].id'],
  ['a loan that is in the store', [patron(7, { loans: [{ ...loan, id: 10 }] })], 2, 'loans[0].id'],
  ['a charge that is in the store', [patron(7, { charges: [{ ...charge, id: 10 }] })], 2, 'charges[0].id'],
  ['a subscription twice', [6, 7].map((id) => patron(id, { subscriptions: [subscription] })), 3, 'subscriptions[0].id'],
  ['a message that is in the store', [patron(7, { messages: [{ ...message, id: 10 }] })], 2, 'messages[0].id'],
  [
    'a library that there is not',
    [patron(7, { loans: [loan, { ...loan, id: 901, library: 'AAL' }] })],
    2,
    'loans[1].library',
  ],
  [
    'a card’s library that there is not',
    [patron(7, { cards: [{ number: 'c', library: 'AAL', status: 'active' }] })],
    2,
    'cards[0].library',
  ],
  [
    'the lowest of two bad lines',
    [patron(6), patron(7, { holds: [{ ...hold, library: 'AAL' }] }), patron(1)],
    3,
    'holds[0].library',
  ],
  ['an account twice', [account('a', ['ZOT', 1]), account('a')], 3, 'id'],
  ['an account linked to nobody', [account('a', ['ZOT', 1], ['ZOT', 99])], 2, 'links[1].actorId'],
  ['an account linked at no library', [account('a', ['AAL', 1])], 2, 'links[0].library'],
  ['an account with a link twice', [account('a', ['ZOT', 1], ['OOS', 1], ['ZOT', 1])], 2, 'links[2]'],
  ['an account id with a line end', [account('a\nb')], 2, 'id'],
]

test.each(CASES)('%s is told with line and path, and nothing is loaded', async (_, lines, line, path) => {
  const texts = [library, ...lines].map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
  const error = await failure(
    importFile(database.pool, from([`${texts.join('\n')}\n`]), { sendAccounts: async () => {} }),
  )
  expect([error.message, error]).toEqual([error.message, expect.objectContaining({ code: 'bad-input', exitCode: 2 })])
  expect(error.details).toMatchObject({ line, path, reason: expect.any(String) })
  expect(error.message).toMatch(path === '' ? `line ${line}: ` : `line ${line}, ${path}: `)
  expect(await exported(database.pool)).toEqual(before)
})

async function* from(chunks: (string | Buffer)[]): AsyncGenerator<string | Buffer> {
  yield* chunks
}

test('a line for a record that was merged away says where it went', async () => {
  await load(database.pool, [{ type: 'patron', id: 3, mergedInto: 2 }])
  before = await exported(database.pool)
  expect((await failure(load(database.pool, [patron(3)]))).message).toBe('line 1, id: patron 3 was merged into 1')
})

test('bytes that are not UTF-8 are told with their line', async () => {
  const error = await failure(
    importFile(database.pool, from([`${JSON.stringify(library)}\n"`, Buffer.from([0xe9]), '"\n'])),
  )
  expect(error.message).toBe('line 2: not UTF-8')
})

test('a line without end is refused before it fills the memory', async () => {
  const endless = async function* () {
    for (;;) yield Buffer.alloc(1024 * 1024, 'x')
  }
  const error = await failure(importFile(database.pool, endless()))
  expect(error.message).toBe('line 1: longer than 64 MiB')
})

test('an error never quotes what stands in the file', async () => {
  const secret = 'Janssens-84031202245'
  const bad: Json[] = [
    patron(7, { firstName: [secret] }),
    patron(7, { gender: secret }),
    patron(7, { birthDate: secret }),
    patron(7, { nationalNumber: secret }),
    patron(7, { [secret]: 1 }),
    patron(7, { contacts: [{ kind: secret, value: secret }] }),
    patron(7, { cards: [{ number: secret, library: secret, status: 'active' }] }),
    { type: secret },
    account(secret, [secret, 1]),
  ]
  for (const record of bad) {
    const { message, details } = await failure(
      importFile(database.pool, inLines([record]), { sendAccounts: async () => {} }),
    )
    expect(message).toMatch(/^line 1/)
    expect(`${message} ${JSON.stringify(details)}`).not.toMatch(/Janssens|84031202245/)
  }
  const { message } = await failure(importFile(database.pool, from([`{"lastName":"${secret}"`])))
  expect(message).toBe('line 1: not JSON')
})

test('what only the tables’ constraints find, because it was written meanwhile, is bad input too, and quotes nothing', async () => {
  const other = await database.pool.connect()
  try {
    await other.query('begin')
    await other.query("insert into library (id, name) values ('HER', 'Herzele')")
    const loading = failure(load(database.pool, [{ type: 'library', id: 'HER', name: 'Herzele' }]))
    await new Promise((resolve) => setTimeout(resolve, 500))
    await other.query('commit')
    const error = await loading
    expect(error).toMatchObject({
      code: 'bad-input',
      exitCode: 2,
      details: { constraint: 'library_pkey', sqlState: '23505' },
    })
    expect(error.message).not.toMatch(/HER|Herzele/)
  } finally {
    await other.query("delete from library where id = 'HER'")
    other.release()
  }
})
