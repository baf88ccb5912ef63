import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { Readable } from 'node:stream'
import type { Client } from 'pg'
import { connect } from '../src/database/pool'
import { importFile } from '../src/interchange/load'
import { generateConsortium } from '../src/generator/consortium'
import { exported, fullPatron, inLines, keptAccounts, load, OOS, ZOT, type Json } from './import-helpers'
import { freshDatabase, type TestDatabase } from './support/database'
import { comparable } from './support/scenarios'

const SCENARIOS = path.join(__dirname, 'scenarios')

let database: TestDatabase
let owner: Client
beforeAll(async () => {
  database = await freshDatabase()
  owner = await connect(database.ownerUrl)
})
afterAll(async () => {
  await owner.end()
  await database.drop()
})

/** Works on an empty store. */
async function inFresh<T>(work: (database: TestDatabase) => Promise<T>): Promise<T> {
  await owner.query('truncate library, patron, payment, import_file cascade')
  return work(database)
}

/** Imports records into an empty store, exports, imports that into another, exports again: gives both exports. */
async function thereAndBack(records: Iterable<unknown>): Promise<[string[], string[]]> {
  const first = await inFresh(async ({ pool }) => {
    const { kept, sendAccounts } = keptAccounts()
    await importFile(pool, inLines([...records]), { sendAccounts })
    const accounts = [...kept.values()].sort((a, b) => ((a.id as string) < (b.id as string) ? -1 : 1))
    return exported(pool, { accounts: from(accounts) as never })
  })
  const second = await inFresh(async ({ pool }) => {
    const { kept, sendAccounts } = keptAccounts()
    await importFile(pool, Readable.from(first.map((line) => Buffer.from(line))), { sendAccounts })
    return exported(pool, { accounts: from([...kept.values()]) as never })
  })
  return [first, second]
}

async function* from<T>(items: T[]): AsyncGenerator<T> {
  yield* items
}

test.each(readdirSync(SCENARIOS).filter((file) => file.endsWith('.json')))(
  'the records of %s come out as they went in, and again',
  async (file) => {
    const { given } = JSON.parse(readFileSync(path.join(SCENARIOS, file), 'utf8')) as { given: Json[] }
    const [first, second] = await thereAndBack(given)
    const found = new Map(first.map((line) => JSON.parse(line) as Json).map((record) => [key(record), record]))
    expect(found.size).toBe(given.length)
    for (const record of given) expect(comparable(found.get(key(record)) ?? {})).toEqual(comparable(record))
    expect(second).toEqual(first)
  },
)

function key({ type, id }: Json): string {
  return `${String(type)} ${String(id)}`
}

test('a patron comes out with every key, in the order of the format', async () => {
  const [lines] = await thereAndBack([fullPatron(1001), OOS, ZOT])
  expect(lines).toEqual([
    '{"type":"library","id":"OOS","name":"Bibliotheek Oosterzele"}\n',
    '{"type":"library","id":"ZOT","name":"Bibliotheek Zottegem"}\n',
    '{"type":"patron","id":1001,"lastName":"Janssens","firstName":"Mia","gender":"F","birthDate":"1984-03-12",' +
      '"address":{"street":"Dorpsstraat","number":"12","box":null,"postcode":"9620","city":"Zottegem"},' +
      '"nationalNumber":"84031202245","legitimation":"eID","registeredOnline":true,"registeredOn":"2019-04-02",' +
      '"lastActivityOn":"2026-11-02","protected":false,"internetBlock":{"reason":"online-registration"},' +
      '"contacts":[{"kind":"email","value":"mia1001@example.org","primary":true},{"kind":"phone","value":"09 360 11 22","primary":false}],' +
      '"cards":[{"number":"200000001001","library":"ZOT","status":"active"}],' +
      '"subscriptions":[{"id":10010,"library":"ZOT","product":"adult","startsOn":"2026-02-01","endsOn":null,"stoppedOn":null}],' +
      '"historyPreferences":[{"library":"ZOT","enabled":true}],' +
      '"loans":[{"id":10010,"library":"ZOT","item":"0300001","title":"T77","loanedOn":"2026-11-02","dueOn":"2026-11-30","renewals":0,"card":null}],' +
      '"loanHistory":[{"id":10010,"library":"ZOT","item":"0300002","title":"T12","loanedOn":"2026-05-01","returnedOn":"2026-05-20","card":null}],' +
      '"holds":[{"id":10010,"library":"ZOT","title":"T90","placedAt":"2026-11-01T10:00:00+01:00","status":"waiting","reason":null,"card":null},' +
      '{"id":10011,"library":"OOS","title":"T90","placedAt":"2026-11-01T10:00:00+01:00","status":"ready","reason":null,"card":null}],' +
      '"charges":[{"id":10010,"library":"ZOT","kind":"membership","amount":500,"chargedOn":"2026-02-01","inCollection":false}],' +
      '"payments":[{"id":10010,"charge":10010,"amount":200,"paidOn":"2026-02-03"},{"id":10011,"charge":10010,"amount":300,"paidOn":"2026-02-04"}],' +
      '"messages":[{"id":10010,"library":"ZOT","kind":"notice","text":"Boek nat","createdAt":"2026-03-01T09:00:00+01:00","author":null}],' +
      '"mergedInto":null}\n',
  ])
})

test('a generated consortium comes out the same the second time', async () => {
  const [first, second] = await thereAndBack(generateConsortium({ seed: 7, patrons: 600, childRows: 8 }))
  expect(first.length).toBeGreaterThan(600)
  expect(second).toEqual(first)
})

test('odd but allowed values survive: tabs, backslashes, line ends, emoji, old instants, contacts that stand twice', async () => {
  const odd = 'a\tb\\n\\N\\.\n\r\u2028 "é" \u{1f4da} \\'
  const number = { kind: 'mobile', value: '+32 470 12 34 56' }
  const patron = {
    type: 'patron',
    id: 9007199254740991,
    lastName: odd,
    firstName: '',
    address: { street: '', city: null },
    legitimation: odd,
    registeredOnline: null,
    contacts: [
      { kind: 'email', value: 'geen' },
      number,
      { kind: 'phone', value: '0470 12 34 56' },
      number,
      { kind: 'email', value: '', primary: true },
    ],
    cards: [{ number: '\\N', library: null, status: 'lost' }],
    holds: [
      { id: 1, library: '\\.', title: odd, placedAt: '0002-01-01T00:00Z', status: 'cancelled', reason: odd, card: '' },
      { id: 2, library: '\\.', title: odd, placedAt: '2026-07-01T10:00:00.120+02:00', status: 'waiting' },
    ],
    messages: [
      { id: 1, library: '\\.', kind: 'remark', text: '', createdAt: '9998-12-31T23:59:59.9Z', author: odd },
      { id: 2, library: '\\.', kind: 'remark', text: odd, createdAt: '1850-01-01T00:00:00+00:00', author: odd },
    ],
    subscriptions: [{ id: 1, library: '\\.', product: odd, startsOn: '9999-12-31', endsOn: '0001-01-01' }],
    loans: null,
    mergedInto: null,
  }
  const [first, second] = await thereAndBack([{ type: 'library', id: '\\.', name: odd }, patron])
  expect(second).toEqual(first)
  const found = JSON.parse(first[1] ?? '') as Json & typeof patron
  expect(found).toMatchObject({
    lastName: odd,
    firstName: null,
    address: null,
    legitimation: odd,
    registeredOnline: false,
    loans: [],
    cards: patron.cards,
  })
  expect(found.contacts.map(({ value }) => value)).toEqual(['', 'geen', number.value, '0470 12 34 56', number.value])
  expect(found.holds[0]).toMatchObject({ title: odd, reason: odd, card: null, placedAt: '0002-01-01T00:00:00.000000Z' })
  expect(found.holds[1]).toMatchObject({ placedAt: '2026-07-01T10:00:00.12+02:00', reason: null })
  expect(found.messages.map(({ createdAt }) => createdAt)).toEqual([
    '9999-01-01T00:59:59.9+01:00',
    '1850-01-01T00:00:00.000000Z',
  ])
})

test('references may point ahead, also those of merged records, whose lines hold nothing more', async () => {
  const records = [
    { type: 'portalAccount', id: 'acc-1', links: [{ library: 'ZOT', actorId: 3 }] },
    { type: 'patron', id: 3, mergedInto: 2 },
    { type: 'patron', id: 2, mergedInto: 1, lastName: '', contacts: [], registeredOnline: false },
    fullPatron(1),
    OOS,
    ZOT,
  ]
  const [first, second] = await thereAndBack(records)
  expect(first.slice(3)).toEqual([
    '{"type":"patron","id":2,"mergedInto":1}\n',
    '{"type":"patron","id":3,"mergedInto":2}\n',
    '{"type":"portalAccount","id":"acc-1","links":[{"library":"ZOT","actorId":3}]}\n',
  ])
  expect(second).toEqual(first)
})

test('a byte order mark, \\r\\n, blank lines and a missing last line end are no errors; counts say what was loaded', () =>
  inFresh(async ({ pool }) => {
    const text = `\ufeff${JSON.stringify(ZOT)}\r\n\r\n  \n${JSON.stringify(OOS)}\n${JSON.stringify(fullPatron(5))}`
    const bytes = Buffer.from(text)
    const inPieces = async function* () {
      for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7)
    }
    expect(await importFile(pool, inPieces())).toEqual({
      libraries: 2,
      patrons: 1,
      merged: 0,
      contacts: 2,
      cards: 1,
      subscriptions: 1,
      historyPreferences: 1,
      loans: 1,
      loanHistory: 1,
      holds: 2,
      charges: 1,
      payments: 2,
      messages: 1,
      portalAccounts: 0,
    })
  }))

test('an imported record that was merged away is retired, and its id leads on', () =>
  inFresh(async ({ pool }) => {
    await load(pool, [{ type: 'patron', id: 2, mergedInto: 1 }, fullPatron(1), ZOT, OOS])
    await load(pool, [{ type: 'patron', id: 3, mergedInto: 2 }])
    const { rows } = await pool.query(
      'select id, merged_into, retired_at is not null as retired, live_patron(id) as live from patron where id > 1 order by id',
    )
    expect(rows).toEqual([
      { id: 2, merged_into: 1, retired: true, live: 1 },
      { id: 3, merged_into: 2, retired: true, live: 1 },
    ])
  }))
