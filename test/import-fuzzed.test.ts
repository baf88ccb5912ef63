import fc from 'fast-check'
import type { Client } from 'pg'
import { connect } from '../src/database/pool'
import { isOntdubbelError } from '../src/domain/errors'
import { importFile } from '../src/interchange/load'
import { exported, fullPatron, keptAccounts, OOS, ZOT, type Json } from './import-helpers'
import { freshDatabase, type TestDatabase } from './support/database'
import { PROPERTY_TIMEOUT_MS, runs } from './support/properties'

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

const VALID: Json[] = [
  ZOT,
  fullPatron(1),
  { type: 'patron', id: 2, mergedInto: 3 },
  fullPatron(3),
  { type: 'patron', id: 4, mergedInto: 2 },
  OOS,
  { type: 'portalAccount', id: 'a', links: [{ library: 'ZOT', actorId: 1 }] },
  { type: 'portalAccount', id: 'b', links: [{ library: 'OOS', actorId: 4 }] },
]

/** Where in a record a value is replaced: the n-th of all its values, counted through. */
function replaced(record: Json, at: number, by: unknown): Json {
  const places: [Record<string, unknown>, string][] = []
  const copy = structuredClone(record)
  const walk = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return
    for (const key of Object.keys(value)) {
      places.push([value as Record<string, unknown>, key])
      walk((value as Record<string, unknown>)[key])
    }
  }
  walk(copy)
  const [holder, key] = places[at % places.length]!
  if (by === undefined) delete holder[key]
  else holder[key] = by
  return copy
}

/** Values that stand elsewhere in the file, of other types, at the edges, or anything. */
const otherValue = fc.oneof(
  fc.constantFrom(undefined, null, '', 0, 1, 2, 3, 4, 10, 11, 30, -1, 2 ** 53, 2 ** 31, 1e300, true, false, [], {}),
  fc.constantFrom(
    'ZOT',
    'OOS',
    'AAL',
    'waiting',
    'cancelled',
    'email',
    'F',
    'patron',
    '2026-02-30',
    '9999-12-31',
    '\u0000',
    '\ud800',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.integer({ min: 3_000, max: 3_000 }).map((length) => 'x'.repeat(length)),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
  fc.jsonValue({ maxDepth: 2 }),
)

const values = fc
  .array(fc.tuple(fc.nat(VALID.length - 1), fc.nat(400), otherValue), { minLength: 1, maxLength: 3 })
  .map((changes) => {
    const records = [...VALID]
    for (const [line, at, by] of changes) records[line] = replaced(records[line]!, at, by)
    return Buffer.from(records.map((record) => JSON.stringify(record)).join('\n'))
  })

const lines = fc
  .array(fc.tuple(fc.constantFrom('drop', 'double', 'swap'), fc.nat(100), fc.nat(100)), { minLength: 1, maxLength: 4 })
  .map((changes) => {
    const texts = VALID.map((record) => JSON.stringify(record))
    for (const [what, a, b] of changes) {
      const [at, to] = [a % texts.length, b % texts.length]
      if (what === 'drop') texts.splice(at, 1)
      else if (what === 'double') texts.splice(to, 0, texts[at]!)
      else [texts[at], texts[to]] = [texts[to]!, texts[at]!]
      if (texts.length === 0) break
    }
    return Buffer.from(texts.join('\n'))
  })

const bytes = fc
  .array(fc.tuple(fc.nat(100_000), fc.nat(255), fc.nat(3)), { minLength: 1, maxLength: 5 })
  .map((changes) => {
    let file = Buffer.from(VALID.map((record) => JSON.stringify(record)).join('\n'))
    for (const [at, byte, length] of changes) {
      const place = at % (file.length + 1)
      file = Buffer.concat([file.subarray(0, place), Buffer.of(byte), file.subarray(place + length)])
    }
    return file
  })

async function* inPieces(file: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < file.length; at += size) yield file.subarray(at, at + size)
}

const TABLES = [
  'library',
  'patron',
  'card',
  'subscription',
  'history_preference',
  'loan',
  'loan_history',
  'hold',
  'charge',
  'payment',
  'message',
  'contact',
  'import_file',
]

async function rows(): Promise<number> {
  const counts = TABLES.map((table) => `(select count(*) from ${table})`).join(' + ')
  return (await owner.query<{ n: number }>(`select ${counts} as n`)).rows[0]!.n
}

/**
 * A file is loaded whole, and what the store then exports is a file too; or it is refused with line and path, and the store
 * and the portal are as before.
 */
async function allOrNothing(file: Buffer, size: number): Promise<void> {
  const portal = keptAccounts()
  let refused: unknown
  try {
    await importFile(database.pool, inPieces(file, size), { sendAccounts: portal.sendAccounts })
  } catch (error) {
    refused = error
  }
  if (refused !== undefined) {
    if (!isOntdubbelError(refused)) throw refused
    expect(refused).toMatchObject({ code: 'bad-input', exitCode: 2 })
    expect(refused.details.line).toEqual(expect.any(Number))
    expect(portal.kept.size).toBe(0)
    expect(await rows()).toBe(0)
    return
  }
  const first = await exported(database.pool)
  await owner.query('truncate library, patron, payment, import_file cascade')
  await importFile(database.pool, inPieces(Buffer.from(first.join('')), 1_000))
  expect(await exported(database.pool)).toEqual(first)
  await owner.query('truncate library, patron, payment, import_file cascade')
}

test.each([
  ['values', values, 4],
  ['lines', lines, 2],
  ['bytes', bytes, 3],
] as const)(
  'a file with other %s is loaded whole or refused whole',
  async (_, files, share) => {
    await fc.assert(fc.asyncProperty(files, fc.integer({ min: 1, max: 5_000 }), allOrNothing), runs(share))
  },
  PROPERTY_TIMEOUT_MS,
)

test(
  'mergedInto leads in a circle exactly where following it never ends',
  async () => {
    const graph = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(graph, async (targets) => {
        // record n + 1 leads to targets[n]; 0 and above the end: a live record
        const isMerged = (id: number) =>
          id >= 1 && id <= targets.length && targets[id - 1] !== 0 && targets[id - 1] !== id
        const records = targets.map((target, n) =>
          isMerged(n + 1)
            ? { type: 'patron', id: n + 1, mergedInto: target > targets.length ? 100 : target }
            : { type: 'patron', id: n + 1, lastName: 'x' },
        )
        const ends = (id: number) => {
          let at = id
          for (let steps = 0; steps <= targets.length; steps++) {
            if (!isMerged(at)) return true
            at = targets[at - 1]!
          }
          return false
        }
        const bad = targets.findIndex((_, n) => !ends(n + 1))
        const loading = importFile(
          database.pool,
          inPieces(
            Buffer.from(
              [{ type: 'patron', id: 100, lastName: 'x' }, ...records].map((r) => JSON.stringify(r)).join('\n'),
            ),
            1_000,
          ),
        )
        if (bad === -1) await loading
        else
          await expect(loading).rejects.toMatchObject({
            details: { line: bad + 2, path: 'mergedInto', reason: 'leads in a circle' },
          })
        await owner.query('truncate library, patron, payment, import_file cascade')
      }),
      runs(3),
    )
  },
  PROPERTY_TIMEOUT_MS,
)
