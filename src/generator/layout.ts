import { Random } from './random'

/** People who belong together, and so look alike to whoever looks for duplicates. */
type UnitKind =
  | 'single'
  | 'couple'
  | 'family'
  /** A parent and two children of one birth date. */
  | 'twins'
  /** Parent and child of the same name at one address. */
  | 'same-name'
  /** Two people of one name who have nothing else in common. */
  | 'namesakes'
  /** A school or a class: a protected record. */
  | 'institution'

interface Member {
  /** Of the person's first record; the others follow it. Also the person's number. */
  slot: number
  records: number
}

export interface Unit {
  kind: UnitKind
  /** How many of the members are grown up; they come first. */
  parents: number
  /** Of the first member. */
  slot: number
  block: number
  members: Member[]
}

/** Where a record belongs: which unit, which of its people, which of that person's records (0 is the first). */
export interface Whereabouts {
  unit: Unit
  member: number
  record: number
}

export interface LayoutOptions {
  seed: number
  /** How many records there are. */
  patrons: number
  /** The share of people with two records; a twelfth as many again have three. */
  duplicates: number
}

/** Long enough that few units are cut off at its end, short enough that finding a record's unit costs a microsecond. */
export const BLOCK_SLOTS = 32

const STREAM_LAYOUT = 1

/** One in this many of those with more than one record has three. */
const THREE_RECORDS_ONE_IN = 13

/**
 * The units of a block, in order: a block is laid out from its own random numbers alone, so that nothing has to be
 * kept. It holds one pair of twins at most (their national numbers are counted by block).
 */
export function* unitsOf(options: LayoutOptions, block: number): Generator<Unit> {
  const random = new Random(options.seed, STREAM_LAYOUT, block)
  const end = Math.min((block + 1) * BLOCK_SLOTS, options.patrons)
  const records = (): number =>
    !random.chance(options.duplicates * (1 + 1 / (THREE_RECORDS_ONE_IN - 1)))
      ? 1
      : random.below(THREE_RECORDS_ONE_IN) === 0
        ? 3
        : 2
  let slot = block * BLOCK_SLOTS
  let hasTwins = false
  while (slot < end) {
    const shape = drawShape(random)
    const { parents } = shape
    const kind: Unit['kind'] = shape.kind === 'twins' && hasTwins ? 'family' : shape.kind
    let { size } = shape
    hasTwins ||= kind === 'twins'
    const unit: Unit = { kind, parents, slot, block, members: [] }
    for (; size > 0 && slot < end; size--) {
      const member = { slot, records: kind === 'institution' ? 1 : Math.min(records(), end - slot) }
      unit.members.push(member)
      slot += member.records
    }
    yield unit
  }
}

function drawShape(random: Random): { kind: UnitKind; parents: number; size: number } {
  const draw = random.below(1000)
  if (draw < 520) return { kind: 'single', parents: 1, size: 1 }
  if (draw < 680) return { kind: 'couple', parents: 2, size: 2 }
  if (draw < 945) {
    const parents = random.between(1, 2)
    return { kind: 'family', parents, size: parents + random.between(1, 3) }
  }
  if (draw < 955) return { kind: 'twins', parents: 1, size: 3 }
  if (draw < 975) return { kind: 'same-name', parents: 2, size: 2 }
  if (draw < 998) return { kind: 'namesakes', parents: 2, size: 2 }
  return { kind: 'institution', parents: 1, size: 1 }
}

/** Finds the unit of a slot. */
export function locate(options: LayoutOptions, slot: number): Whereabouts {
  for (const unit of unitsOf(options, Math.floor(slot / BLOCK_SLOTS))) {
    for (let member = 0; member < unit.members.length; member++) {
      const found = unit.members[member]
      if (found && slot < found.slot + found.records) return { unit, member, record: slot - found.slot }
    }
  }
  throw new RangeError(`there is no slot ${slot}`)
}
