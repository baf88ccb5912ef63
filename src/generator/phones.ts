import type { Random } from './random'

/** 0 in front, no spaces: what all spellings of a number come down to. */
export type NationalPhone = string

/** Affine steps that are prime to their ranges, so that different people have different numbers. */
const MOBILE_RANGE = 30_000_000
const MOBILE_STEP = 17_320_511
const LANDLINE_STEP = 618_049

/** A mobile number of its own for everybody: 0470 to 0499 and six digits. */
export function mobileOf(person: number, seed: number): NationalPhone {
  return `04${String(70_000_000 + ((person * MOBILE_STEP + seed) % MOBILE_RANGE))}`
}

/** A household's landline number in the zone `area` (02, 03 and 09 have seven digits after them, the others six). */
export function landlineOf(household: number, area: string, seed: number): NationalPhone {
  const digits = 9 - area.length
  const low = 2 * 10 ** (digits - 1)
  return area + String(low + ((household * LANDLINE_STEP + seed) % (7 * 10 ** (digits - 1) - 19)))
}

/** A number as somebody at a desk, or at home, wrote it down. All spellings have the same key by R6. */
export function spellPhone(number: NationalPhone, random: Random): string {
  const isMobile = number.startsWith('04') && number.length === 10
  const areaLength = isMobile ? 4 : /^0[239]/.test(number) ? 2 : 3
  const area = number.slice(0, areaLength)
  const rest = number.slice(areaLength)
  const groups = rest.length === 7 ? [rest.slice(0, 3), rest.slice(3, 5), rest.slice(5)] : (rest.match(/../g) ?? [rest])
  const draw = random.below(100)
  if (draw < 32) return `${area} ${groups.join(' ')}`
  if (draw < 52) return `${area}/${groups.join('.')}`
  if (draw < 64) return `${area}/${rest}`
  if (draw < 74) return number
  if (draw < 84) return `+32 ${area.slice(1)} ${groups.join(' ')}`
  if (draw < 90) return `+32${number.slice(1)}`
  if (draw < 93) return `0032 ${area.slice(1)} ${groups.join(' ')}`
  if (draw < 96) return `+32 (0)${area.slice(1)} ${groups.join(' ')}`
  if (draw < 97) return `0032 (0)${area.slice(1)}/${groups.join('.')}`
  if (draw < 98) return `+32 ${area} ${groups.join(' ')}`
  return `${area}-${groups.join('-')}`
}

/** A number across the border, with the zero that people leave in. */
export function foreignPhoneOf(person: number, random: Random): string {
  const number = String(10_000_000 + ((person * 7_368_787) % 89_999_999))
  return random.chance(0.6) ? `+31 6 ${number}` : `+49 (0) 30 ${number}`
}
