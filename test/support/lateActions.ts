import fc from 'fast-check'
import { TABLES, type Table, type Values } from './desk'
import type { ModelRow } from './redirectModel'

/** What happens next; numbers choose among what is there. */
export type Action =
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
export const action: fc.Arbitrary<Action> = fc.oneof(
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

export function pick<T>(from: readonly T[], n: number): T {
  return from[n % from.length]!
}

/** One of the changes that a desk makes to a hold or a contact. */
export function edited({ table, values }: ModelRow, n: number): Values {
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
