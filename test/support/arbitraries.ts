/**
 * Random patrons and merges. The domains are small on purpose, so that both sides often hold the same key of every unique
 * index: three libraries, three titles, a handful of contacts in many spellings, dates around the merge date.
 */
import fc from 'fast-check'
import { blankPatron, type Contact, type Hold, type PatronRecord } from './records'

/** The merge date of all random merges, and the days around it. */
export const ON = '2026-11-24'
export const LIBRARIES = ['ZOT', 'OOS', 'GNT'] as const

const [EVE, DAY_AFTER] = ['2026-11-23', '2026-11-25']
// one library more than the others: there both sides meet
const library = fc.constantFrom('ZOT', ...LIBRARIES)
const title = fc.constantFrom('T1', 'T2', 'T3')
const often = <T>(value: T, others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(value) }, fc.constantFrom(...others))
export const rarely = (oneIn: number) => fc.nat(oneIn - 1).map((n) => n === oneIn - 1)

/** Groups of spellings of one contact each. */
const SPELLINGS: Record<Contact['kind'], string[]> = {
  email: ['mia@example.org', 'MIA@Example.org', 'm.janssens@example.net', 'geen', 'no address at all'],
  phone: [
    '09 360 11 22',
    '+32 9 360 11 22',
    '0032 (0)9/360.11.22',
    '+32 09 360 11 22',
    '+31 20 123 45 67',
    '0031 (0) 20 1234567',
  ],
  mobile: [
    '0470 12 34 56',
    '+32 (0)470 123456',
    '+32 0470 12 34 56',
    '+49 (0) 30 901820',
    "enkel 's avonds",
    "enkel's  avonds",
    '12',
  ],
}
const contact = fc.constantFrom<Contact['kind']>('email', 'phone', 'mobile').chain((kind) =>
  fc.record({
    kind: fc.constant(kind),
    // what is a phone number is noted as a mobile one now and then, and the other way round
    value: fc.constantFrom(
      ...(kind === 'email'
        ? SPELLINGS.email
        : [...SPELLINGS[kind], SPELLINGS.phone[0], SPELLINGS.mobile[0]].map(String)),
    ),
    primary: fc.boolean(),
  }),
)

const cardNoted = fc.constantFrom(null, null, 'A', 'B', 'bus 4')
const hold = fc
  .record({
    library,
    title,
    placedAt: fc.constantFrom(
      '2026-11-01T09:00:00.000Z',
      '2026-11-01T09:00:00.000Z',
      '2026-11-02T09:00:00.000Z',
      '2026-10-25T00:30:00.000Z',
    ),
    status: fc.constantFrom<Hold['status']>('waiting', 'waiting', 'ready', 'suspended', 'cancelled'),
    card: cardNoted,
    because: fc.constantFrom(null, 'too-late', 'duplicate-after-merge'),
  })
  .map(({ because, ...rest }) => ({ ...rest, reason: rest.status === 'cancelled' ? because : null }))

const charge = fc.record({
  library,
  kind: fc.constantFrom<PatronRecord['charges'][number]['kind'][]>(
    'membership',
    'membership',
    'membership',
    'overdue',
    'lost',
    'hold',
    'other',
  ),
  amount: fc.constantFrom(0, 500, 500, 1000),
  chargedOn: fc.constantFrom('2026-02-01', EVE, ON),
  inCollection: rarely(6),
  /** Hundredths of the amount, in parts. */
  paid: fc.constantFrom([], [], [50], [100], [20, 30], [60, 40], [0]),
})

/** No number, a valid one, one with wrong check digits, another valid one, a wrong one before a valid one. */
const LEGITIMATIONS = [
  null,
  null,
  '',
  'rijbewijs 12345',
  'eID 84.03.12-022.45',
  'eID 840312 022 45',
  'eID 84.03.12-022.46',
  'paspoort 12 84.03.12-024.43',
  'eID 84.03.12-022.46 of 84.03.12-022.45',
]

/** A record without ids: they are given when the whole world is known, so that the lower id is on either side. */
export const body = fc.record({
  rank: fc.nat(9),
  lastName: fc.constantFrom('Janssens', 'Janssens', 'Janssens', 'Janssens', 'Janssens', 'Vandenbroucke', ' '),
  firstName: fc.constantFrom<(string | null)[]>('Mia', 'Mia', 'Mia', 'Lotte', null, '', ' '),
  gender: fc.constantFrom<PatronRecord['gender'][]>('F', 'F', 'F', 'M', 'X', null),
  birthDate: fc.constantFrom('1984-03-12', '1984-03-12', '1984-03-12', '1990-01-01', null),
  address: fc.constantFrom(
    null,
    { street: 'Dorpsstraat', number: '12', box: '3', postcode: '9620', city: 'Zottegem' },
    { street: 'Dorpsstraat', number: '12', box: null, postcode: '9620', city: 'Zottegem' },
    { street: null, number: null, box: null, postcode: '9000', city: 'Gent' },
  ),
  nationalNumber: often(null, [null, null, '84031202245', '84031202443']),
  legitimation: fc.constantFrom(...LEGITIMATIONS),
  registeredOnline: fc.boolean(),
  registeredOn: fc.constantFrom(null, '2018-01-09', '2021-05-03'),
  lastActivityOn: fc.constantFrom(null, '2024-06-01', '2026-11-02'),
  protected: rarely(40),
  internetBlock: fc.constantFrom<PatronRecord['internetBlock'][]>(null, null, 'online-registration', 'staff'),
  contacts: fc.array(contact, { maxLength: 5 }),
  cards: fc.array(fc.record({ library: fc.option(library), status: fc.constantFrom('active', 'blocked', 'lost') }), {
    maxLength: 2,
  }),
  subscriptions: fc.array(
    fc.record({
      library,
      product: fc.constantFrom('adult', 'reduced'),
      startsOn: fc.constantFrom('2025-01-01', ON, '2026-12-01'),
      endsOn: fc.constantFrom(null, '2025-12-31', EVE, ON, DAY_AFTER, '2027-01-31'),
      stoppedOn: fc.constantFrom(null, null, null, '2026-01-01', EVE, ON, DAY_AFTER),
    }),
    { maxLength: 4 },
  ),
  historyPreferences: fc.uniqueArray(fc.record({ library, enabled: fc.boolean() }), {
    maxLength: 3,
    selector: (row) => row.library,
  }),
  loans: fc.array(
    fc.record({
      library,
      item: fc.constantFrom('I1', 'I2'),
      title,
      loanedOn: fc.constant('2026-11-02'),
      dueOn: fc.constantFrom(EVE, '2026-12-01'),
      renewals: fc.nat(2),
      card: cardNoted,
    }),
    { maxLength: 2 },
  ),
  loanHistory: fc.array(
    fc.record({
      library,
      item: fc.constantFrom('I1', 'I2'),
      title,
      loanedOn: fc.constant('2026-05-01'),
      returnedOn: fc.constantFrom('2026-05-20', EVE),
      card: cardNoted,
    }),
    { maxLength: 3 },
  ),
  holds: fc.array(hold, { maxLength: 4 }),
  charges: fc.array(charge, { maxLength: 4 }),
  messages: fc.array(
    fc.record({
      library,
      kind: fc.constantFrom('notice' as const, 'remark' as const),
      text: fc.constantFrom('Adres nakijken', 'Betaalt met gepast geld'),
      createdAt: fc.constant('2026-03-01T08:00:00.000Z'),
      author: fc.constantFrom(null, 'desk-3'),
    }),
    { maxLength: 2 },
  ),
})
export type Body = typeof body extends fc.Arbitrary<infer T> ? T : never

/** Patrons 1 to `count`, with all that hangs on them. */
export function records(bodies: Body[]): PatronRecord[] {
  // ids go by rank, so that now the one record has the lower ones, now the other
  const byRank = bodies.map((_, n) => n).sort((a, b) => (bodies[a]?.rank ?? 0) - (bodies[b]?.rank ?? 0))
  let next = 1
  const made = new Map<number, PatronRecord>()
  for (const n of byRank) {
    const given = bodies[n]
    if (given)
      made.set(
        n,
        recordOf(n + 1, given, () => next++),
      )
  }
  return bodies.map((_, n) => made.get(n) ?? blankPatron(n + 1))
}

function recordOf(id: number, { rank: _, cards, charges, ...given }: Body, next: () => number): PatronRecord {
  const withIds = <T extends object>(rows: T[]) => rows.map((row) => ({ ...row, id: next() }))
  const owed = withIds(charges)
  return blankPatron(id, {
    ...given,
    contacts: withIds(onePrimaryEach(given.contacts)),
    cards: cards.map(
      (card, n) => ({ ...card, number: `${'ABC'[id - 1] ?? 'D'}${n === 0 ? '' : n}` }) as PatronRecord['cards'][number],
    ),
    subscriptions: withIds(given.subscriptions),
    loans: withIds(given.loans),
    loanHistory: withIds(given.loanHistory),
    holds: withIds(oneOpenEach(given.holds)),
    charges: owed.map(({ paid: _parts, ...row }) => row),
    payments: owed.flatMap(({ id: owes, amount, paid }) =>
      withIds(paid.map((part) => ({ charge: owes, amount: (amount * part) / 100, paidOn: '2026-10-01' }))),
    ),
    messages: withIds(given.messages),
  })
}

/** A patron has at most one primary contact of a kind. */
function onePrimaryEach(contacts: Omit<Contact, 'id'>[]): Omit<Contact, 'id'>[] {
  const marked = new Set<string>()
  return contacts.map((one) => {
    const first = one.primary && !marked.has(one.kind)
    if (first) marked.add(one.kind)
    return { ...one, primary: first }
  })
}

/** A patron has at most one open hold for a title and pickup library: a second one was cancelled. */
function oneOpenEach<T extends Omit<Hold, 'id'>>(holds: T[]): T[] {
  const open = new Set<string>()
  return holds.map((one) => {
    const key = `${one.library} ${one.title}`
    if (one.status !== 'cancelled' && !open.has(key)) {
      open.add(key)
      return one
    }
    return { ...one, status: 'cancelled', reason: one.reason ?? 'too-late' }
  })
}
