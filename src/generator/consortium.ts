import { appearanceOf, kindOf, type PairKind } from './appearance'
import { Ids } from './ids'
import { institutionRecord } from './institutions'
import { locate, unitsOf, BLOCK_SLOTS, type Whereabouts } from './layout'
import { papersOf } from './papers'
import { patronRecord, type Registration } from './patron'
import { personOf } from './people'
import { portalAccounts } from './portalAccounts'
import { at, Random } from './random'
import type { InterchangeRecord, LibraryRecord } from './records'
import { standingOf, type Standing } from './standing'
import { createWorld, idOf, slotOf, type ConsortiumOptions, type World } from './world'

/** Two records of one person: what a careful librarian would do with them. */
export interface TruePair {
  /** The one with an active subscription, then the one used later, then the lower id. */
  keep: number
  remove: number
  /** How the second record arose. */
  kind: PairKind
}

const STREAM_TOTAL = 10

/**
 * A Flemish consortium in the interchange format: libraries, patrons by id, portal accounts by id. Streams: every
 * patron is made from the seed and its own id, so that a million need no more memory than ten.
 * Throws a RangeError for options out of range.
 */
export function generateConsortium(options: ConsortiumOptions): Iterable<InterchangeRecord> {
  const world = createWorld(options)
  return {
    *[Symbol.iterator]() {
      yield* libraryRecords(world)
      yield* patronRecords(world, new Ids())
      yield* accountRecords(world)
    },
  }
}

/**
 * Which pairs of the records of `generateConsortium(options)` are one person: all of them, so three for a person with
 * three records. In the same order each time, which is not that of the ids.
 */
export function* truePairs(options: ConsortiumOptions): Generator<TruePair> {
  const world = createWorld(options)
  for (let block = 0; block * BLOCK_SLOTS < world.patrons; block++) {
    for (const unit of unitsOf(world, block)) {
      for (let member = 0; member < unit.members.length; member++) {
        const { records } = at(unit.members, member)
        if (records < 2) continue
        const known = Array.from({ length: records }, (_, record) => registrationOf(world, { unit, member, record }))
        for (let later = 1; later < records; later++) {
          for (let earlier = 0; earlier < later; earlier++) {
            yield { ...sides(at(known, earlier), at(known, later)), kind: at(known, later).kind ?? 'second-library' }
          }
        }
      }
    }
  }
}

export function* libraryRecords(world: World): Generator<LibraryRecord> {
  for (const { code, name } of world.libraries) yield { type: 'library', id: code, name }
}

export function* patronRecords(world: World, ids: Ids): Generator<InterchangeRecord> {
  for (let id = world.firstId; id < world.firstId + world.patrons; id++) {
    const slot = slotOf(world, id)
    const whereabouts = locate(world, slot)
    if (whereabouts.unit.kind === 'institution') {
      yield institutionRecord(world, id, slot, ids)
      continue
    }
    const registration = registrationOf(world, whereabouts, id)
    yield patronRecord(world, registration, ids, {
      total: drawTotal(world, slot, registration.appearance.contacts.length),
      keepsHistory: null,
      noHistoryAt: null,
      isDuplicate: at(whereabouts.unit.members, whereabouts.member).records > 1,
      mayBeInCollection: true,
    })
  }
}

export function* accountRecords(world: World): Generator<InterchangeRecord> {
  yield* portalAccounts(world, (whereabouts) => registrationOf(world, whereabouts))
}

/** Everything about a record but its rows. */
function registrationOf(
  world: World,
  whereabouts: Whereabouts,
  knownId?: number,
): Registration & { kind: PairKind | null } {
  const { unit, member, record } = whereabouts
  const { slot: first, records } = at(unit.members, member)
  const slot = first + record
  const id = knownId ?? idOf(world, slot)
  const person = personOf(world, unit, member)
  const kind = record === 0 ? null : kindOf(world, person, slot)
  const appearance = appearanceOf(world, person, kind, slot)
  const parent = unit.kind === 'family' && member >= unit.parents ? () => personOf(world, unit, 0) : null
  const siblings = records === 1 ? 'none' : hasNewer(world, first, records, id) ? 'newer' : 'older'
  return {
    id,
    person,
    kind,
    appearance,
    record: slot,
    papers: papersOf(world, person, kind, slot, parent),
    standing: standingOf(world, person, kind, appearance, slot, id, siblings),
  }
}

function hasNewer(world: World, first: number, records: number, id: number): boolean {
  for (let record = 0; record < records; record++) if (idOf(world, first + record) > id) return true
  return false
}

function sides(one: Registration, other: Registration): { keep: number; remove: number } {
  const order = isBetter(one.standing, other.standing) ?? one.id < other.id
  return order ? { keep: one.id, remove: other.id } : { keep: other.id, remove: one.id }
}

function isBetter(one: Standing, other: Standing): boolean | null {
  if (one.active !== other.active) return one.active
  const since = one.lastActivity ?? Number.NEGATIVE_INFINITY
  const otherSince = other.lastActivity ?? Number.NEGATIVE_INFINITY
  return since === otherSince ? null : since > otherSince
}

/** Three in ten have fewer rows than most, one in fifty has many; the mean is `childRows`. */
function drawTotal(world: World, slot: number, contacts: number): number {
  const random = new Random(world.seed, STREAM_TOTAL, slot)
  const draw = random.below(100)
  const factor = draw < 30 ? 0.6 : draw < 80 ? 1 : draw < 98 ? 1.3 : 4.3
  const total = Math.floor(world.childRows * factor + random.fraction())
  // A patron has a card and a subscription, unless hardly any rows were asked for.
  return world.childRows < 4 ? total : Math.max(total, contacts + 2)
}
