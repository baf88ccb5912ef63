import { parseDay, civil, type Day } from './dates'
import { BLOCK_SLOTS, type LayoutOptions } from './layout'
import { PLACES, type Place } from './places'
import { mix, Permutation } from './random'

/** What a consortium is generated from. The same options give the same bytes, on any machine. */
export interface ConsortiumOptions {
  /** A whole number; takes its lower 32 bits. */
  seed: number
  /** How many patron records there are, those of duplicates included; up to 2,000,000. */
  patrons: number
  /** How many libraries there are (Zottegem, Oosterzele and Gavere first); up to 55. By default one in 2,000 patrons. */
  libraries?: number
  /** The rows that a patron has on average: contacts, cards, subscriptions, preferences, loans … (default 6). */
  childRows?: number
  /** The share of people with two records (default 0.12); a twelfth as many have three. */
  duplicates?: number
  /** `YYYY-MM-DD` (default 2026-11-24, never the machine's clock): who is active is judged by it. */
  today?: string
  /** The first patron's id (default 1); the others follow. */
  firstId?: number
}

/** Options as everything in the generator needs them, and the mappings that keep numbers unique. */
export interface World extends LayoutOptions {
  firstId: number
  childRows: number
  today: Day
  /** Nobody is born later: babies have no card. */
  lastBirthYear: number
  libraries: readonly Place[]
  /** Their ids. */
  codes: readonly string[]
  /** From the place of an id to its slot: the records of one person lie far apart. */
  slots: Permutation
  /** Spread people, and pairs of twins, over birthday, serial number and birth year: no two get one national number. */
  births: Permutation
  twinBirths: Permutation
}

export const DEFAULT_TODAY = '2026-11-24'
const DEFAULT_CHILD_ROWS = 6
const DEFAULT_DUPLICATES = 0.12
const MOST_PATRONS = 2_000_000
const PATRONS_A_LIBRARY = 2_000
const FEWEST_LIBRARIES = 3
export const YOUNGEST_YEARS = 4

/** Birthdays that are given out: in a leap year 31 December is nobody's. */
export const BIRTHDAYS = 365
/** Of the 498 serial numbers of a day, those that are not for twins, and how many pairs of twins the rest is for. */
export const SINGLE_SERIALS = 448
export const TWIN_SERIALS = 25

/** Checks the options; a RangeError says what is wrong. */
export function createWorld(options: ConsortiumOptions): World {
  const { patrons, childRows = DEFAULT_CHILD_ROWS, duplicates = DEFAULT_DUPLICATES, firstId = 1 } = options
  const libraries =
    options.libraries ?? Math.min(PLACES.length, Math.max(FEWEST_LIBRARIES, Math.round(patrons / PATRONS_A_LIBRARY)))
  requireWhole('patrons', patrons, 0, MOST_PATRONS)
  requireWhole('libraries', libraries, 1, PLACES.length)
  requireWhole('firstId', firstId, 1, 1_000_000_000)
  if (!Number.isSafeInteger(options.seed)) throw new RangeError('seed is a whole number')
  if (!(childRows >= 0 && childRows <= 10_000)) throw new RangeError('childRows is a number from 0 to 10000')
  if (!(duplicates >= 0 && duplicates <= 0.9)) throw new RangeError('duplicates is a share from 0 to 0.9')
  const seed = mix(options.seed % 4294967296)
  const today = parseDay(options.today ?? DEFAULT_TODAY)
  const cells = BIRTHDAYS * SINGLE_SERIALS
  const twinCells = BIRTHDAYS * TWIN_SERIALS
  const blocks = Math.ceil(patrons / BLOCK_SLOTS)
  return {
    seed,
    patrons,
    childRows,
    duplicates,
    firstId,
    today,
    lastBirthYear: civil(today).year - YOUNGEST_YEARS,
    libraries: PLACES.slice(0, libraries),
    codes: PLACES.slice(0, libraries).map(({ code }) => code),
    slots: new Permutation(patrons, mix(seed + 1)),
    births: new Permutation(cells * Math.max(1, Math.ceil(patrons / cells)), mix(seed + 2)),
    twinBirths: new Permutation(twinCells * Math.max(1, Math.ceil(blocks / twinCells)), mix(seed + 3)),
  }
}

function requireWhole(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new RangeError(`${name} is a whole number from ${low} to ${high}`)
  }
}

/** The slot of an id, and the id of a slot. */
export function slotOf(world: World, id: number): number {
  return world.slots.forward(id - world.firstId)
}

export function idOf(world: World, slot: number): number {
  return world.slots.backward(slot) + world.firstId
}
