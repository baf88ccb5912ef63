import { benchPairIds, benchPairs } from '../src/generator/benchPairs'
import { generateConsortium, truePairs } from '../src/generator/consortium'
import { demoConsortium } from '../src/generator/demo'
import type { InterchangeRecord, PatronRecord, PortalAccountRecord } from '../src/generator/records'
import { contradictionIn } from '../src/interchange/contradiction'
import { libraryRecord, patronRecord, portalAccountRecord } from '../src/interchange/schema'

const TODAY = '2026-11-24'
const LISTS = [
  'contacts',
  'cards',
  'subscriptions',
  'historyPreferences',
  'loans',
  'loanHistory',
  'holds',
  'charges',
  'payments',
  'messages',
] as const

const consortium = [...generateConsortium({ seed: 7, patrons: 5_000, childRows: 8 })]
const patrons = patronsOf(consortium)
const byId = new Map(patrons.map((patron) => [patron.id, patron]))
const pairs = [...truePairs({ seed: 7, patrons: 5_000, childRows: 8 })]
const bench = [...benchPairs({ seed: 3, pairs: 800 })]
const demo = demoConsortium()

function patronsOf(records: Iterable<InterchangeRecord>): PatronRecord[] {
  return [...records].filter((record) => record.type === 'patron')
}

function accountsOf(records: Iterable<InterchangeRecord>): PortalAccountRecord[] {
  return [...records].filter((record) => record.type === 'portalAccount')
}

function text(records: Iterable<InterchangeRecord>): string {
  return [...records].map((record) => JSON.stringify(record)).join('\n')
}

function rowCount(patron: PatronRecord): number {
  return LISTS.reduce((sum, list) => sum + patron[list].length, 0)
}

function find(id: number, among: Map<number, PatronRecord> = byId): PatronRecord {
  const patron = among.get(id)
  if (!patron) throw new Error(`no patron ${id}`)
  return patron
}

/** R9's check, written anew. */
function isValidNumber(number: string): boolean {
  const nine = BigInt(number.slice(0, 9))
  const check = BigInt(number.slice(9))
  const month = Number(number.slice(2, 4)) % 20
  return month <= 12 && [nine, 2_000_000_000n + nine].some((value) => 97n - (value % 97n) === check)
}

function numbersIn(legitimation: string | null): string[] {
  const pattern = /(?<!\d)\d{2}[. ]?\d{2}[. ]?\d{2}[-. ]?\d{3}[. ]?\d{2}(?!\d)/g
  return (legitimation?.match(pattern) ?? []).map((found) => found.replace(/\D/g, ''))
}

/** R6's key, written anew. */
function contactKey({ kind, value }: PatronRecord['contacts'][number]): string {
  if (kind === 'email') return value.toLowerCase()
  let digits = value.replace(/\(0\)/, '').replace(/[^\d+]/g, '')
  if (digits.startsWith('00')) digits = `+${digits.slice(2)}`
  else if (digits.startsWith('0')) digits = `+32${digits.slice(1)}`
  return digits.replace(/^\+320/, '+32')
}

function isActive(subscription: PatronRecord['subscriptions'][number], on = TODAY): boolean {
  const { stoppedOn, endsOn } = subscription
  return (stoppedOn === null || stoppedOn > on) && (endsOn === null || endsOn >= on)
}

const files: [string, readonly InterchangeRecord[]][] = [
  ['a consortium', consortium],
  ['bench pairs', bench],
  ['the demo', demo.records],
  ['a consortium of hardly any rows', [...generateConsortium({ seed: 1, patrons: 300, childRows: 2 })]],
  ['a consortium of many rows', [...generateConsortium({ seed: 1, patrons: 300, childRows: 60, libraries: 2 })]],
  ['a consortium of one library', [...generateConsortium({ seed: 5, patrons: 400, libraries: 1 })]],
]

describe.each(files)('%s', (_, records) => {
  const people = patronsOf(records)
  const libraries = new Set(records.flatMap((record) => (record.type === 'library' ? [record.id] : [])))

  test('has libraries first, then patrons by id, then portal accounts by id', () => {
    const order = { library: 0, patron: 1, portalAccount: 2 }
    const kinds = records.map((record) => order[record.type])
    expect(kinds).toEqual([...kinds].sort((a, b) => a - b))
    const ids = people.map(({ id }) => id)
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b))
    const accounts = accountsOf(records).map(({ id }) => id)
    expect(accounts).toEqual([...new Set(accounts)].sort())
  })

  test('has nothing that an import does not take', () => {
    const schemas = { library: libraryRecord, patron: patronRecord, portalAccount: portalAccountRecord }
    for (const record of records) expect(contradictionIn(schemas[record.type].parse(record))).toBeUndefined()
  })

  test('uses every id once per kind, and every card and every item on loan once', () => {
    const kinds = ['subscriptions', 'loans', 'loanHistory', 'holds', 'charges', 'payments', 'messages'] as const
    for (const kind of kinds) {
      const ids = people.flatMap((patron) => patron[kind].map(({ id }) => id))
      expect([kind, new Set(ids).size]).toEqual([kind, ids.length])
    }
    const cards = people.flatMap((patron) => patron.cards.map(({ number }) => number))
    expect(cards.filter((number) => !/^\d{13}$/.test(number))).toEqual([])
    expect(new Set(cards).size).toBe(cards.length)
    const items = people.flatMap((patron) => patron.loans.map(({ item }) => item))
    expect(new Set(items).size).toBe(items.length)
  })

  test('keeps what always holds on a patron', () => {
    const broken: string[] = []
    for (const patron of people) {
      const says = (what: string, holds: boolean): void => {
        if (!holds) broken.push(`${patron.id}: ${what}`)
      }
      const open = patron.holds.filter(({ status }) => status !== 'cancelled')
      says('one open hold', new Set(open.map((hold) => `${hold.title} ${hold.library}`)).size === open.length)
      says(
        'a reason to cancel',
        patron.holds.every((hold) => (hold.status === 'cancelled') === 'reason' in hold),
      )
      const primaries = patron.contacts.filter(({ primary }) => primary).map(({ kind }) => kind)
      says('one primary', new Set(primaries).size === primaries.length)
      says('contacts once', new Set(patron.contacts.map(contactKey)).size === patron.contacts.length)
      const preferences = patron.historyPreferences.map(({ library }) => library)
      says('one preference', new Set(preferences).size === preferences.length)
      says('a valid number', patron.nationalNumber === null || isValidNumber(patron.nationalNumber))
      const on = new Set(patron.historyPreferences.flatMap((one) => (one.enabled ? [one.library] : [])))
      says(
        'history where it is on',
        patron.loanHistory.every(({ library }) => on.has(library)),
      )
      for (const charge of patron.charges) {
        const paid = patron.payments.filter((payment) => payment.charge === charge.id)
        says('not paid too much', paid.reduce((sum, { amount }) => sum + amount, 0) <= charge.amount)
        says('an amount', charge.amount > 0 && paid.every(({ amount }) => amount > 0))
      }
      const charges = new Set(patron.charges.map(({ id }) => id))
      says(
        'own payments',
        patron.payments.every(({ charge }) => charges.has(charge)),
      )
      const rows = LISTS.filter((list) => list !== 'contacts' && list !== 'payments').flatMap(
        (list) => patron[list] as { library: string }[],
      )
      says(
        'known libraries',
        rows.every(({ library }) => libraries.has(library)),
      )
    }
    expect(broken).toEqual([])
  })

  test('writes dates as dates and instants with the offset of Brussels', () => {
    const dates = text(records).matchAll(/"(?:\w+On|birthDate)":"([^"]*)"/g)
    const isWrong = (date: string): boolean =>
      !/^\d{4}-\d{2}-\d{2}$/.test(date) || new Date(`${date}T00:00:00Z`).toISOString().slice(0, 10) !== date
    expect([...dates].map(([, date = '']) => date).filter(isWrong)).toEqual([])
    const brussels = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Brussels', timeZoneName: 'longOffset' })
    const instants = [...text(records).matchAll(/"(?:placedAt|createdAt)":"([^"]*)"/g)].map(
      ([, instant = '']) => instant,
    )
    const astray = instants
      .slice(0, 2_000)
      .filter((instant) => !brussels.format(new Date(instant)).endsWith(`GMT${instant.slice(-6)}`))
    expect(astray).toEqual([])
  })

  test('links portal accounts to patrons who are there, each link once', () => {
    const ids = new Set(people.map(({ id }) => id))
    for (const { links } of accountsOf(records)) {
      expect(new Set(links.map((link) => `${link.library} ${link.actorId}`)).size).toBe(links.length)
      expect(links.filter((link) => !ids.has(link.actorId) || !libraries.has(link.library))).toEqual([])
    }
  })

  test('writes to nobody: every e-mail address is in a domain for examples', () => {
    const emails = people.flatMap((patron) => patron.contacts.filter(({ kind }) => kind === 'email'))
    expect(emails.filter(({ value }) => !/^[\w.]+@example\.(org|net|com)$/i.test(value))).toEqual([])
  })
})

test('the same options give the same bytes, in any time zone', () => {
  const options = { seed: 42, patrons: 600, childRows: 12 }
  const first = text(generateConsortium(options))
  const stream = generateConsortium(options)
  expect(text(stream)).toBe(first)
  expect(text(stream)).toBe(first)
  const zone = process.env['TZ']
  try {
    process.env['TZ'] = 'Pacific/Kiritimati'
    expect(text(generateConsortium(options))).toBe(first)
    expect(text(benchPairs({ seed: 42, pairs: 50 }))).toBe(text(benchPairs({ seed: 42, pairs: 50 })))
  } finally {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  }
  expect(text(generateConsortium({ ...options, seed: 43 }))).not.toBe(first)
})

test('options out of range are refused', () => {
  expect(() => generateConsortium({ seed: 1.5, patrons: 10 })).toThrow(RangeError)
  expect(() => generateConsortium({ seed: 1, patrons: -1 })).toThrow(RangeError)
  expect(() => generateConsortium({ seed: 1, patrons: 10, libraries: 56 })).toThrow(RangeError)
  expect(() => generateConsortium({ seed: 1, patrons: 10, today: '2026-02-30' })).toThrow(RangeError)
  expect(patronsOf(generateConsortium({ seed: 1, patrons: 0 }))).toEqual([])
})

test('the first of a million patrons come at once', () => {
  let seen = 0
  for (const record of generateConsortium({ seed: 1, patrons: 1_000_000 }))
    if (record.type === 'patron' && ++seen === 500) break
  expect(seen).toBe(500)
})

test('the number of rows is what was asked for, on average', () => {
  const mean = (some: readonly PatronRecord[]): number =>
    some.reduce((sum, patron) => sum + rowCount(patron), 0) / some.length
  expect(mean(patrons)).toBeCloseTo(8, 0)
  expect(mean(patronsOf(generateConsortium({ seed: 2, patrons: 3_000 })))).toBeGreaterThan(5.7)
  expect(mean(patronsOf(generateConsortium({ seed: 2, patrons: 3_000 })))).toBeLessThan(6.5)
  for (const list of LISTS) expect([list, patrons.some((patron) => patron[list].length > 0)]).toEqual([list, true])
})

test('two records in five have a national number, which fits their birth date and gender', () => {
  const numbered = patrons.filter(({ nationalNumber }) => nationalNumber !== null)
  expect(numbered.length / patrons.length).toBeGreaterThan(0.38)
  expect(numbered.length / patrons.length).toBeLessThan(0.44)
  const fits = ({ nationalNumber, birthDate, gender }: PatronRecord): boolean => {
    const number = nationalNumber ?? ''
    const month = String(Number(number.slice(2, 4)) % 20).padStart(2, '0')
    const date = number.slice(0, 2) + month + number.slice(4, 6)
    const isMan = Number(number.slice(6, 9)) % 2 === 1
    const dateFits = birthDate === null || birthDate.slice(2).replaceAll('-', '') === date
    return dateFits && (gender === null || (gender === 'M') === isMan)
  }
  // Mistyped birth dates do not fit, nor do parents' numbers on children.
  expect(numbered.filter((patron) => !fits(patron)).length / numbered.length).toBeLessThan(0.02)
  const centuries = numbered.map(({ birthDate }) => birthDate?.slice(0, 2))
  expect(centuries).toEqual(expect.arrayContaining(['19', '20']))
})

test('no two people share a national number, children with a parent’s aside', () => {
  const same = new Set(pairs.flatMap(({ keep, remove }) => [`${keep} ${remove}`, `${remove} ${keep}`]))
  const owners = new Map<string, PatronRecord[]>()
  for (const patron of patrons) {
    if (patron.nationalNumber !== null) {
      owners.set(patron.nationalNumber, [...(owners.get(patron.nationalNumber) ?? []), patron])
    }
  }
  const shared = [...owners.values()].flatMap(([first, ...others]) =>
    others.filter((other) => first && !same.has(`${first.id} ${other.id}`)).map((other) => [first, other] as const),
  )
  const amongGrownUps = shared.filter(
    ([one, other]) => one && Math.abs(Number(one.birthDate?.slice(0, 4)) - Number(other.birthDate?.slice(0, 4))) < 20,
  )
  expect(amongGrownUps).toEqual([])
  expect(shared.length).toBeLessThan(10)
})

test('legitimations hold numbers, mostly valid ones', () => {
  const found = patrons.flatMap(({ legitimation }) => numbersIn(legitimation))
  const wrong = found.filter((number) => !isValidNumber(number))
  expect(found.length).toBeGreaterThan(500)
  expect(wrong.length).toBeGreaterThan(0)
  expect(wrong.length / found.length).toBeLessThan(0.08)
})

test('one person in eight has more than one record, in each of the ways in which that happens', () => {
  const second = new Set(pairs.flatMap(({ keep, remove }) => [Math.max(keep, remove)]))
  expect(second.size / (patrons.length - second.size)).toBeGreaterThan(0.11)
  expect(second.size / (patrons.length - second.size)).toBeLessThan(0.16)
  const kinds = new Set(pairs.map(({ kind }) => kind))
  expect([...kinds].sort()).toEqual([
    'came-back',
    'married',
    'mistyped',
    'moved',
    'names-swapped',
    'online-and-desk',
    'second-library',
    'spelling',
  ])
})

test('true pairs are in the file, and the kept record is the one in use', () => {
  for (const { keep, remove } of pairs) {
    const [kept, removed] = [find(keep), find(remove)]
    const use = (patron: PatronRecord): string =>
      `${patron.subscriptions.some((one) => isActive(one)) ? 1 : 0} ${patron.lastActivityOn ?? ''}`
    expect(use(kept) >= use(removed)).toBe(true)
    expect([kept.protected, removed.protected]).toEqual([false, false])
  }
  expect(new Set(pairs.map(({ keep, remove }) => `${keep} ${remove}`)).size).toBe(pairs.length)
})

test('true pairs look as their kind says', () => {
  const sides = (kind: string): [PatronRecord, PatronRecord][] =>
    pairs.filter((pair) => pair.kind === kind).map(({ keep, remove }) => [find(keep), find(remove)])
  const share = (kind: string, holds: (one: PatronRecord, other: PatronRecord) => boolean): number => {
    const all = sides(kind)
    return all.filter(([one, other]) => holds(one, other)).length / all.length
  }
  const address = (patron: PatronRecord): string => `${patron.address?.street} ${patron.address?.number}`
  expect(share('online-and-desk', (one, other) => one.registeredOnline || other.registeredOnline)).toBe(1)
  expect(share('moved', (one, other) => address(one) !== address(other))).toBeGreaterThan(0.95)
  expect(share('married', (one, other) => one.lastName !== other.lastName)).toBeGreaterThan(0.95)
  expect(share('second-library', (one, other) => one.lastName === other.lastName)).toBeGreaterThan(0.9)
  expect(share('names-swapped', (one, other) => one.lastName === other.firstName)).toBeGreaterThan(0.5)
  expect(
    share('mistyped', (one, other) =>
      ['lastName', 'firstName', 'birthDate'].some(
        (field) => one[field as keyof PatronRecord] !== other[field as keyof PatronRecord],
      ),
    ),
  ).toBeGreaterThan(0.95)
})

test('twins, households and namesakes are there to be mistaken for duplicates', () => {
  const same = new Set(pairs.flatMap(({ keep, remove }) => [`${keep} ${remove}`, `${remove} ${keep}`]))
  const groups = (key: (patron: PatronRecord) => string): [PatronRecord, PatronRecord][] => {
    const found = new Map<string, PatronRecord[]>()
    for (const patron of patrons)
      if (!patron.protected) found.set(key(patron), [...(found.get(key(patron)) ?? []), patron])
    return [...found.values()]
      .flatMap(([first, ...others]) =>
        others.map((other): [PatronRecord, PatronRecord] => [first as PatronRecord, other]),
      )
      .filter(([one, other]) => !same.has(`${one.id} ${other.id}`))
  }
  const home = (patron: PatronRecord): string => `${patron.lastName} ${JSON.stringify(patron.address)}`
  const twins = groups((patron) => `${home(patron)} ${patron.birthDate}`).filter(
    ([one]) => one.birthDate && one.address,
  )
  expect(twins.length).toBeGreaterThan(20)
  expect(twins.filter(([one, other]) => one.firstName === other.firstName)).toEqual([])
  expect(groups(home).length).toBeGreaterThan(1_000)
  expect(groups((patron) => `${home(patron)} ${patron.firstName}`).length).toBeGreaterThan(20)
  expect(groups((patron) => `${patron.lastName} ${patron.firstName}`).length).toBeGreaterThan(100)
})

test('three patrons in ten have portal links, and some accounts lead to both records of a person', () => {
  const linked = new Set(accountsOf(consortium).flatMap(({ links }) => links.map(({ actorId }) => actorId)))
  expect(linked.size / patrons.length).toBeGreaterThan(0.27)
  expect(linked.size / patrons.length).toBeLessThan(0.35)
  const shared = accountsOf(consortium).filter(({ links }) => new Set(links.map(({ actorId }) => actorId)).size > 1)
  expect(shared.length).toBeGreaterThan(50)
})

test('the keys of duplicates meet: holds, subscriptions, preferences, contacts, membership fees', () => {
  const meet = (key: (patron: PatronRecord) => string[]): number =>
    pairs.filter(({ keep, remove }) => {
      const known = new Set(key(find(keep)))
      return key(find(remove)).some((one) => known.has(one))
    }).length
  const open = (patron: PatronRecord): string[] =>
    patron.holds.filter(({ status }) => status !== 'cancelled').map((hold) => `${hold.title} ${hold.library}`)
  const unpaid = (patron: PatronRecord): string[] =>
    patron.charges
      .filter((one) => one.kind === 'membership' && !patron.payments.some(({ charge }) => charge === one.id))
      .map(({ library }) => library)
  expect(meet(open)).toBeGreaterThan(11)
  expect(
    meet((patron) => patron.subscriptions.filter((one) => isActive(one)).map(({ library }) => library)),
  ).toBeGreaterThan(55)
  expect(meet((patron) => patron.historyPreferences.map(({ library }) => library))).toBeGreaterThan(165)
  expect(meet((patron) => patron.contacts.map(contactKey))).toBeGreaterThan(330)
  expect(meet(unpaid)).toBeGreaterThan(27)
})

describe('bench pairs', () => {
  const sides = patronsOf(bench)
  const among = new Map(sides.map((patron) => [patron.id, patron]))
  const list = [...benchPairIds({ seed: 3, pairs: 800 })].map(
    ({ keep, remove }) => [find(keep, among), find(remove, among)] as const,
  )

  test('are exactly so many, and every patron is in one', () => {
    expect(list.length).toBe(800)
    expect(list.flatMap((pair) => pair.map(({ id }) => id)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 1_600 }, (_, place) => place + 1),
    )
  })

  test.each([20, 6, 3])('have exactly %i rows a side', (childRows) => {
    const counts = patronsOf(benchPairs({ seed: 3, pairs: 100, childRows })).map(rowCount)
    expect(new Set(counts)).toEqual(new Set([childRows]))
  })

  test.each([20, 5, 4])('are never refused and need no acceptance with %i rows a side', (childRows) => {
    const some = new Map(patronsOf(benchPairs({ seed: 5, pairs: 400, childRows })).map((patron) => [patron.id, patron]))
    for (const { keep, remove } of benchPairIds({ seed: 5, pairs: 400, childRows })) {
      const [kept, removed] = [find(keep, some), find(remove, some)]
      const valid = (patron: PatronRecord): string[] =>
        [patron.nationalNumber ?? [], numbersIn(patron.legitimation)].flat().filter(isValidNumber)
      expect(new Set([...valid(kept), ...valid(removed)]).size).toBeLessThan(2)
      expect([kept, removed].some((patron) => patron.protected)).toBe(false)
      expect(removed.charges.some(({ inCollection }) => inCollection)).toBe(false)
      const at = (patron: PatronRecord): Set<string> => new Set(patron.subscriptions.map(({ library }) => library))
      const off = [...at(removed)].filter(
        (one) =>
          at(kept).has(one) && !kept.historyPreferences.some(({ library, enabled }) => library === one && enabled),
      )
      expect(removed.loanHistory.filter(({ library }) => off.includes(library))).toEqual([])
      const isUnverified = removed.registeredOnline && removed.internetBlock?.reason === 'online-registration'
      expect(isUnverified && valid(removed).length === 0).toBe(false)
    }
  })

  test('have portal links on three in ten removed records', () => {
    const removed = new Set(list.map(([, { id }]) => id))
    const linked = new Set(accountsOf(bench).flatMap(({ links }) => links.map(({ actorId }) => actorId)))
    const share = [...linked].filter((id) => removed.has(id)).length / list.length
    expect(share).toBeGreaterThan(0.25)
    expect(share).toBeLessThan(0.35)
    expect(accountsOf(bench).some(({ links }) => links.length === 2)).toBe(true)
  })
})

describe('the demo', () => {
  const among = new Map(patronsOf(demo.records).map((patron) => [patron.id, patron]))
  const pair = (name: keyof typeof demo.pairs): [PatronRecord, PatronRecord] => {
    const { keep, remove } = demo.pairs[name]
    return [find(keep, among), find(remove, among)]
  }
  const activeAt = (patron: PatronRecord): string[] =>
    patron.subscriptions.filter((one) => isActive(one)).map(({ library }) => library)

  test('is small, at three libraries, with some hundred pairs for a campaign', () => {
    const listed = new Set(demo.list.flatMap(({ keep, remove }) => [keep, remove]))
    expect(demo.list).toHaveLength(300)
    expect([...listed].every((id) => among.has(id))).toBe(true)
    expect(among.size - listed.size).toBeGreaterThanOrEqual(60)
    expect(among.size - listed.size).toBeLessThanOrEqual(100)
    const libraries = demo.records.flatMap((record) => (record.type === 'library' ? [record.id] : []))
    expect(libraries).toEqual(['ZOT', 'OOS', 'GAV'])
  })

  test('has a pair whose preview tells nearly everything', () => {
    const [kept, removed] = pair('warnings')
    expect([activeAt(kept), activeAt(removed)]).toEqual([['ZOT'], ['ZOT']])
    expect(kept.historyPreferences).toEqual([{ library: 'ZOT', enabled: false }])
    expect(removed.loanHistory.filter(({ library }) => library === 'ZOT').length).toBeGreaterThan(0)
    expect(removed.subscriptions.filter((one) => !isActive(one)).map(({ library }) => library)).toEqual(['GAV'])
    const titles = (patron: PatronRecord): string[] => patron.holds.map(({ title, library }) => `${title} ${library}`)
    expect(titles(removed).filter((hold) => titles(kept).includes(hold))).toEqual(['T90 ZOT'])
    expect(removed.holds.filter(({ status }) => status === 'ready').length).toBe(1)
    expect(removed.loans.filter((loan) => kept.holds.some(({ title }) => title === loan.title)).length).toBe(1)
    for (const side of [kept, removed]) {
      expect(side.charges.filter(({ kind, library }) => kind === 'membership' && library === 'ZOT').length).toBe(1)
      expect(side.payments).toEqual([])
    }
    expect(kept.address).not.toEqual(removed.address)
    expect(numbersIn(removed.legitimation).map(isValidNumber)).toEqual([true])
    const links = accountsOf(demo.records).find(({ links: own }) =>
      own.some(({ actorId }) => actorId === kept.id),
    )?.links
    expect(links).toEqual(
      expect.arrayContaining([
        { library: 'ZOT', actorId: kept.id },
        { library: 'ZOT', actorId: removed.id },
      ]),
    )
  })

  test('has the other pairs that it names', () => {
    const [father, son] = pair('twoNumbers')
    expect(father.firstName).toBe(son.firstName)
    expect(father.nationalNumber).not.toBe(son.nationalNumber)
    const [lotte, fien] = pair('twins')
    expect([lotte.birthDate, lotte.address]).toEqual([fien.birthDate, fien.address])
    expect(lotte.firstName).not.toBe(fien.firstName)
    const [desk, online] = pair('onlineRegistration')
    expect([desk.internetBlock, online.internetBlock]).toEqual([null, { reason: 'online-registration' }])
    expect([online.registeredOnline, online.nationalNumber, online.legitimation]).toEqual([true, null, null])
    expect(pair('inCollection')[1].charges.map(({ inCollection }) => inCollection)).toEqual([true])
    const [kept, removed] = pair('simple')
    expect([activeAt(kept), activeAt(removed)]).toEqual([['ZOT'], ['OOS']])
    expect(removed.subscriptions.every((one) => isActive(one))).toBe(true)
    for (const field of ['lastName', 'firstName', 'birthDate', 'gender', 'address', 'nationalNumber'] as const) {
      expect(kept[field]).toEqual(removed[field])
    }
  })

  test('is as good on any day', () => {
    const later = demoConsortium({ today: '2028-02-29' })
    const kept = patronsOf(later.records).find(({ id }) => id === later.pairs.warnings.keep)
    expect(kept?.subscriptions.some((one) => isActive(one, '2028-02-29'))).toBe(true)
  })
})
