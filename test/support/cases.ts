/** Random merges, and the same world put elsewhere. */
import fc from 'fast-check'
import { ON, body, rarely, records, type Body } from './arbitraries'
import type { Asked, Take } from './model'
import { blankPatron, type PatronRecord, type World } from './records'

/** How many ids of each kind a world may use: worlds placed this far apart share no id. */
export const ROOM = 200

const STOPPING = ['history-erased', 'unverified-login-gains-access', 'rejected-before']
const OVERRIDES = ['different-national-numbers', 'charges-in-collection']
const TAKE: Take[] = ['name', 'birth-date', 'gender', 'address', 'blanks']
const mostlyAll = (all: string[]) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant(all) }, { weight: 1, arbitrary: fc.subarray(all) })

const options = fc.record({
  take: fc.oneof(fc.subarray(TAKE, { maxLength: 0 }), fc.subarray(TAKE)),
  accept: mostlyAll(STOPPING),
  override: mostlyAll(OVERRIDES),
})

export interface Case {
  world: World
  asked: Asked
}

/** What would seldom come together by chance: both owe a membership fee where R10 stops one; a stranger's registration; two people. */
const meeting = fc.constantFrom('by chance', 'by chance', 'by chance', 'by chance', 'fees', 'stranger', 'two people')
type Meeting = typeof meeting extends fc.Arbitrary<infer T> ? T : never

function meet([first, second, third]: [Body, Body, Body], how: Meeting, swapped: boolean): Body[] {
  const [kept, removed] = swapped ? [second, first] : [first, second]
  const met =
    how === 'fees'
      ? [owing(kept), owing(removed)]
      : how === 'stranger'
        ? [verified(kept), unverified(removed)]
        : how === 'two people'
          ? [verified(kept), atBailiff(removed)]
          : [kept, removed]
  return [...(swapped ? met.reverse() : met), third]
}

function owing(one: Body): Body {
  const subscription = {
    library: 'ZOT',
    product: 'adult',
    startsOn: '2025-01-01',
    endsOn: null,
    stoppedOn: null,
  } as const
  const fee = {
    library: 'ZOT',
    kind: 'membership',
    amount: 500,
    chargedOn: ON,
    inCollection: false,
    paid: [50],
  } as const
  return {
    ...one,
    subscriptions: [...one.subscriptions, subscription],
    charges: [...one.charges, { ...fee, paid: [...fee.paid] }],
  }
}

function verified(one: Body): Body {
  return { ...one, nationalNumber: '84031202245', internetBlock: null }
}

function atBailiff(one: Body): Body {
  const charge = { library: 'OOS', kind: 'lost', amount: 1000, chargedOn: ON, inCollection: true, paid: [] } as const
  return { ...one, nationalNumber: '84031202443', charges: [...one.charges, { ...charge, paid: [] }] }
}

function unverified(one: Body): Body {
  return {
    ...one,
    nationalNumber: null,
    legitimation: null,
    registeredOnline: true,
    internetBlock: 'online-registration',
  }
}

/** Two records, a third that has nothing to do with it and holds the same keys, and what is asked: it may be refused. */
export const oneMerge: fc.Arbitrary<Case> = fc
  .record({
    bodies: fc.tuple(body, body, body),
    how: meeting,
    options,
    swapped: fc.boolean(),
    rejected: rarely(12),
    what: fc.nat(29),
  })
  .map(({ bodies, how, options: chosen, swapped, rejected, what }) => {
    const patrons = records(meet(bodies, how, swapped))
    patrons.push(blankPatron(4, { lastName: '', mergedInto: 3 }))
    const [keep, remove] = { 27: [1, 1], 28: [1, 5], 29: [2, 4] }[what] ?? (swapped ? [2, 1] : [1, 2])
    return {
      world: { patrons, rejected: rejected ? [[1, 2]] : [] },
      asked: { keep: keep as number, remove: remove as number, on: ON, ...chosen },
    }
  })

/** A merge that is not refused: what must be accepted or overridden has been, and nobody is protected. */
export const oneAllowedMerge: fc.Arbitrary<Case> = fc
  .record({ bodies: fc.tuple(body, body, body), how: meeting, options, swapped: fc.boolean(), rejected: rarely(12) })
  .map(({ bodies, how, options: { take }, swapped, rejected }) => ({
    world: {
      patrons: records(meet(bodies, how, swapped).map((one) => ({ ...one, protected: false }))),
      rejected: rejected ? [[1, 2]] : [],
    },
    asked: { keep: swapped ? 2 : 1, remove: swapped ? 1 : 2, on: ON, take, accept: STOPPING, override: OVERRIDES },
  }))

export interface Chain {
  world: World
  /** Two merges after one another that make one record of three. */
  merges: [Asked, Asked]
}

/** Three records become one, in any order and direction. */
export const oneChain: fc.Arbitrary<Chain> = fc
  .record({
    bodies: fc.tuple(body, body, body),
    order: fc.shuffledSubarray([1, 2, 3], { minLength: 3 }),
    keepFirst: fc.boolean(),
    keepSecond: fc.boolean(),
    takes: fc.tuple(options, options),
  })
  .map(({ bodies, order: [a = 1, b = 2, c = 3], keepFirst, keepSecond, takes }) => {
    const [kept, removed] = keepFirst ? [a, b] : [b, a]
    const allowed = { on: ON, accept: STOPPING, override: OVERRIDES }
    return {
      world: { patrons: records(bodies.map((one) => ({ ...one, protected: false }))), rejected: [] },
      merges: [
        { ...allowed, keep: kept, remove: removed, take: takes[0].take },
        { ...allowed, keep: keepSecond ? kept : c, remove: keepSecond ? c : kept, take: takes[1].take },
      ],
    }
  })

/** The same world with other ids: `offset` added to every id, and card numbers of its own. */
export function placed(world: World, offset: number): World {
  return {
    patrons: world.patrons.map((patron) => shifted(patron, offset)),
    rejected: world.rejected.map(([a, b]) => [a + offset, b + offset]),
  }
}

export function askedAt(asked: Asked, offset: number): Asked {
  return { ...asked, keep: asked.keep + offset, remove: asked.remove + offset }
}

/** One record with other ids. Card numbers end in the offset: shifting by its negative takes it off again. */
export function shifted(record: PatronRecord, offset: number): PatronRecord {
  const number = (card: string) => (offset >= 0 ? `${card}@${offset}` : card.replace(`@${-offset}`, ''))
  const row = <T extends object>(given: T): T =>
    Object.fromEntries(
      Object.entries(given).map(([key, value]: [string, unknown]) => {
        if (typeof value === 'number' && ['id', 'charge', 'mergedInto'].includes(key)) return [key, value + offset]
        if (typeof value === 'string' && ['number', 'card'].includes(key)) return [key, number(value)]
        return [key, Array.isArray(value) ? value.map((inner: object) => row(inner)) : value]
      }),
    ) as T
  return row(record)
}
