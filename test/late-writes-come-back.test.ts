import fc from 'fast-check'
import type { Pool } from 'pg'
import { untilFree } from '../src/database/again'
import { sqlState } from '../src/database/failures'
import { connect, createPool } from '../src/database/pool'
import { inMergeTransaction } from '../src/database/transaction'
import { TRANSFERS, type TransferName } from '../src/domain/plan'
import { openSingle } from '../src/merges/openSingle'
import { abandonSingle, doStep, retireSingle } from '../src/merges/stepSingle'
import { createMerge } from '../src/merges/store'
import { mergeGroup } from '../src/steps/group'
import { takeBack } from '../src/steps/undo'
import { freshDatabase, type TestDatabase } from './support/database'
import {
  Desk,
  makeLibraries,
  nextId,
  registerPatrons,
  rowOf,
  TABLES,
  until,
  type Key,
  type Table,
  type Values,
} from './support/desk'
import { workflowOf } from './support/lateWrites'
import { RedirectModel, Taken, type ModelRow } from './support/redirectModel'

const RUNS = Number(process.env.PROPERTY_RUNS ?? 40)
/** Of sequences; a failing one is made shorter too. */
const TIME_MS = 60_000 + RUNS * 3_000
const PATRONS = 4
const BY = { by: 'test', on: '2026-11-24', accept: ['history-erased'] as 'history-erased'[] }

let database: TestDatabase
let pool: Pool
/** The second one's clock is set to another time zone. */
let desks: Desk[]
beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool(database.url, { pipeline: true })
  await makeLibraries(database.pool)
  desks = [await Desk.open(database.url), await Desk.open(database.url, 'repeatable read')]
  await desks[1]?.client.query(`set timezone to 'Australia/Eucla'`)
})
afterAll(async () => {
  for (const desk of desks ?? []) await desk.close()
  await pool?.end()
  await database?.drop()
})

/** What happens next; numbers choose among what is there. */
type Action =
  | { do: 'insert'; table: Table; patron: number; values: Values; card: number }
  | { do: 'move' | 'edit' | 'return' | 'remove'; row: number; other: number; desk: number }
  | { do: 'merge' | 'open'; kept: number; removed: number }
  | { do: 'step' | 'finish' | 'abandon' | 'undo'; which: number; other: number }

const library = fc.constantFrom('L1', 'L2')
const EMAILS = ['an@example.org', 'An@Example.org', 'bo@example.org']
const NUMBERS = ['0470 12 34 56', '+32 470 12 34 56', '09 211 22 33']
/** Small on purpose: both sides often have the same key. */
const VALUES: Record<Table, fc.Arbitrary<Values>> = {
  loan: fc.record({ library }),
  loan_history: fc.record({ library }),
  hold: fc.record({
    library,
    title: fc.constantFrom('wanted', 'also wanted'),
    placed_at: fc.constantFrom('2026-11-01T10:00:00Z', '2026-11-02T10:00:00Z'),
    status: fc.constantFrom('waiting', 'waiting', 'ready', 'suspended', 'cancelled'),
  }),
  charge: fc.constant({}),
  message: fc.constant({}),
  card: fc.constant({}),
  subscription: fc.record({ library, ends_on: fc.constantFrom('2025-12-31', '2027-12-31') }),
  contact: fc.oneof(
    fc.record({ kind: fc.constant('email'), value: fc.constantFrom(...EMAILS), is_primary: fc.boolean() }),
    fc.record({
      kind: fc.constantFrom('phone', 'mobile'),
      value: fc.constantFrom(...NUMBERS),
      is_primary: fc.boolean(),
    }),
  ),
  history_preference: fc.record({ library, enabled: fc.boolean() }),
}

const number = fc.nat({ max: 999 })
/** What rules collide on comes more often. */
const WRITTEN: Table[] = [
  ...TABLES,
  'hold',
  'hold',
  'hold',
  'contact',
  'contact',
  'contact',
  'loan',
  'history_preference',
]
const insert = fc.constantFrom(...WRITTEN).chain((table) =>
  fc.record({
    do: fc.constant('insert' as const),
    table: fc.constant(table),
    patron: number,
    values: VALUES[table],
    card: number,
  }),
)
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 12, arbitrary: insert },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('move', 'edit', 'edit', 'return', 'remove'),
      row: number,
      other: number,
      desk: number,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('merge', 'merge', 'open'), kept: number, removed: number }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('step', 'step', 'step', 'finish', 'abandon', 'undo', 'undo'),
      which: number,
      other: number,
    }),
  },
)

/** The same things done to the database by desks and merges, and to the model. */
class Both {
  readonly model = new RedirectModel()
  private readonly merges: { id: number; left: TransferName[]; merge: ReturnType<RedirectModel['open']> }[] = []

  constructor(readonly patrons: readonly number[]) {}

  /** Does it where it is possible; false where it is not. */
  async happen(action: Action): Promise<void> {
    switch (action.do) {
      case 'insert':
        return this.insert(action)
      case 'merge':
      case 'open':
        return this.merge(action)
      case 'step':
      case 'finish':
      case 'abandon':
      case 'undo':
        return this.steer(action.do, action.which, action.other)
      default:
        return this.change(action.do, action)
    }
  }

  /** Finishes what is under way, then takes everything back, the last first; looks after each. */
  async takeAllBack(): Promise<void> {
    for (const { merge } of this.merges) if (merge.state === 'open') await this.steer('finish', 0, 0)
    await this.compare()
    while (this.merges.some(({ merge }) => merge.state === 'retired')) {
      await this.steer('undo', 0, 0)
      await this.compare()
    }
  }

  /** A unique error at the desk and in the model, or in neither. */
  private async atDesk(desk: number, work: (desk: Desk) => Promise<unknown>, model: () => void): Promise<void> {
    const error = await pick(desks, desk)
      .transaction(work)
      .then(
        () => null,
        (thrown: unknown) => thrown,
      )
    if (error !== null && sqlState(error) !== '23505') throw error
    let taken = false
    try {
      model()
    } catch (thrown) {
      if (!(thrown instanceof Taken)) throw thrown
      taken = true
    }
    expect({ taken: error !== null }).toEqual({ taken })
  }

  private async insert({ table, patron: at, values, card }: Extract<Action, { do: 'insert' }>): Promise<void> {
    // for one that is merged away as often as not
    const merged = this.patrons.filter((one) => this.model.live(one) !== one)
    const patron = pick(merged.length > 0 && card % 2 === 0 ? merged : this.patrons, at)
    const cards = this.model.rows.filter((row) => row.table === 'card')
    const made = ['loan', 'loan_history', 'hold'].includes(table) && cards.length > 0 && card % 3 > 0
    const whole: Values = made ? { ...values, card: pick(cards, card).key } : values
    const id = nextId()
    const key: Key = table === 'history_preference' ? `${patron}/${values.library}` : table === 'card' ? `c${id}` : id
    const row = table === 'history_preference' ? whole : table === 'card' ? { ...whole, number: key } : { ...whole, id }
    await this.atDesk(
      at + card,
      (desk) => desk.insert(table, { ...row, patron }),
      () => this.model.insert(table, key, patron, whole),
    )
  }

  private async change(
    what: 'move' | 'edit' | 'return' | 'remove',
    { row: at, other, desk }: { row: number; other: number; desk: number },
  ): Promise<void> {
    const candidates = this.model.rows.filter(({ table }) =>
      what === 'return'
        ? table === 'loan'
        : what === 'edit'
          ? table === 'hold' || table === 'contact'
          : table !== 'history_preference' || what === 'move',
    )
    if (candidates.length === 0) return
    const row = pick(candidates, at)
    const table = row.table as Exclude<Table, 'history_preference'>
    if (what === 'return')
      return this.atDesk(
        desk,
        (d) => d.returnLoan(row.key),
        () => this.model.returnLoan(row),
      )
    if (what === 'remove')
      return this.atDesk(
        desk,
        (d) => d.remove(table, row.key),
        () => this.model.remove(row),
      )
    if (what === 'move') {
      const to = pick(this.patrons, other)
      if (to === row.patron) return
      const key = row.table === 'history_preference' ? String(row.values.library) : row.key
      return this.atDesk(
        desk,
        (d) => d.move(row.table, key, row.patron, to),
        () => this.model.move(row, to),
      )
    }
    const values = edited(row, other)
    return this.atDesk(
      desk,
      (d) => d.change(table, row.key, values),
      () => this.model.change(row, values),
    )
  }

  private async merge({ do: how, kept: k, removed: r }: Extract<Action, { do: 'merge' | 'open' }>): Promise<void> {
    const { model } = this
    const underWay = this.merges.filter(({ merge }) => merge.state === 'open').map(({ merge }) => merge.kept)
    const free = this.patrons.filter((one) => model.live(one) === one && !underWay.includes(one))
    if (free.length < 2) return
    const kept = pick(free, k)
    const removed = pick(
      free.filter((one) => one !== kept),
      r,
    )
    const asked = { keep: kept, remove: removed, ...BY }
    const merge = model.open(kept, removed)
    if (how === 'open') {
      const opened = await openSingle(pool, asked, workflowOf({ kept, removed, third: 0 }), 1)
      expect(opened.then).toBe('go-on')
      this.merges.push({ id: opened.merge ?? 0, left: [...TRANSFERS], merge })
      return
    }
    const id = (await createMerge(pool, asked, null)) ?? 0
    const client = await pool.connect()
    const { merged } = await mergeGroup(client, [id]).finally(() => client.release())
    expect(merged).toEqual([id])
    for (const name of TRANSFERS) model.step(merge, name)
    model.retire(merge)
    this.merges.push({ id, left: [], merge })
  }

  private async steer(what: 'step' | 'finish' | 'abandon' | 'undo', which: number, other: number): Promise<void> {
    const { model } = this
    const possible = this.merges.filter(({ merge }, n) =>
      what === 'undo' ? merge.state === 'retired' && !this.laterStands(n) : merge.state === 'open',
    )
    if (possible.length === 0) return
    const { id, left, merge } = pick(possible, which)
    if (what === 'undo') {
      const undone = await inMergeTransaction(pool, (client) =>
        takeBack(client, [id], { from: ['retired'], to: 'undone' }),
      )
      expect(undone).toEqual([id])
      return model.undo(merge)
    }
    if (what === 'abandon') {
      expect(await abandonSingle(pool, id)).toBe(true)
      return model.undo(merge)
    }
    const steps = what === 'finish' ? left.splice(0) : left.splice(other % (left.length || 1), 1)
    for (const name of steps) {
      await doStep(pool, id, name, 1)
      model.step(merge, name)
    }
    if (what !== 'finish') return
    await retireSingle(pool, id, 1)
    model.retire(merge)
  }

  /** An undo is refused while a later merge has the kept record on either side. */
  private laterStands(n: number): boolean {
    const { kept } = this.merges[n]!.merge
    return this.merges
      .slice(n + 1)
      .some(({ merge }) => merge.state !== 'over' && [merge.kept, merge.removed].includes(kept))
  }

  async compare(): Promise<void> {
    const { rows } = await database.pool.query<{ line: string }>(STANDING, [this.patrons])
    expect(rows.map(({ line }) => line).sort()).toEqual(
      [...this.model.rows.map(lineOf), ...this.model.notes.map(noteLine)].sort(),
    )
  }
}

function pick<T>(from: readonly T[], n: number): T {
  return from[n % from.length]!
}

function edited({ table, values }: ModelRow, n: number): Values {
  if (table === 'hold')
    return pick<Values>(
      [
        { status: 'cancelled', reason: 'patron' },
        { status: 'ready', reason: null },
        { placed_at: '2026-11-03T10:00:00Z' },
      ],
      n,
    )
  const value = pick(values.kind === 'email' ? EMAILS : NUMBERS, n)
  return pick<Values>([{ value }, { is_primary: true }, { is_primary: false }], n >> 2)
}

/** The columns that rules look at or change. */
const COMPARED: Record<Table, string[]> = {
  loan: ['library', 'card'],
  loan_history: ['library', 'card'],
  hold: ['library', 'title', 'placed_at', 'status', 'reason', 'card'],
  charge: [],
  message: [],
  card: [],
  subscription: ['library', 'ends_on', 'stopped_on'],
  contact: ['kind', 'value', 'is_primary'],
  history_preference: ['library', 'enabled'],
}

const KEYS: Partial<Record<Table, string>> = { card: 'number', history_preference: `patron || '/' || library` }
const STANDING = [
  ...Object.entries(COMPARED).map(([table, columns]) => {
    const values = columns.map((column) =>
      column === 'placed_at'
        ? `to_char(placed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`
        : `${column}::text`,
    )
    return `select concat_ws(' ', '${table}', ${KEYS[table as Table] ?? 'id'}, patron, 'for', coalesce(written_for::text, '-'), ${values
      .map((value) => `coalesce(${value}, '-')`)
      .join(', ')}${values.length > 0 ? '' : `null`}) as line from ${table} where patron = any($1)`
  }),
  `select concat_ws(' ', 'note', tbl, coalesce(row_id, '-'), written_for, stood_on) from redirect_note where stood_on = any($1)`,
].join(' union all ')

function lineOf({ table, key, patron, writtenFor, values }: ModelRow): string {
  const shown = COMPARED[table].map((column) => String(values[column] ?? '-'))
  return [table, key, patron, 'for', writtenFor ?? '-', ...shown].join(' ')
}

function noteLine({ first, key, stoodOn }: RedirectModel['notes'][number]): string {
  return ['note', first.table, key ?? '-', first.patron, stoodOn].join(' ')
}

test(
  'whatever merges, chains, desks and undos come in whatever order, every row is where the rules say, and comes back',
  async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { minLength: 30, maxLength: 60, size: 'max' }), async (actions) => {
        const both = new Both(await registerPatrons(database.pool, PATRONS))
        for (const action of actions) {
          await both.happen(action)
          await both.compare()
        }
        await both.takeAllBack()
      }),
      { numRuns: RUNS },
    )
  },
  TIME_MS,
)

/** A merge of two fresh records, as a group; and a third record beside them. */
async function mergedTrio(furnish: (kept: number, removed: number) => Promise<unknown> = async () => {}) {
  const [kept = 0, removed = 0, third = 0] = await registerPatrons(database.pool, 3)
  await furnish(kept, removed)
  const merge = (await createMerge(pool, { keep: kept, remove: removed, ...BY }, null)) ?? 0
  const client = await pool.connect()
  await mergeGroup(client, [merge]).finally(() => client.release())
  return { kept, removed, third, merge }
}

function undoing(merges: readonly number[], onWait?: () => void): Promise<number[]> {
  const back = () => inMergeTransaction(pool, (client) => takeBack(client, merges, { from: ['retired'], to: 'undone' }))
  return untilFree(back, { onWait })
}

test.each(['loan', 'loan_history', 'hold'] as const)(
  'a %s made with a card of the removed record, and not committed when the merge is taken back, goes back with it',
  async (table) => {
    const desk = await Desk.open(database.url)
    try {
      const { kept, removed, merge } = await mergedTrio((_, patron) =>
        desk.insert('card', { patron, number: `c${patron}` }),
      )
      await desk.begin()
      const key = await desk.insert(table, { patron: kept, card: `c${removed}` })
      let waits = 0
      const back = undoing([merge], () => waits++)
      await Promise.race([until('the reverse waits for the desk', () => waits > 0), back])
      await desk.commit()
      await back
      expect(await rowOf(database.pool, table, key)).toMatchObject({ patron: removed, written_for: null })
    } finally {
      await desk.close()
    }
  },
)

test('a hold that the redirect cancelled and a desk then moved to a third patron stays with the third', async () => {
  const desk = desks[0]!
  const { kept, removed, third, merge } = await mergedTrio((patron) => desk.insert('hold', { patron, title: 'wanted' }))
  const key = await desk.insert('hold', { patron: removed, title: 'wanted' })
  await desk.move('hold', key, kept, third)
  await undoing([merge])
  expect(await rowOf(database.pool, 'hold', key)).toMatchObject({
    patron: third,
    written_for: null,
    status: 'cancelled',
  })
})

test('a hold of a third patron, brought there by another merge, that a desk moves to the removed record goes back as that record’s own', async () => {
  const desk = desks[0]!
  const { kept, removed, merge } = await mergedTrio((patron) => desk.insert('hold', { patron, title: 'wanted' }))
  let key: Key = 0
  const other = await mergedTrio(async (_, patron) => (key = await desk.insert('hold', { patron, title: 'wanted' })))
  await desk.move('hold', key, other.kept, removed)
  expect(await rowOf(database.pool, 'hold', key)).toMatchObject({
    patron: kept,
    written_for: removed,
    status: 'cancelled',
  })
  await undoing([merge])
  expect(await rowOf(database.pool, 'hold', key)).toMatchObject({
    patron: removed,
    written_for: null,
    status: 'waiting',
  })
})

test('the reverse of several merges takes every removed record as a merge does: no desk can write for one meanwhile', async () => {
  const trios = await Promise.all([1, 2, 3].map(() => mergedTrio()))
  const removed = trios.map((trio) => trio.removed)
  await inMergeTransaction(
    pool,
    async (client) => {
      await takeBack(
        client,
        trios.map(({ merge }) => merge),
        { from: ['retired'], to: 'undone' },
      )
      const { rows } = await database.pool.query('select id from patron where id = any($1) for key share skip locked', [
        removed,
      ])
      expect(rows).toEqual([])
    },
    { limited: false },
  )
})
