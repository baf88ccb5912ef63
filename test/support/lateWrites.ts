import type { Queryable } from '../../src/database/statement'
import { nextId, rowsOf, TABLES, type Desk, type Key, type Table, type Values } from './desk'

/** Two records that are merged, and a third that is not. Both sides are registered at L1, where history is erased. */
export interface Trio {
  kept: number
  removed: number
  third: number
}

/** Where a row must stand in the end: `merged` while the merge stands, `undone` after its reverse; null: nowhere. */
export interface Outcome {
  table: Table
  key: Key
  merged: Values | null
  undone: Values | null
}

/** Something a desk does for, or to a row of, the removed record, not knowing that it is merged meanwhile. */
export interface LateWrite {
  name: string
  /** Makes what the write needs, before the merge; gives its key. */
  prepare?(desk: Desk, trio: Trio): Promise<Key>
  write(desk: Desk, trio: Trio, prepared: Key): Promise<Outcome[]>
  /** What is different where the row was written before the merge was opened, and so met its steps. */
  early?: { merged?: Values | null; undone?: Values | null }
}

/** What everybody has from the start: rules have something to do, and R3 erases history at L1. */
export async function furnish(desk: Desk, { kept, removed }: Trio): Promise<void> {
  for (const patron of [kept, removed]) {
    for (const table of TABLES) if (table !== 'history_preference') await desk.insert(table, { patron })
    await desk.insert('subscription', { patron, library: 'L5', ends_on: '2025-12-31' })
  }
  await desk.insert('history_preference', { patron: removed, library: 'L1' })
  await desk.insert('history_preference', { patron: removed, library: 'L4' })
}

function follows(table: Table, key: Key, trio: Trio, values: Values = {}): Outcome {
  return {
    table,
    key,
    merged: { ...values, patron: trio.kept, written_for: trio.removed },
    undone: { ...values, patron: trio.removed, written_for: null },
  }
}

const nowhere = (table: Table, key: Key): Outcome => ({ table, key, merged: null, undone: null })
const preference = (patron: number, library: string): Key => `${patron}/${library}`

function insertion(table: Exclude<Table, 'history_preference'>, values: Values = {}): LateWrite {
  return {
    name: `a ${table}${Object.keys(values).length > 0 ? ` (${Object.values(values).join(', ')})` : ''}`,
    async write(desk, trio) {
      return [follows(table, await desk.insert(table, { ...values, patron: trio.removed }), trio, values)]
    },
  }
}

/** A row of a third patron that a desk moves to the removed record. */
function moved(table: Exclude<Table, 'history_preference'>): LateWrite {
  return {
    name: `a ${table} of a third patron`,
    prepare: (desk, { third }) =>
      desk.insert(table, { patron: third, ...(table === 'loan_history' ? { library: 'L2' } : {}) }),
    async write(desk, trio, key) {
      await desk.move(table, key, trio.third, trio.removed)
      return [follows(table, key, trio)]
    },
  }
}

const CANCELLED: Values = { status: 'cancelled', reason: 'duplicate-after-merge' }
/** R2 would prefer it to any that waits. */
const EARLY_AND_READY: Values = { status: 'ready', placed_at: '2026-01-01T10:00:00Z' }
const EARLIER: Values = { placed_at: '2026-01-01T10:00:00Z' }
const GIVEN_UP: Values = { status: 'cancelled', reason: 'patron' }
const OPEN_AGAIN: Values = { status: 'ready', reason: null }

/** What needs the removed record itself: each waits for a merge that takes it, or is waited for. */
export const WRITES_FOR_THE_REMOVED: readonly LateWrite[] = [
  insertion('loan'),
  insertion('hold'),
  insertion('charge'),
  insertion('card'),
  insertion('subscription'),
  insertion('message'),
  insertion('contact'),
  insertion('contact', { kind: 'phone', value: '09 211 22 33', is_primary: true }),
  insertion('loan_history', { library: 'L2' }),
  {
    name: 'history at a library where the merge erases it',
    write: async (desk, { removed }) => [
      nowhere('loan_history', await desk.insert('loan_history', { patron: removed })),
    ],
  },
  {
    name: 'a better hold on a title that the kept record has open',
    prepare: (desk, { kept }) => desk.insert('hold', { patron: kept, title: 'wanted by both' }),
    async write(desk, trio) {
      const key = await desk.insert('hold', { ...EARLY_AND_READY, patron: trio.removed, title: 'wanted by both' })
      const { merged, undone } = follows('hold', key, trio)
      return [{ table: 'hold', key, merged: { ...merged, ...CANCELLED }, undone: { ...undone, ...OPEN_AGAIN } }]
    },
    early: { merged: { status: 'ready' } },
  },
  {
    name: 'a contact that the kept record has',
    prepare: (desk, { kept }) => desk.insert('contact', { patron: kept, kind: 'mobile', value: '0470 12 34 56' }),
    async write(desk, trio) {
      const key = await desk.insert('contact', { patron: trio.removed, kind: 'phone', value: '+32 (0)470 12.34.56' })
      return [{ ...follows('contact', key, trio), merged: null }]
    },
  },
  {
    name: 'a primary contact where the kept record has one',
    prepare: (desk, { kept }) =>
      desk.insert('contact', { patron: kept, kind: 'mobile', value: '0470 11 11 11', is_primary: true }),
    async write(desk, trio) {
      const key = await desk.insert('contact', {
        patron: trio.removed,
        kind: 'mobile',
        value: '0470 22 22 22',
        is_primary: true,
      })
      const { merged, undone } = follows('contact', key, trio)
      return [
        { table: 'contact', key, merged: { ...merged, is_primary: false }, undone: { ...undone, is_primary: true } },
      ]
    },
  },
  {
    name: 'a preference',
    async write(desk, trio) {
      await desk.insert('history_preference', { patron: trio.removed, library: 'L2' })
      const { merged, undone } = follows('history_preference', '', trio)
      return [
        { table: 'history_preference', key: preference(trio.kept, 'L2'), merged, undone: null },
        { table: 'history_preference', key: preference(trio.removed, 'L2'), merged: null, undone },
      ]
    },
  },
  {
    name: 'a preference where the kept record has one',
    prepare: (desk, { kept }) => desk.insert('history_preference', { patron: kept, library: 'L3' }),
    async write(desk, trio) {
      await desk.insert('history_preference', { patron: trio.removed, library: 'L3', enabled: false })
      const key = preference(trio.removed, 'L3')
      return [{ table: 'history_preference', key, merged: null, undone: { enabled: false, written_for: null } }]
    },
  },
  ...TABLES.filter((table) => table !== 'history_preference').map(moved),
  {
    name: 'an open hold of a third patron on a title that the kept record has open',
    prepare: async (desk, { kept, third }) => {
      await desk.insert('hold', { patron: kept, title: 'moved' })
      return desk.insert('hold', { ...EARLY_AND_READY, patron: third, title: 'moved' })
    },
    async write(desk, trio, key) {
      await desk.move('hold', key, trio.third, trio.removed)
      const { merged, undone } = follows('hold', key, trio)
      return [{ table: 'hold', key, merged: { ...merged, ...CANCELLED }, undone: { ...undone, ...OPEN_AGAIN } }]
    },
    early: { merged: { status: 'ready' } },
  },
  {
    name: 'a contact of a third patron that the kept record has',
    prepare: async (desk, { kept, third }) => {
      await desk.insert('contact', { patron: kept, value: 'same@example.org' })
      return desk.insert('contact', { patron: third, value: 'Same@Example.org' })
    },
    async write(desk, trio, key) {
      await desk.move('contact', key, trio.third, trio.removed)
      return [{ ...follows('contact', key, trio), merged: null }]
    },
  },
  {
    name: 'a preference of a third patron',
    prepare: (desk, { third }) => desk.insert('history_preference', { patron: third, library: 'L6' }),
    async write(desk, trio, library) {
      await desk.move('history_preference', library, trio.third, trio.removed)
      const { merged, undone } = follows('history_preference', '', trio)
      return [
        { table: 'history_preference', key: preference(trio.kept, 'L6'), merged, undone: null },
        { table: 'history_preference', key: preference(trio.removed, 'L6'), merged: null, undone },
      ]
    },
  },
]

/** Returns that write history for the removed record, and so need it too. */
export const RETURNS: readonly LateWrite[] = [
  {
    name: 'a loan is returned where history is kept',
    prepare: (desk, { removed }) => desk.insert('loan', { patron: removed, library: 'L4' }),
    async write(desk, trio, key) {
      await desk.returnLoan(key)
      return [nowhere('loan', key), follows('loan_history', key, trio)]
    },
  },
  {
    name: 'a loan is returned where the merge erases history',
    prepare: (desk, { removed }) => desk.insert('loan', { patron: removed }),
    async write(desk, _, key) {
      await desk.returnLoan(key)
      return [nowhere('loan', key), nowhere('loan_history', key)]
    },
  },
]

/** Writes for keys that the removed record itself has: before the merge a unique error, from then on the redirect's. */
export const WRITES_OF_ITS_OWN_KEYS: readonly LateWrite[] = [
  {
    name: 'a hold on a title that the removed record has open',
    prepare: (desk, { removed }) => desk.insert('hold', { patron: removed, title: 'one of its own' }),
    async write(desk, trio) {
      const key = await desk.insert('hold', { ...EARLY_AND_READY, patron: trio.removed, title: 'one of its own' })
      return [follows('hold', key, trio, CANCELLED)]
    },
  },
  {
    name: 'a contact that the removed record has',
    prepare: (desk, { removed }) => desk.insert('contact', { patron: removed, value: 'its.own@example.org' }),
    write: async (desk, { removed }) => [
      nowhere('contact', await desk.insert('contact', { patron: removed, value: 'Its.Own@example.org' })),
    ],
  },
]

/** A change of a row of the removed record, by its row id. */
function changed(
  table: Exclude<Table, 'history_preference'>,
  row: Values,
  values: Values,
  more: Partial<Outcome> & { rival?: Values; name?: string } = {},
): LateWrite {
  return {
    name: `${more.name ?? `a ${table} gets`} ${Object.values(values).join(', ')}`,
    prepare: async (desk, { kept, removed }) => {
      if (more.rival) await desk.insert(table, { ...row, ...more.rival, patron: kept })
      return desk.insert(table, { ...row, patron: removed })
    },
    async write(desk, trio, key) {
      await desk.change(table, key, values)
      return [{ ...follows(table, key, trio, values), ...('merged' in more ? { merged: more.merged ?? null } : {}) }]
    },
  }
}

/** Changes of the removed record's own rows: each meets the step that moves the row. */
export const CHANGES_OF_ITS_ROWS: readonly LateWrite[] = [
  changed('loan', {}, { renewals: 1, due_on: '2027-01-01' }),
  changed('hold', { title: 'no longer wanted' }, GIVEN_UP),
  changed('card', {}, { status: 'lost' }),
  changed('message', {}, { text: 'corrected' }),
  changed('contact', {}, { value: 'corrected@example.org' }),
  changed('subscription', {}, { product: 'family' }),
  {
    name: 'a loan is returned where no history is kept',
    prepare: (desk, { removed }) => desk.insert('loan', { patron: removed, library: 'L8' }),
    async write(desk, _, key) {
      await desk.returnLoan(key)
      return [nowhere('loan', key), nowhere('loan_history', key)]
    },
  },
  {
    name: 'a payment',
    prepare: (desk, { removed }) => desk.insert('charge', { patron: removed }),
    async write(desk, trio, key) {
      await desk.pay(key, 200)
      return [follows('charge', key, trio, { paid: 200 })]
    },
  },
  {
    name: 'another e-mail address becomes the primary one',
    prepare: async (desk, { removed }) => {
      const [first, second] = [nextId(), nextId()]
      await desk.insert('contact', { patron: removed, id: first, is_primary: true })
      return desk.insert('contact', { patron: removed, id: second })
    },
    async write(desk, trio, key) {
      await desk.makePrimary(key, Number(key) - 1)
      return [follows('contact', key, trio, { is_primary: true })]
    },
  },
  {
    name: 'a preference is switched off',
    prepare: async (desk, { removed }) => {
      await desk.insert('history_preference', { patron: removed, library: 'L7' })
      return 'L7'
    },
    async write(desk, trio, library) {
      // not by the patron: a desk that has the row open does not ask where it stands now
      await desk.client.query('update history_preference set enabled = false where patron = any($1) and library = $2', [
        [trio.kept, trio.removed],
        library,
      ])
      const { merged, undone } = follows('history_preference', '', trio, { enabled: false })
      return [
        { table: 'history_preference', key: preference(trio.kept, 'L7'), merged, undone: null },
        { table: 'history_preference', key: preference(trio.removed, 'L7'), merged: null, undone },
      ]
    },
  },
  {
    name: 'a message is moved to a third patron',
    prepare: (desk, { removed }) => desk.insert('message', { patron: removed }),
    async write(desk, { removed, third }, key) {
      await desk.move('message', key, removed, third)
      const there = { patron: third, written_for: null }
      return [{ table: 'message', key, merged: there, undone: there }]
    },
  },
]

/** Changes that decide what a rule does with the row: the step must go by the row as it is when it has it. */
export const CHANGES_THAT_DECIDE: readonly LateWrite[] = [
  changed(
    'subscription',
    { ends_on: '2025-12-31' },
    { ends_on: '2028-12-31' },
    { name: 'an expired subscription is renewed until' },
  ),
  changed(
    'subscription',
    { library: 'L3' },
    { stopped_on: '2026-11-01' },
    { name: 'an active subscription is stopped', merged: null },
  ),
  changed(
    'hold',
    { title: 'contested' },
    { status: 'ready' },
    { rival: EARLIER, name: 'a hold that would lose becomes' },
  ),
  changed('hold', { title: 'contested' }, GIVEN_UP, { rival: EARLIER, name: 'a hold that would lose becomes' }),
  changed(
    'contact',
    { value: 'same@example.org' },
    { value: 'not.the.same@example.org' },
    { rival: {}, name: 'a known contact becomes' },
  ),
  changed(
    'contact',
    { value: 'other@example.org' },
    { value: 'SAME@example.org' },
    {
      rival: { value: 'same@example.org' },
      name: 'a contact becomes the known',
      merged: null,
    },
  ),
]

/** Rows that are not where they must be, in words that say which write it was. */
export async function astray(
  db: Queryable,
  done: readonly { write: LateWrite; outcomes: Outcome[] }[],
  state: 'merged' | 'undone',
  early = false,
): Promise<string[]> {
  const found: string[] = []
  const all = done.flatMap(({ outcomes }) => outcomes)
  const there = new Map<Table, Map<Key, Values>>()
  for (const table of new Set(all.map((outcome) => outcome.table))) {
    const keys = all.flatMap((outcome) => (outcome.table === table ? [outcome.key] : []))
    there.set(table, await rowsOf(db, table, keys))
  }
  for (const { write, outcomes } of done) {
    for (const outcome of outcomes) {
      const adjusted = early ? write.early?.[state] : undefined
      const wanted = adjusted && outcome[state] ? { ...outcome[state], ...adjusted, reason: null } : outcome[state]
      const row = there.get(outcome.table)?.get(outcome.key)
      const right =
        wanted === null
          ? row === undefined
          : row !== undefined && Object.entries(wanted).every(([column, value]) => row[column] === value)
      if (!right)
        found.push(`${write.name}: ${state} ${JSON.stringify(row ?? null)} instead of ${JSON.stringify(wanted)}`)
    }
  }
  return found
}

export function trioOf(ids: readonly number[]): Trio {
  const [kept = 0, removed = 0, third = 0] = ids
  return { kept, removed, third }
}

/** A name for a workflow that opens one merge of this file. */
export function workflowOf({ kept, removed }: Trio): { workflowId: string; firstRunId: string } {
  return { workflowId: `merge/${kept}/${removed}`, firstRunId: `${nextId()}` }
}
