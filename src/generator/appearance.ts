import type { Day } from './dates'
import type { Person } from './people'
import { foreignPhoneOf, mobileOf, spellPhone } from './phones'
import { drawAddress, respellAddress } from './places'
import { at, Random } from './random'
import type { Address, Contact } from './records'
import { mistypeDate, mistypeName, respellFirstName, respellLastName } from './typing'
import type { World } from './world'

/** How a person came to have one more record. */
export type PairKind =
  /** Registered at another library as well. */
  | 'second-library'
  /** Once online, once at the desk. */
  | 'online-and-desk'
  /** Moved house and registered anew. */
  | 'moved'
  /** Registered under the surname of a partner, or a double name. */
  | 'married'
  /** A slip in a name or the birth date, so that the desk did not find the first record. */
  | 'mistyped'
  /** Another spelling or short form of a name, phone numbers and e-mail addresses written otherwise. */
  | 'spelling'
  /** First and last name in each other's field. */
  | 'names-swapped'
  /** Came back after years, from another address; the old record has lapsed. */
  | 'came-back'

/** What a record says about a person. */
export interface Appearance {
  lastName: string
  firstName: string | null
  gender: 'F' | 'M' | null
  birth: Day | null
  address: Address | null
  /** Of the library of registration, among the world's libraries. */
  library: number
  contacts: Contact[]
}

const STREAM_KIND = 5
const STREAM_APPEARANCE = 6

/** The way a record that is not the person's first arose. `record` is the number of its substream, its slot. */
export function kindOf(world: World, person: Person, record: number): PairKind {
  const random = new Random(world.seed, STREAM_KIND, record)
  const draw = random.below(1000)
  if (draw < 240) return 'second-library'
  if (draw < 450) return person.isYoungChild ? 'second-library' : 'online-and-desk'
  if (draw < 650) return 'moved'
  if (draw < 780) return person.isMinor || random.chance(person.gender === 'M' ? 0.85 : 0) ? 'moved' : 'married'
  if (draw < 880) return 'mistyped'
  if (draw < 955) return 'spelling'
  if (draw < 965) return 'names-swapped'
  return 'came-back'
}

/** What the record says; `kind` is null for a person's first. */
export function appearanceOf(world: World, person: Person, kind: PairKind | null, record: number): Appearance {
  const random = new Random(world.seed, STREAM_APPEARANCE, record)
  const isAnother = kind !== null
  const hasMoved = kind === 'moved' || kind === 'came-back' || (isAnother && random.chance(0.06))
  const place = hasMoved && random.chance(0.4) ? random.below(world.libraries.length) : person.place
  const address = hasMoved ? drawAddress(at(world.libraries, place), random) : person.address
  const isFirstWrong = random.chance(0.5)
  const slipped =
    kind === 'mistyped' ? (random.chance(0.45) ? 'date' : 'name') : random.chance(isAnother ? 0.04 : 0) ? 'name' : null
  let { lastName, firstName } = person
  if (kind === 'married') lastName = marriedName(person, random)
  if (kind === 'names-swapped') [lastName, firstName] = [firstName, lastName]
  if (kind === 'spelling' || (isAnother && random.chance(0.08))) {
    const both = random.below(3)
    if (both !== 0) firstName = respellFirstName(firstName, random)
    if (both !== 1) lastName = respellLastName(lastName, random)
  }
  if (slipped === 'name' && isFirstWrong) firstName = mistypeName(firstName, random)
  if (slipped === 'name' && !isFirstWrong) lastName = mistypeName(lastName, random)
  return {
    lastName,
    firstName: random.chance(0.003) ? null : firstName,
    gender: random.chance(kind === 'online-and-desk' ? 0.3 : 0.04) ? null : person.gender,
    birth: random.chance(0.02) ? null : slipped === 'date' ? mistypeDate(person.birth, random) : person.birth,
    address: random.chance(0.008)
      ? null
      : random.chance(isAnother ? 0.15 : 0.04)
        ? respellAddress(address, random)
        : address,
    library: libraryOf(world, kind, place, random),
    contacts: contactsOf(world, person, kind, hasMoved, random),
  }
}

function marriedName(person: Person, random: Random): string {
  switch (random.below(4)) {
    case 0:
      return `${person.lastName}-${person.partnerName}`
    case 1:
      return `${person.partnerName}-${person.lastName}`
    default:
      return person.partnerName
  }
}

function libraryOf(world: World, kind: PairKind | null, place: number, random: Random): number {
  const others = world.libraries.length - 1
  if (others === 0) return 0
  const isElsewhere = random.chance(kind === 'second-library' ? 1 : 0.08)
  return isElsewhere ? (place + 1 + random.below(Math.min(others, 4))) % world.libraries.length : place
}

/** Values that desks type where there is none: held by many, they say nothing about anybody. */
const NO_EMAIL = 'geen@example.org'
const NO_PHONE = '000000000'

function contactsOf(world: World, person: Person, kind: PairKind | null, hasMoved: boolean, random: Random): Contact[] {
  const contacts: Contact[] = []
  const changed = kind === null ? 0 : kind === 'came-back' ? 0.5 : 0.17
  const absent = kind === null ? 0.03 : 0.15
  const isCareless = random.chance(kind === 'spelling' ? 0.6 : 0.05)

  let email = random.chance(absent) ? null : person.email
  if (kind === 'online-and-desk' && email === null) email = `lezer${person.number + 1}@example.net`
  if (email !== null && random.chance(changed)) email = `${email.charAt(0)}.lezer${person.number + 1}@example.com`
  if (email !== null) contacts.push({ kind: 'email', value: isCareless ? shout(email, random) : email })
  else if (random.chance(0.008)) contacts.push({ kind: 'email', value: NO_EMAIL })

  const landline = hasMoved || random.chance(absent) ? null : person.landline
  if (landline !== null) contacts.push({ kind: 'phone', value: spellPhone(landline, random) })
  else if (random.chance(0.006)) contacts.push({ kind: 'phone', value: NO_PHONE })

  const old = mobileOf(person.number + 2 * world.patrons + 1, world.seed)
  const mobile = person.mobile !== null && random.chance(changed) ? old : random.chance(absent) ? null : person.mobile
  if (mobile !== null) {
    // Older desks have one field for all numbers.
    const noted = random.chance(0.08) && landline === null ? 'phone' : 'mobile'
    const value = random.chance(0.01) ? foreignPhoneOf(person.number, random) : spellPhone(mobile, random)
    contacts.push({ kind: noted, value })
  }
  markPrimaries(contacts, random)
  return contacts
}

/** At most one of each kind, and mostly one. */
function markPrimaries(contacts: Contact[], random: Random): void {
  const marked = new Set<string>()
  for (const contact of contacts) {
    if (marked.has(contact.kind) || !random.chance(0.85)) continue
    contact.primary = true
    marked.add(contact.kind)
  }
}

/** The same address in other letters: capitals do not matter in an e-mail address. */
function shout(email: string, random: Random): string {
  if (random.chance(0.3)) return email.toUpperCase()
  return email.replace(/(^|[.@_])([a-z])/g, (_, before: string, letter: string) => before + letter.toUpperCase())
}
