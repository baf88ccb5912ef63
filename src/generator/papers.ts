import type { PairKind } from './appearance'
import { spellNationalNumber, withWrongCheckDigits } from './nationalNumber'
import type { Person } from './people'
import { Random } from './random'
import type { PatronRecord } from './records'
import type { World } from './world'

/** Which documents a record knows of, and whether online services are blocked until one is shown. */
export type Papers = Pick<PatronRecord, 'nationalNumber' | 'legitimation' | 'registeredOnline' | 'internetBlock'>

const STREAM_PAPERS = 7

/** The share of desk registrations with the number in its field, so that 41 % of all records have it. */
const NUMBER_SHARE = 0.43
const ONLINE_SHARE = 0.06
/** Some children were registered with a parent's number. */
const PARENTS_NUMBER_SHARE = 0.002
const WRONG_CHECK_SHARE = 0.03

/** `parent` makes the person whose number a child may have been given; null where there is none. */
export function papersOf(
  world: World,
  person: Person,
  kind: PairKind | null,
  record: number,
  parent: (() => Person) | null,
): Papers {
  const random = new Random(world.seed, STREAM_PAPERS, record)
  const registeredOnline = kind === 'online-and-desk' || (!person.isYoungChild && random.chance(ONLINE_SHARE))
  // Whoever registered online is blocked until they show a document; then the number is there, too, mostly.
  const isUnverified = registeredOnline && random.chance(0.8)
  const isParents = parent !== null && person.isYoungChild && random.chance(PARENTS_NUMBER_SHARE)
  const number = isParents ? parent().nationalNumber : person.nationalNumber
  const hasNumber = !isUnverified && (isParents || random.chance(NUMBER_SHARE))
  return {
    nationalNumber: hasNumber ? number : null,
    legitimation: isUnverified ? null : drawLegitimation(person, hasNumber, random),
    registeredOnline,
    internetBlock: isUnverified ? { reason: 'online-registration' } : random.chance(0.004) ? { reason: 'staff' } : null,
  }
}

function drawLegitimation(person: Person, hasNumber: boolean, random: Random): string | null {
  if (!random.chance(hasNumber ? 0.5 : 0.42)) return null
  const draw = random.below(100)
  if (person.isYoungChild)
    return draw < 60 ? 'kids-ID' : draw < 70 ? `kids-ID ${writtenNumber(person, random)}` : 'ouder'
  if (draw < 32)
    return `${random.pick(['eID', 'eID', 'e-ID', 'identiteitskaart', 'IK'])} ${writtenNumber(person, random)}`
  if (draw < 58) return random.pick(['eID', 'identiteitskaart', 'eID getoond', 'e-id'])
  if (draw < 72)
    return `eID 59${random.between(0, 9)}-${random.between(1_000_000, 9_999_999)}-${random.between(10, 97)}`
  if (draw < 82) return `paspoort E${random.pick(['I', 'J', 'K', 'L'])}${random.between(100_000, 999_999)}`
  if (draw < 90) return random.pick(['rijbewijs', 'ISI+', 'studentenkaart', 'itsme', 'bewijs van domicilie'])
  return `verblijfskaart B${random.between(1_000_000, 9_999_999)}`
}

/** The number as somebody copied it, rarely with check digits that are not right. */
function writtenNumber(person: Person, random: Random): string {
  const isWrong = random.chance(WRONG_CHECK_SHARE)
  return spellNationalNumber(isWrong ? withWrongCheckDigits(person.nationalNumber) : person.nationalNumber, random)
}
