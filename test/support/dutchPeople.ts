/**
 * Pairs of made-up people in one interchange file, such that every warning arises and every list has rows. Titles and texts
 * are numbers or Dutch: what reads them back can tell them from words of ours.
 */

const subscription = (id: number, library: string, endsOn: string | null = null) => ({
  id,
  library,
  product: 'gezin',
  startsOn: '2020-02-01',
  endsOn,
})
const loan = (id: number, title: string, renewals = 0) => ({
  id,
  library: 'ZOT',
  item: `0300${id}`,
  title,
  loanedOn: '2026-11-02',
  dueOn: '2026-11-30',
  renewals,
})
const hold = (id: number, title: string, status: string) => ({
  id,
  library: 'ZOT',
  title,
  placedAt: `2026-11-01T1${id % 10}:00:00+01:00`,
  status,
})
const charge = (id: number, kind: string, amount: number, inCollection = false) => ({
  id,
  library: 'ZOT',
  kind,
  amount,
  chargedOn: '2026-02-01',
  inCollection,
})
const returned = (id: number) => ({
  id,
  library: 'ZOT',
  item: `0400${id}`,
  title: `T${id}`,
  loanedOn: '2026-05-01',
  returnedOn: '2026-05-20',
})

/** Of each pair the record that is kept, then the one that is removed. */
export const PAIRS = {
  /** Nearly every warning. */
  rich: [101, 102],
  /** Stopped by two warnings: a stranger's login, and a decision (which REJECTED makes). */
  stranger: [111, 112],
  blockKept: [121, 122],
  staffBlock: [131, 132],
  protected: [141, 142],
  twoNumbers: [151, 152],
  bailiff: [161, 162],
  /** Nothing to tell of: one for each test that needs a merge of its own. */
  plain: [
    [201, 202],
    [211, 212],
    [221, 222],
    [231, 232],
    [241, 242],
    [251, 252],
  ],
} as const

export const REJECTED = `insert into pair_decision (lower_patron, higher_patron, by) values (111, 112, 'an')`

const PEOPLE = [
  ...['ZOT', 'OOS', 'LED'].map((id) => ({ type: 'library', id, name: `Bibliotheek ${id}` })),
  {
    type: 'patron',
    id: 101,
    lastName: 'Peeters',
    firstName: 'Mia',
    gender: 'F',
    birthDate: '1984-03-12',
    registeredOn: '2019-04-02',
    lastActivityOn: '2026-11-02',
    subscriptions: [subscription(1, 'ZOT')],
    historyPreferences: [{ library: 'ZOT', enabled: false }],
    loans: [loan(1, 'T1', 2)],
    holds: [hold(1, 'T2', 'waiting')],
    charges: [charge(1, 'membership', 123_450)],
    payments: [{ id: 1, charge: 1, amount: 100, paidOn: '2026-02-03' }],
    contacts: [{ kind: 'email', value: 'mia@example.org', primary: true }],
    cards: [{ number: 'K101', library: 'ZOT', status: 'active' }],
  },
  {
    type: 'patron',
    id: 102,
    lastName: 'Peters',
    firstName: 'Maria',
    gender: 'M',
    birthDate: '1985-01-01',
    address: { street: 'Dorpsstraat', number: '12', box: '3', postcode: '9620', city: 'Zottegem' },
    legitimation: 'eID 85.01.01-456.99',
    registeredOnline: true,
    registeredOn: '2018-04-02',
    lastActivityOn: '2026-11-12',
    subscriptions: [subscription(2, 'ZOT'), subscription(3, 'LED', '2021-01-31')],
    historyPreferences: [
      { library: 'ZOT', enabled: true },
      { library: 'OOS', enabled: true },
    ],
    loans: [loan(2, 'T4'), loan(3, 'T5')],
    loanHistory: [returned(1), returned(2), { ...returned(3), library: 'OOS' }],
    holds: [
      hold(2, 'T2', 'suspended'),
      hold(3, 'T1', 'waiting'),
      hold(4, 'T3', 'ready'),
      { ...hold(5, 'T6', 'cancelled'), reason: null },
    ],
    charges: [
      charge(2, 'membership', 500),
      charge(3, 'overdue', 120),
      charge(4, 'lost', 1_000),
      charge(5, 'other', 10),
    ],
    payments: [{ id: 2, charge: 4, amount: 1_000, paidOn: '2026-02-03' }],
    contacts: [
      { kind: 'email', value: 'MIA@example.org', primary: true },
      { kind: 'phone', value: '09 360 00 00', primary: true },
      { kind: 'mobile', value: '0470 00 00 00', primary: false },
    ],
    cards: [
      { number: 'K102', library: 'ZOT', status: 'blocked' },
      { number: 'K103', library: 'OOS', status: 'lost' },
    ],
    messages: [
      {
        id: 1,
        library: 'ZOT',
        kind: 'notice',
        text: 'Boek nat',
        createdAt: '2026-03-01T09:00:00+01:00',
        author: 'balie 3',
      },
      {
        id: 2,
        library: 'ZOT',
        kind: 'remark',
        text: 'Belt liever',
        createdAt: '2026-03-02T09:00:00+01:00',
        author: null,
      },
    ],
  },
  { type: 'patron', id: 111, lastName: 'Maes', firstName: 'Jan', nationalNumber: '84031202245' },
  {
    type: 'patron',
    id: 112,
    lastName: 'Maes',
    firstName: 'Jan',
    registeredOnline: true,
    internetBlock: { reason: 'online-registration' },
    subscriptions: [subscription(112, 'OOS')],
  },
  {
    type: 'patron',
    id: 121,
    lastName: 'Claes',
    firstName: 'An',
    nationalNumber: '84031202245',
    registeredOnline: true,
    internetBlock: { reason: 'online-registration' },
  },
  { type: 'patron', id: 122, lastName: 'Claes', firstName: 'An' },
  { type: 'patron', id: 131, lastName: 'Wouters', firstName: 'Els' },
  { type: 'patron', id: 132, lastName: 'Wouters', firstName: 'Els', internetBlock: { reason: 'staff' } },
  { type: 'patron', id: 141, lastName: 'Basisschool', protected: true },
  { type: 'patron', id: 142, lastName: 'Basisschool' },
  { type: 'patron', id: 151, lastName: 'Jacobs', nationalNumber: '79010112358' },
  { type: 'patron', id: 152, lastName: 'Jacobs', nationalNumber: '85010145645' },
  { type: 'patron', id: 161, lastName: 'Mertens' },
  { type: 'patron', id: 162, lastName: 'Mertens', charges: [charge(162, 'lost', 4_000, true)] },
  ...PAIRS.plain.flat().map((id) => ({
    type: 'patron',
    id,
    lastName: `Willems ${Math.floor(id / 10)}`,
    subscriptions: id % 10 === 2 ? [subscription(id, 'ZOT')] : [],
  })),
  {
    type: 'portalAccount',
    id: 'profiel-1',
    links: [
      { library: 'ZOT', actorId: 101 },
      { library: 'ZOT', actorId: 102 },
    ],
  },
  ...PAIRS.plain.map(([, removed]) => ({
    type: 'portalAccount',
    id: `profiel-${removed}`,
    links: [{ library: 'ZOT', actorId: removed }],
  })),
]

/** The interchange file. */
export const PEOPLE_FILE = PEOPLE.map((record) => `${JSON.stringify(record)}\n`).join('')
