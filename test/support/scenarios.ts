import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

type Json = Record<string, unknown>

/** A worked example of the rules (test/scenarios/README.md). */
export interface Scenario {
  name: string
  says: string
  given: Json[]
  merge: { keep: number; remove: number; on: string; take?: string[] }
  refusal: string | null
  warnings: string[]
  then: Json[] | 'as given'
}

const FOLDER = path.join(__dirname, '..', 'scenarios')

/** Room for the ids of one scenario beside those of the others. */
const ROOM = 10_000

/** All scenarios, each with ids of its own, so that they fit into one database. */
export function scenarios(): Scenario[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file, n) => apart(JSON.parse(readFileSync(path.join(FOLDER, file), 'utf8')) as Scenario, (n + 1) * ROOM))
}

/** The libraries of all scenarios, once. */
export function librariesOf(all: Scenario[]): Json[] {
  const libraries = all.flatMap(({ given }) => given.filter((record) => record.type === 'library'))
  return [...new Map(libraries.map((library) => [library.id, library])).values()]
}

function apart(scenario: Scenario, offset: number): Scenario {
  const then = scenario.then === 'as given' ? scenario.then : scenario.then.map((record) => shifted(record, offset))
  return {
    ...scenario,
    given: scenario.given.map((record) => shifted(record, offset)),
    merge: { ...scenario.merge, keep: scenario.merge.keep + offset, remove: scenario.merge.remove + offset },
    then,
  }
}

/** Numbers that are ids, and card numbers and account ids, become others; all else stays. */
function shifted(record: Json, offset: number): Json {
  if (record.type === 'library') return record
  const shift = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(shift)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => {
        if (['id', 'charge', 'actorId', 'mergedInto'].includes(key) && typeof inner === 'number')
          return [key, inner + offset]
        if (key === 'number' && 'status' in value) return [key, `${String(inner)}-${offset}`]
        return [key, shift(inner)]
      }),
    )
  }
  const moved = shift(record) as Json
  return record.type === 'portalAccount' ? { ...moved, id: `${String(record.id)}-${offset}` } : moved
}

/** A record with what it does not name filled in as empty, its lists in a fixed order: for comparing. */
export function comparable(record: Json): Json {
  if (record.type === 'portalAccount') return { ...record, links: sorted(record.links as Json[]) }
  if (record.mergedInto !== null && record.mergedInto !== undefined) return record
  const whole: Json = { ...EMPTY_PATRON, ...record }
  for (const [key, value] of Object.entries(whole)) {
    if (Array.isArray(value)) whole[key] = sorted(value.map((row: Json) => ({ ...EMPTY_ROWS[key], ...row })))
  }
  if (whole.address !== null)
    whole.address = { street: null, number: null, box: null, postcode: null, city: null, ...(whole.address as Json) }
  return whole
}

const EMPTY_PATRON: Json = {
  firstName: null,
  gender: null,
  birthDate: null,
  address: null,
  nationalNumber: null,
  legitimation: null,
  registeredOnline: false,
  registeredOn: null,
  lastActivityOn: null,
  protected: false,
  internetBlock: null,
  contacts: [],
  cards: [],
  subscriptions: [],
  historyPreferences: [],
  loans: [],
  loanHistory: [],
  holds: [],
  charges: [],
  payments: [],
  messages: [],
  mergedInto: null,
}

const EMPTY_ROWS: Record<string, Json> = {
  contacts: { primary: false },
  cards: { library: null },
  subscriptions: { endsOn: null, stoppedOn: null },
  loans: { renewals: 0, card: null },
  loanHistory: { card: null },
  holds: { reason: null, card: null },
  charges: { inCollection: false },
  messages: { author: null },
}

function sorted(rows: Json[]): Json[] {
  const text = (row: Json) => JSON.stringify(Object.entries(row).sort(([a], [b]) => a.localeCompare(b)))
  return [...rows].sort((a, b) => text(a).localeCompare(text(b)))
}
