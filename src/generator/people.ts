import { dayOf, type Day } from './dates'
import type { Unit } from './layout'
import { firstNames, ORIGINS } from './names'
import { nationalNumber } from './nationalNumber'
import { landlineOf, mobileOf, type NationalPhone } from './phones'
import { drawAddress } from './places'
import { at, Random } from './random'
import type { Address } from './records'
import { drawSurname } from './surnames'
import { BIRTHDAYS, SINGLE_SERIALS, TWIN_SERIALS, YOUNGEST_YEARS, type World } from './world'

/** Somebody, as they are: what their records say about them comes from `appearance.ts`. */
export interface Person {
  /** Differs from everybody else's. */
  number: number
  lastName: string
  firstName: string
  /** The surname of a partner. */
  partnerName: string
  gender: 'F' | 'M'
  birth: Day
  /** Under 18, and under 12. */
  isMinor: boolean
  isYoungChild: boolean
  address: Address
  /** The place of the municipality among the world's libraries. */
  place: number
  email: string | null
  mobile: NationalPhone | null
  landline: NationalPhone | null
  nationalNumber: string
}

interface Household {
  surname: string
  partnerSurname: string
  origin: number
  place: number
  address: Address
  landline: NationalPhone | null
  /** Of the first grown-up. */
  birthYear: number
  /** Of people who share one. */
  firstName: string
  gender: 'F' | 'M'
}

const STREAM_HOUSEHOLD = 2
const STREAM_PERSON = 3
const STREAM_NAME = 4
const BIS_ONE_IN = 50
const ADULT_YEARS = 18
const EMAIL_DOMAINS = ['example.org', 'example.net', 'example.com']

function householdOf(world: World, unit: Unit): Household {
  const random = new Random(world.seed, STREAM_HOUSEHOLD, unit.slot)
  const origin = random.chance(0.1) ? random.between(1, ORIGINS.length) : 0
  const surname = drawFamilyName(origin, random)
  const gender = random.chance(0.54) ? 'F' : 'M'
  const age = ageOfFirst(unit, random)
  const birthYear = world.lastBirthYear - (age - YOUNGEST_YEARS)
  const place = drawPlace(world, random)
  const library = at(world.libraries, place)
  return {
    surname,
    partnerSurname: drawFamilyName(random.chance(0.85) ? origin : 0, random),
    origin,
    place,
    address: drawAddress(library, random),
    landline: random.chance(0.62) ? landlineOf(unit.slot, library.area, world.seed) : null,
    birthYear,
    firstName: firstNames(birthYear, gender, origin).draw(random),
    gender,
  }
}

function drawFamilyName(origin: number, random: Random): string {
  const elsewhere = ORIGINS[origin - 1]
  return elsewhere ? elsewhere.surnames.draw(random) : drawSurname(random)
}

/** The first libraries have more people than the last. */
function drawPlace(world: World, random: Random): number {
  return Math.floor(world.libraries.length * random.fraction() ** 1.4)
}

function ageOfFirst(unit: Unit, random: Random): number {
  switch (unit.kind) {
    case 'family':
    case 'twins':
      return random.between(29, 52)
    case 'same-name':
      return random.between(42, 82)
    case 'couple':
      return random.between(24, 88)
    default: {
      // Schools register children of parents who have no card.
      const draw = random.below(100)
      if (draw < 24) return random.between(4, 17)
      return draw < 60 ? random.between(18, 49) : random.between(50, 94)
    }
  }
}

/** Makes the person at the place `member` of a unit. */
export function personOf(world: World, unit: Unit, member: number): Person {
  const household = householdOf(world, unit)
  const number = at(unit.members, member).slot
  const random = new Random(world.seed, STREAM_PERSON, number)
  const gender = genderOf(unit, member, household, random)
  const { birth, year, serial } = birthOf(world, unit, member, wantedBirthYear(world, unit, member, household, random))
  const age = world.lastBirthYear + YOUNGEST_YEARS - year
  const isOffspring = member >= unit.parents
  const partner = isPartner(unit, member)
  const firstName = isOffspring
    ? childName(world, unit, member, household)
    : unit.kind === 'same-name' || unit.kind === 'namesakes'
      ? household.firstName
      : firstNames(year, gender, household.origin).draw(new Random(world.seed, STREAM_NAME, number))
  const lastName = partner ? household.partnerSurname : household.surname
  const email = `${emailLocal(firstName, lastName, year, random)}${number + 1}@${random.pick(EMAIL_DOMAINS)}`
  const hasOwnEmail = random.chance(age < 15 ? 0.08 : age < 70 ? 0.82 : 0.45)
  const hasMobile = random.chance(age < 12 ? 0.05 : age < 75 ? 0.8 : 0.5)
  return {
    number,
    lastName,
    firstName,
    partnerName: partner ? household.surname : household.partnerSurname,
    gender,
    birth,
    isMinor: age < ADULT_YEARS,
    isYoungChild: age < 12,
    ...homeOf(world, unit, member, household, random),
    email: hasOwnEmail ? email : isOffspring && random.chance(0.6) ? familyEmail(unit, household) : null,
    mobile: hasMobile ? mobileOf(number, world.seed) : null,
    nationalNumber: nationalNumber(birth, gender, serial, number % BIS_ONE_IN === 0),
  }
}

/** Members of a household live together; a namesake lives elsewhere. */
function homeOf(
  world: World,
  unit: Unit,
  member: number,
  household: Household,
  random: Random,
): Pick<Person, 'place' | 'address' | 'landline'> {
  if (unit.kind !== 'namesakes' || member === 0) {
    const { place, address, landline } = household
    return { place, address, landline: random.chance(0.85) ? landline : null }
  }
  const place = drawPlace(world, random)
  const library = at(world.libraries, place)
  const landline = random.chance(0.5) ? landlineOf(at(unit.members, member).slot, library.area, world.seed) : null
  return { place, address: drawAddress(library, random), landline }
}

/** Partners keep their own surname, as Belgians do. */
function isPartner(unit: Unit, member: number): boolean {
  return member === 1 && unit.parents === 2 && unit.kind !== 'same-name' && unit.kind !== 'namesakes'
}

function genderOf(unit: Unit, member: number, household: Household, random: Random): 'F' | 'M' {
  if (unit.kind === 'same-name' || unit.kind === 'namesakes' || member === 0) return household.gender
  if (isPartner(unit, member) && random.chance(0.97)) return household.gender === 'F' ? 'M' : 'F'
  return random.chance(0.5) ? 'F' : 'M'
}

function wantedBirthYear(world: World, unit: Unit, member: number, household: Household, random: Random): number {
  if (member === 0) return household.birthYear
  if (unit.kind === 'same-name') return household.birthYear + random.between(22, 36)
  if (unit.kind === 'namesakes') return household.birthYear + random.between(-14, 14)
  if (member < unit.parents) return household.birthYear + random.between(-6, 6)
  const first = household.birthYear + 24
  const years = Math.max(0, Math.min(14, world.lastBirthYear - first)) + 1
  // Both twins ask for the same year.
  return first + (unit.kind === 'twins' ? unit.block % years : random.below(years))
}

/**
 * The birth date, and the place of the serial in the national number. No two people have the same birth year, birthday
 * and serial: the permutation hands out birthday, serial and the remainder of the year, and the year that was wanted is
 * moved to the nearest with that remainder. Twins share a date, out of a range of serials of their own.
 */
function birthOf(
  world: World,
  unit: Unit,
  member: number,
  wanted: number,
): { birth: Day; year: number; serial: number } {
  const isTwin = unit.kind === 'twins' && member >= unit.parents
  const range = isTwin ? TWIN_SERIALS : SINGLE_SERIALS
  const births = isTwin ? world.twinBirths : world.births
  const cell = births.forward(isTwin ? unit.block : at(unit.members, member).slot)
  const drawn = Math.floor(cell / BIRTHDAYS)
  const remainders = births.size / (BIRTHDAYS * range)
  const year = nearestYear(wanted, Math.floor(drawn / range), remainders, world.lastBirthYear)
  const serial = isTwin ? SINGLE_SERIALS + 2 * (drawn % range) + member - unit.parents : drawn % range
  return { birth: dayOf(year, 1, 1) + (cell % BIRTHDAYS), year, serial }
}

function nearestYear(wanted: number, remainder: number, modulus: number, last: number): number {
  const latest = Math.min(wanted, last)
  const below = latest - ((((latest - remainder) % modulus) + modulus) % modulus)
  return below + modulus <= last && below + modulus - wanted < wanted - below ? below + modulus : below
}

/** Sisters and brothers, twins too, have different first names. */
function childName(world: World, unit: Unit, member: number, household: Household): string {
  const taken = new Set<string>()
  let name = ''
  for (let child = unit.parents; child <= member; child++) {
    const { slot } = at(unit.members, child)
    const random = new Random(world.seed, STREAM_PERSON, slot)
    const naming = new Random(world.seed, STREAM_NAME, slot)
    const gender = genderOf(unit, child, household, random)
    const { year } = birthOf(world, unit, child, wantedBirthYear(world, unit, child, household, random))
    do name = firstNames(year, gender, household.origin).draw(naming)
    while (taken.has(name))
    taken.add(name)
  }
  return name
}

function emailLocal(firstName: string, lastName: string, birthYear: number, random: Random): string {
  const first = emailPart(firstName)
  const last = emailPart(lastName)
  switch (random.below(6)) {
    case 0:
      return `${first}${last}`
    case 1:
      return `${last}.${first}`
    case 2:
      return `${first.slice(0, 1)}${last}`
    case 3:
      return `${first}_${birthYear % 100}_`
    default:
      return `${first}.${last}`
  }
}

/** The parents' address, that children are registered with. */
function familyEmail(unit: Unit, household: Household): string {
  return `fam.${emailPart(household.surname)}${unit.slot + 1}@${at(EMAIL_DOMAINS, unit.slot % EMAIL_DOMAINS.length)}`
}

/** Letters a to z only. */
function emailPart(name: string): string {
  const lower = name.toLowerCase()
  if (/^[a-z]*$/.test(lower)) return lower
  return lower
    .normalize('NFD')
    .replace(/ı/g, 'i')
    .replace(/[^a-z]/g, '')
}
