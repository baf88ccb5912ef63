import { appearanceOf, kindOf } from './appearance'
import { libraryRecords } from './consortium'
import { Ids } from './ids'
import type { Unit } from './layout'
import { papersOf, type Papers } from './papers'
import { patronRecord, type Registration, type RowsRules } from './patron'
import { personOf, type Person } from './people'
import { accountId } from './portalAccounts'
import { at, mix, Permutation, Random } from './random'
import type { InterchangeRecord, PatronRecord, PortalAccountRecord } from './records'
import type { Standing } from './standing'
import { createWorld, type World } from './world'

export interface BenchOptions {
  /** A whole number; takes its lower 32 bits. */
  seed: number
  /** Up to 1,000,000. */
  pairs: number
  /** The rows of each side, exactly, of all kinds together (default 20). */
  childRows?: number
  /** Up to 55 (default 12). */
  libraries?: number
  /** `YYYY-MM-DD` (default 2026-11-24): kept records have an active subscription on that day. */
  today?: string
}

interface Bench {
  world: World
  pairs: number
  childRows: number
  /** From the place of a kept record to that of its removed one, which lies far off. */
  partners: Permutation
}

const STREAM_SIDES = 14
const DEFAULT_CHILD_ROWS = 20
const DEFAULT_LIBRARIES = 12

/**
 * A consortium of nothing but pairs: the records 1 to `pairs` are to be kept, and each of the records up to
 * 2 × `pairs` is to be removed into one of them (`benchPairIds` says which). No merge of a pair is refused or
 * needs an acceptance. Many keys meet: contacts, open holds, subscriptions, preferences, membership fees.
 * Three in ten removed records have portal links. Streams as `generateConsortium` does.
 */
export function benchPairs(options: BenchOptions): Iterable<InterchangeRecord> {
  const bench = createBench(options)
  return {
    *[Symbol.iterator]() {
      yield* libraryRecords(bench.world)
      yield* pairRecords(bench, new Ids())
    },
  }
}

/** The same without the libraries, beside other records whose rows have their ids from the same `ids`. */
export function benchPairsBeside(options: BenchOptions, ids: Ids): Iterable<InterchangeRecord> {
  return pairRecords(createBench(options), ids)
}

function* pairRecords(bench: Bench, ids: Ids): Generator<InterchangeRecord> {
  for (let pair = 0; pair < bench.pairs; pair++) yield keptRecord(bench, pair, ids)
  for (let place = 0; place < bench.pairs; place++) yield removedRecord(bench, bench.partners.backward(place), ids)
  for (let place = 0; place < bench.pairs; place++) yield* accountsOf(bench, bench.partners.backward(place))
}

/** The pairs of `benchPairs(options)`, in the order of the kept records. */
export function* benchPairIds(options: BenchOptions): Generator<{ keep: number; remove: number }> {
  const bench = createBench(options)
  for (let pair = 0; pair < bench.pairs; pair++) yield idsOf(bench, pair)
}

function createBench(options: BenchOptions): Bench {
  const { seed, pairs, childRows = DEFAULT_CHILD_ROWS, libraries = DEFAULT_LIBRARIES, today } = options
  const world = createWorld({
    seed,
    patrons: pairs * 2,
    childRows,
    libraries,
    ...(today === undefined ? {} : { today }),
  })
  return { world, pairs, childRows, partners: new Permutation(pairs, mix(world.seed + 4)) }
}

function idsOf({ partners, pairs }: Bench, pair: number): { keep: number; remove: number } {
  return { keep: pair + 1, remove: pairs + partners.forward(pair) + 1 }
}

function keptRecord(bench: Bench, pair: number, ids: Ids): PatronRecord {
  return patronRecord(bench.world, keptSide(bench, pair), ids, rulesOf(bench, { keepsHistory: true }))
}

function removedRecord(bench: Bench, pair: number, ids: Ids): PatronRecord {
  const kept = keptSide(bench, pair)
  // With few rows there is no room for the kept record's preference, which is off then: history there would be erased.
  const hasPreference = bench.childRows >= kept.appearance.contacts.length + 3
  const noHistoryAt = hasPreference ? null : at(kept.standing.libraries, 0)
  return patronRecord(bench.world, removedSide(bench, pair), ids, rulesOf(bench, { noHistoryAt }))
}

function rulesOf(bench: Bench, rules: Partial<RowsRules>): RowsRules {
  return {
    total: bench.childRows,
    keepsHistory: null,
    noHistoryAt: null,
    isDuplicate: true,
    mayBeInCollection: false,
    ...rules,
  }
}

function personOfPair({ world }: Bench, pair: number): Person {
  const unit: Unit = { kind: 'single', parents: 1, slot: pair, block: 0, members: [{ slot: pair, records: 2 }] }
  return personOf(world, unit, 0)
}

/** Registered at one library, where it is active. */
function keptSide(bench: Bench, pair: number): Registration {
  const { world } = bench
  const person = personOfPair(bench, pair)
  const record = pair * 2
  const appearance = appearanceOf(world, person, null, record)
  const random = new Random(world.seed, STREAM_SIDES, record)
  const papers = papersOf(world, person, null, record, null)
  return {
    id: idsOf(bench, pair).keep,
    person,
    appearance,
    papers: { ...papers, registeredOnline: false, internetBlock: null },
    standing: standingFrom(bench, person, random, true, at(world.codes, appearance.library)),
    record,
  }
}

/** At the same library or another, active or not. */
function removedSide(bench: Bench, pair: number): Registration {
  const { world } = bench
  const person = personOfPair(bench, pair)
  const record = pair * 2 + 1
  const kind = kindOf(world, person, record)
  const appearance = appearanceOf(world, person, kind, record)
  const random = new Random(world.seed, STREAM_SIDES, record)
  const active = random.chance(0.5)
  return {
    id: idsOf(bench, pair).remove,
    person,
    appearance,
    papers: verified(papersOf(world, person, kind, record, null), person),
    standing: standingFrom(bench, person, random, active, at(world.codes, appearance.library)),
    record,
  }
}

/** A login that nobody verified has to be accepted; with a number of its own it need not be. */
function verified(papers: Papers, person: Person): Papers {
  return papers.internetBlock?.reason === 'online-registration'
    ? { ...papers, nationalNumber: person.nationalNumber }
    : papers
}

function standingFrom({ world }: Bench, person: Person, random: Random, active: boolean, library: string): Standing {
  const latest = world.today - 400
  const registered = Math.min(latest, Math.max(person.birth + 600, world.today - random.between(400, 7_000)))
  const lapsed = registered + random.below(latest + 30 - registered)
  return { registered, lastActivity: active ? world.today - random.below(100) : lapsed, active, libraries: [library] }
}

/** Of three in ten removed records; every third of these accounts has the kept record linked at the same library. */
function* accountsOf(bench: Bench, pair: number): Generator<PortalAccountRecord> {
  const random = new Random(bench.world.seed, STREAM_SIDES, -pair - 1)
  if (!random.chance(0.3)) return
  const { keep, remove } = idsOf(bench, pair)
  const library = at(removedSide(bench, pair).standing.libraries, 0)
  const links = [{ library, actorId: remove }]
  if (random.chance(1 / 3)) links.push({ library, actorId: keep })
  yield { type: 'portalAccount', id: accountId(remove), links }
}
