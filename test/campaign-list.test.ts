import { PassThrough } from 'node:stream'
import { stringify } from 'csv-stringify/sync'
import fc from 'fast-check'
import { loadCampaign, type LoadOptions } from '../src/campaigns/load'
import { readPairs, type NumberedPair } from '../src/campaigns/pairList'
import type { CampaignOptions, ListedPair } from '../src/domain/campaign'
import { OVERRIDES, TAKE_FIELDS, WARNINGS } from '../src/domain/codes'
import { errorIn } from '../src/domain/errors'
import { failure, inLines } from './import-helpers'
import { freshDatabase, type TestDatabase } from './support/database'
import { PROPERTY_TIMEOUT_MS, runs } from './support/properties'

let database: TestDatabase
beforeAll(async () => (database = await freshDatabase()))
afterAll(() => database.drop())

const OPTIONS: CampaignOptions = {
  name: null,
  on: '2026-11-24',
  accept: [],
  override: [],
  lanes: 2,
  pace: 'desk',
  hours: null,
  first: null,
  by: 'ops',
  reason: null,
}

async function* from(...chunks: (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
  yield* chunks
}

async function read(...chunks: (string | Uint8Array)[]): Promise<NumberedPair[]> {
  const pairs: NumberedPair[] = []
  for await (const pair of readPairs(from(...chunks))) pairs.push(pair)
  return pairs
}

const pair = (keep: number, remove: number, more: Partial<ListedPair> = {}): ListedPair => ({
  keep,
  remove,
  take: [],
  accept: [],
  override: [],
  ...more,
})
const bare = (keep: number, remove: number) => ({ keep, remove })

const store = (given: readonly object[], options: Partial<CampaignOptions> = {}, load: LoadOptions = {}) =>
  loadCampaign(database.pool, readPairs(inLines(given)), { ...OPTIONS, ...options }, load)

interface StoredPair extends Record<string, unknown> {
  n: number
  before: number | null
  also_before: number | null
  followed: boolean
  state: string
}

async function stored(campaign: number): Promise<StoredPair[]> {
  const { rows } = await database.pool.query<StoredPair>(
    `select n, kept, removed, take, accept, override, before, also_before, followed, state, batch, merge, why
     from campaign_pair where campaign = $1 order by n`,
    [campaign],
  )
  return rows
}

describe('NDJSON', () => {
  test('with everything, with lists left out or null, with blank lines and without a last line end', async () => {
    const whole = {
      keep: 1,
      remove: 2,
      take: [...TAKE_FIELDS],
      accept: [...WARNINGS],
      override: [...OVERRIDES],
    }
    const text = `\r\n${JSON.stringify(whole)}\r\n\n  {"remove":4,"keep":3}\n{"keep":5,"remove":5,"take":null,"accept":null,"override":null}`
    expect(await read(text)).toEqual([
      { line: 2, pair: whole },
      { line: 4, pair: pair(3, 4) },
      { line: 5, pair: pair(5, 5) },
    ])
  })

  test('with a byte order mark, and cut anywhere', async () => {
    const bytes = Buffer.from(
      `\ufeff{"keep":1,"remove":2}\n{"keep":9007199254740991,"remove":3,"take":["name","name"]}\n`,
    )
    const expected = [
      { line: 1, pair: pair(1, 2) },
      { line: 2, pair: pair(Number.MAX_SAFE_INTEGER, 3, { take: ['name'] }) },
    ]
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(await read(bytes.subarray(0, at), bytes.subarray(at))).toEqual(expected)
    }
  })
})

describe('CSV', () => {
  const expected = [
    { line: 2, pair: pair(1, 2, { take: ['name', 'blanks'], accept: ['details-differ'] }) },
    { line: 3, pair: pair(3, 4, { override: ['charges-in-collection'] }) },
  ]

  test.each([
    ['commas', 'keep,remove,take,accept,override\n1,2,name blanks,details-differ,\n3,4,,,charges-in-collection\n'],
    [
      'what Belgian Excel writes',
      '\ufeffkeep;remove;take;accept;override\r\n1;2;name blanks;details-differ;\r\n3;4;;;charges-in-collection\r\n',
    ],
    [
      'another order',
      'override;accept;remove;take;keep\n;details-differ;2;name blanks;1\ncharges-in-collection;;4;;3\n',
    ],
    [
      'quoted fields and blanks',
      ' "keep" , remove,"take","accept","override"\n"1","2"," name   blanks ","details-differ",""\n 3 ,4, , ,"charges-in-collection"',
    ],
    [
      'the last empty fields left out',
      'keep;remove;accept;override;take\n1;2;details-differ;;name blanks\n3;4;;charges-in-collection\n',
    ],
    [
      'empty columns and rows more',
      'keep;remove;;take;accept;override;;\n1;2;;name blanks;details-differ;;;\n3;4;;;;charges-in-collection;;\n\n  \n',
    ],
  ])('%s', async (_, text) => {
    expect(await read(text)).toEqual(expected)
  })

  test('the rows that a spreadsheet leaves empty', async () => {
    expect(await read('keep;remove\n;\n1;2\n;\n')).toEqual([{ line: 3, pair: pair(1, 2) }])
  })

  test('without the columns of lists, and with blank lines before', async () => {
    expect(await read('\n \nremove,keep\n2,1\n')).toEqual([{ line: 4, pair: pair(1, 2) }])
  })

  test.each([',', ';'])(
    'whatever csv-stringify writes with "%s" comes back',
    async (delimiter) => {
      const pairs = fc.array(anyPair, { minLength: 1, maxLength: 20 })
      await fc.assert(
        fc.asyncProperty(pairs, fc.boolean(), fc.boolean(), async (given, bom, quoted) => {
          const rows = given.map(({ take, accept, override, ...ids }) => ({
            ...ids,
            take: take.join(' '),
            accept: accept.join(' '),
            override: override.join(' '),
          }))
          const text = stringify(rows, { header: true, delimiter, bom, quoted, record_delimiter: 'windows' })
          expect(await read(text)).toEqual(given.map((each, at) => ({ line: at + 2, pair: each })))
          expect(await read(...given.map((each) => `${JSON.stringify(each)}\n`))).toEqual(
            given.map((each, at) => ({ line: at + 1, pair: each })),
          )
        }),
        runs(),
      )
    },
    PROPERTY_TIMEOUT_MS,
  )
})

const anyId = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })
const anyPair: fc.Arbitrary<ListedPair> = fc.record({
  keep: anyId,
  remove: anyId,
  take: fc.subarray([...TAKE_FIELDS]),
  accept: fc.subarray([...WARNINGS] as string[]),
  override: fc.subarray([...OVERRIDES]),
})

const GOOD = '{"keep":1,"remove":2}\n'
const HEADER = 'keep;remove;take;accept;override\n'
const AN_ID = 'expected a whole number from 1 to 2^53 - 1'

/** What stands in the file, then the whole message. */
const WRONG: [string, string | Buffer, string | RegExp][] = [
  ['half an object', `${GOOD}{"keep":1,`, 'line 2: not JSON'],
  ['CSV after NDJSON', `${GOOD}3;4\n`, 'line 2: not JSON'],
  ['an array in a line', `${GOOD}[]\n`, 'line 2: expected an object'],
  ['bytes of Latin-1', Buffer.from(`${GOOD}{"keep":1,"remove":"\xe9"}`, 'latin1'), 'line 2: not UTF-8'],
  ['bytes of Latin-1 in CSV', Buffer.from('keep;remove\n1;\xe9\n', 'latin1'), 'line 2: not UTF-8'],
  [
    'a line of more than a mebibyte',
    `${GOOD}{"keep":1,"remove":2${' '.repeat(1024 * 1024)}}`,
    'line 2: longer than 1 MiB',
  ],
  ['no removed record', `${GOOD}{"keep":1}\n`, `line 2, remove: missing: ${AN_ID}`],
  ['null for an id', `${GOOD}{"keep":null,"remove":2}\n`, `line 2, keep: ${AN_ID}`],
  ['an id as a text', `${GOOD}{"keep":"7","remove":2}\n`, `line 2, keep: ${AN_ID}`],
  ['the id 0', `${GOOD}{"keep":0,"remove":2}\n`, `line 2, keep: ${AN_ID}`],
  ['an id below 0', `${GOOD}{"keep":-1,"remove":2}\n`, `line 2, keep: ${AN_ID}`],
  ['an id with a fraction', `${GOOD}{"keep":1,"remove":2.5}\n`, `line 2, remove: ${AN_ID}`],
  ['an id of 2^53', `${GOOD}{"keep":1,"remove":9007199254740992}\n`, `line 2, remove: ${AN_ID}`],
  ['a text for a list', `${GOOD}{"keep":1,"remove":2,"take":"name"}\n`, 'line 2, take: expected a list'],
  [
    'a field that cannot be taken',
    `${GOOD}{"keep":1,"remove":2,"take":["name","email"]}\n`,
    'line 2, take[1]: expected one of name, birth-date, gender, address, blanks',
  ],
  [
    'no such warning',
    `${GOOD}{"keep":1,"remove":2,"accept":["charges-in-collection"]}\n`,
    /^line 2, accept\[0\]: expected one of history-erased, .*, rejected-before$/,
  ],
  [
    'a refusal that nobody overrides',
    `${GOOD}{"keep":1,"remove":2,"override":["protected"]}\n`,
    'line 2, override[0]: expected one of different-national-numbers, charges-in-collection',
  ],
  ['null in a list', `${GOOD}{"keep":1,"remove":2,"take":[null]}\n`, /^line 2, take\[0\]: expected one of /],
  ['a key more', `${GOOD}{"keep":1,"remove":2,"on":"2026-11-24"}\n`, 'line 2, on: unknown key'],
  ['a key that may be somebody', `${GOOD}{"keep":1,"remove":2,"Mia 84.03.12":1}\n`, 'line 2: unknown key'],
  ['CSV without a header', '1;2\n3;4\n', 'line 1: column 1 is none of keep, remove, take, accept, override'],
  [
    'a column more',
    'keep,remove,surname\n1,2,x\n',
    'line 1, surname: column 3 is none of keep, remove, take, accept, override',
  ],
  ['a column that is missing', 'keep;take\n1;\n', 'line 1, remove: this column is missing'],
  ['tabs for delimiters', 'keep\tremove\n1\t2\n', 'line 1: column 1 is none of keep, remove, take, accept, override'],
  ['a column twice', 'keep;remove;take;take\n1;2;;\n', 'line 1, take: this column stands there twice'],
  ['a field outside of the columns', `${HEADER}1;2;;;;x\n`, 'line 2: column 6 has no name, and something stands in it'],
  ['no id in CSV', `${HEADER}1;2;;;\n;4;;;name\n`, `line 3, keep: missing: ${AN_ID}`],
  ['a large id as Excel shows it', `${HEADER}1;1,23457E+12\n`, `line 2, remove: ${AN_ID}`],
  ['an id of 2^53 in CSV', `${HEADER}9007199254740992;1\n`, `line 2, keep: ${AN_ID}`],
  ['a sign before an id', `${HEADER}+1;2\n`, `line 2, keep: ${AN_ID}`],
  [
    'no such field in CSV',
    `${HEADER}1;2;name e-mail\n`,
    'line 2, take[1]: expected one of name, birth-date, gender, address, blanks',
  ],
  ['codes with commas between', `${HEADER}1;2;name,blanks\n`, /^line 2, take\[0\]: expected one of /],
  [
    'a field over two lines',
    `${HEADER}1;2;"name\nblanks";;\n`,
    'line 2: quotes that do not enclose one whole field of this line',
  ],
  [
    'a quote inside a field',
    `${HEADER}1;2;na"me;;\n`,
    'line 2: quotes that do not enclose one whole field of this line',
  ],
  ['nothing', '', 'There are no pairs in the list.'],
  ['blank lines', '\n \r\n\ufeff\n', 'There are no pairs in the list.'],
  ['a header alone', HEADER, 'There are no pairs in the list.'],
]

describe('what cannot be taken', () => {
  test.each(WRONG)('%s', async (_, file, message) => {
    const error = await failure(read(file))
    expect(error).toMatchObject({ code: 'bad-input', exitCode: 2 })
    expect(error.message).toEqual(message instanceof RegExp ? expect.stringMatching(message) : message)
  })

  test('the lowest line is told', async () => {
    const error = await failure(read(`${GOOD}{"keep":1}\n`, Buffer.from([0xe9]), '\n{'))
    expect(error.details).toMatchObject({ line: 2, path: 'remove' })
  })

  test('in Dutch too', async () => {
    expect(errorIn(await failure(read(`${HEADER}1;2;x\n`)), 'nl')).toBe(
      'regel 2, take[0]: verwacht: één van name, birth-date, gender, address, blanks',
    )
    expect(errorIn(await failure(read('keep;remove;van\n')), 'nl')).toBe(
      'regel 1, van: kolom 3 is geen van keep, remove, take, accept, override',
    )
  })

  test('is never quoted', async () => {
    const secret = 'Vermassen-84031202245'
    const files = [
      `{"keep":"${secret}","remove":2}`,
      `{"keep":1,"remove":2,"take":["${secret}"]}`,
      `{"keep":1,"remove":2,"${secret}":1}`,
      `{"keep":1,"remove":2,"take":{"${secret}":1}}`,
      `{"keep":${secret}}`,
      `keep;remove;${secret}\n`,
      `${HEADER}${secret};2\n`,
      `${HEADER}1;2;${secret}\n`,
      `${HEADER}1;2;;"${secret}\n`,
      `${HEADER}1;2;;;;${secret}\n`,
    ]
    for (const file of files) {
      const error = await failure(read(file))
      expect(error).toMatchObject({ code: 'bad-input' })
      expect([error.message, errorIn(error, 'nl'), JSON.stringify(error.details)].join()).not.toMatch(/Vermassen|8403/)
    }
  })

  test('a line without end is refused before it fills the memory', async () => {
    const endless = async function* () {
      for (;;) yield Buffer.alloc(64 * 1024, '{')
    }
    expect((await failure(readPairs(endless()).next())).message).toBe('line 1: longer than 1 MiB')
  })
})

describe('a list that is stored', () => {
  test('has its options, its pairs in order, and what each of them is given', async () => {
    const given = [
      pair(11, 12, { take: ['name', 'blanks'] }),
      pair(13, 14, { accept: ['details-differ'] }),
      bare(15, 16),
    ]
    const options: CampaignOptions = {
      name: 'November',
      on: '2026-11-20',
      accept: ['history-erased', 'not-findable'],
      override: ['charges-in-collection'],
      lanes: 3,
      pace: 'full',
      hours: '20:00-06:00',
      first: 2,
      by: 'desk-7',
      reason: 'after the move',
    }
    const id = await store(given, options)
    const { rows } = await database.pool.query(
      `select name, on_date, accept, override, lanes, pace, hours, first, by, reason, pairs, status, workflow_id
       from campaign where id = $1`,
      [id],
    )
    const { on, ...rest } = options
    expect(rows).toEqual([{ ...rest, on_date: on, pairs: 3, status: 'running', workflow_id: null }])
    const none = { take: null, accept: null, override: null, before: null, also_before: null, followed: false }
    const fresh = { ...none, state: 'ready', batch: null, merge: null, why: null }
    expect(await stored(id)).toEqual([
      { ...fresh, n: 1, kept: 11, removed: 12, take: ['name', 'blanks'] },
      { ...fresh, n: 2, kept: 13, removed: 14, accept: ['details-differ'] },
      { ...fresh, n: 3, kept: 15, removed: 16 },
    ])
  })

  test('knows what each pair waits for: of the kept patron, of the removed one, and once where it is the same', async () => {
    const given = [bare(1, 2), bare(3, 4), bare(1, 4), bare(4, 1), bare(5, 5), bare(2, 5), bare(6, 7)]
    expect(
      (await stored(await store(given))).map(({ before, also_before, followed, state }) => [
        before,
        also_before,
        followed,
        state,
      ]),
    ).toEqual([
      [null, null, true, 'ready'],
      [null, null, true, 'ready'],
      [1, 2, true, 'blocked'],
      [3, null, false, 'blocked'],
      [null, null, true, 'ready'],
      [1, 5, false, 'blocked'],
      [null, null, false, 'ready'],
    ])
  })

  test(
    'orders chains, rings, stars and loose pairs as one after the other would',
    async () => {
      await fc.assert(
        fc.asyncProperty(anyList, async (given) => {
          expect((await stored(await store(given))).map(orderOf)).toEqual(modelOf(given))
        }),
        runs(3),
      )
    },
    PROPERTY_TIMEOUT_MS,
  )

  test('is counted while it is read', async () => {
    const told: unknown[] = []
    await store(looseOf(2_500), {}, { onProgress: (progress) => told.push(progress) })
    expect(told).toEqual([
      { stage: 'reading', pairs: 1_000 },
      { stage: 'reading', pairs: 2_000 },
      { stage: 'ordering', pairs: 2_500 },
    ])
  })
})

function looseOf(count: number): ReturnType<typeof bare>[] {
  return Array.from({ length: count }, (_, at) => bare(2 * at + 1, 2 * at + 2))
}

async function* many(count: number): AsyncGenerator<NumberedPair> {
  for (const [at, { keep, remove }] of looseOf(count).entries()) yield { line: at + 1, pair: pair(keep, remove) }
}

const orderOf = ({ n, before, also_before, followed, state }: StoredPair) => ({
  n,
  before,
  also_before,
  followed,
  state,
})

/** The definition, pair by pair: the last earlier pair that names the patron, on whichever side. */
function modelOf(given: readonly { keep: number; remove: number }[]): ReturnType<typeof orderOf>[] {
  const lastOf = (patron: number, at: number) => {
    const last = given.slice(0, at).findLastIndex(({ keep, remove }) => keep === patron || remove === patron)
    return last === -1 ? null : last + 1
  }
  const waits = given.map(({ keep, remove }, at) => [lastOf(keep, at), lastOf(remove, at)] as const)
  return waits.map(([before, other], at) => ({
    n: at + 1,
    before,
    also_before: other === before ? null : other,
    followed: waits.some((each) => each.includes(at + 1)),
    state: before === null && other === null ? 'ready' : 'blocked',
  }))
}

const patrons = (least: number) => fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: least, maxLength: 8 })
const shape = fc.oneof(
  patrons(2).map((ids) => ids.slice(1).map((each, at) => bare(ids[at]!, each))),
  patrons(3).map((ids) => ids.map((each, at) => bare(each, ids[(at + 1) % ids.length]!))),
  patrons(2).map(([centre, ...rays]) => rays.map((ray) => bare(centre!, ray))),
  patrons(2).map(([centre, ...rays]) => rays.map((ray) => bare(ray, centre!))),
  fc
    .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }))
    .map(([keep, remove]) => [bare(keep, remove)]),
)
const anyList = fc
  .array(shape, { minLength: 1, maxLength: 12 })
  .map((shapes) => [...new Map(shapes.flat().map((each) => [`${each.keep} ${each.remove}`, each])).values()])
  .chain((pairs) => fc.shuffledSubarray(pairs, { minLength: pairs.length }))

describe('all or nothing', () => {
  const counts = async () =>
    (
      await database.pool.query(
        `select (select count(*) from campaign) as campaigns, (select count(*) from campaign_pair) as pairs,
           (select count(*) from pg_stat_activity where datname = current_database() and backend_type = 'client backend'
             and xact_start is not null and pid <> pg_backend_pid()) as open`,
      )
    ).rows
  let before: unknown
  beforeAll(async () => (before = await counts()))
  afterEach(async () => expect(await counts()).toEqual(before))

  test('the same pair in the same direction is refused with both lines, and the lowest one is told', async () => {
    const given = [bare(1, 2), bare(3, 4), bare(2, 1), bare(5, 6), bare(5, 6), bare(3, 4), bare(5, 6)]
    const file = given.map((each) => `\n${JSON.stringify(each)}\n`).join('')
    const error = await failure(loadCampaign(database.pool, readPairs(from(file)), OPTIONS))
    expect(error).toMatchObject({ code: 'bad-input', exitCode: 2, details: { line: 10, before: 8 } })
    expect(error.message).toBe('line 10: the same pair stands in line 8 already')
  })

  test('a wrong line after many good ones', async () => {
    const error = await failure(store([...looseOf(30_000), { keep: 1 }]))
    expect(error.message).toBe(`line 30001, remove: missing: ${AN_ID}`)
  })

  test('a list without pairs, whoever gives it', async () => {
    const none = async function* (): AsyncGenerator<NumberedPair> {}
    expect((await failure(loadCampaign(database.pool, none(), OPTIONS))).message).toBe(
      'There are no pairs in the list.',
    )
  })

  test('options that the table refuses', async () => {
    expect(await failure(store(looseOf(10), { lanes: 65 }))).toMatchObject({ code: '23514' })
  })

  test('an input that breaks off', async () => {
    const breaking = async function* () {
      yield* inLines(looseOf(10))
      throw new Error('the disk is gone')
    }
    expect((await failure(loadCampaign(database.pool, readPairs(breaking()), OPTIONS))).message).toBe(
      'the disk is gone',
    )
  })

  test('stopped before it begins', async () => {
    expect(await failure(store(looseOf(10), {}, { signal: AbortSignal.abort() }))).toMatchObject({ code: 'stopped' })
  })

  test('stopped while it waits for input', async () => {
    const input = new PassThrough()
    const stop = new AbortController()
    input.write(GOOD)
    const loading = failure(loadCampaign(database.pool, readPairs(input), OPTIONS, { signal: stop.signal }))
    // it has read what there is, and asks for more
    while (input.readableLength > 0) await new Promise((resolve) => setImmediate(resolve))
    stop.abort()
    expect(await loading).toMatchObject({ code: 'stopped', exitCode: 1, message: 'stopped; nothing was loaded' })
    input.end()
  })

  test.each(['reading', 'ordering'] as const)('stopped while it is %s', async (when) => {
    const stop = new AbortController()
    const onProgress: LoadOptions['onProgress'] = ({ stage, pairs }) => {
      if (stage === when && pairs >= 20_000) stop.abort()
    }
    const loading = failure(loadCampaign(database.pool, many(30_000), OPTIONS, { signal: stop.signal, onProgress }))
    expect(await loading).toMatchObject({ code: 'stopped', exitCode: 1 })
  })

  test('stopped in the middle of its longest statement', async () => {
    const stop = new AbortController()
    let over = false
    const loading = failure(loadCampaign(database.pool, many(60_000), OPTIONS, { signal: stop.signal })).finally(
      () => (over = true),
    )
    const inserting = `select from pg_stat_activity where datname = current_database() and state = 'active'
      and query like '%insert into campaign_pair%' and pid <> pg_backend_pid()`
    while (!over && (await database.pool.query(inserting)).rowCount === 0) await new Promise((go) => setImmediate(go))
    stop.abort()
    expect(await loading).toMatchObject({ code: 'stopped', exitCode: 1 })
  })
})
