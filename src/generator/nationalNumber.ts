import { civil, twoDigits, type Day } from './dates'
import type { Random } from './random'

/**
 * The national number of somebody: eleven digits with valid check digits. `place` counts those of one birth date and
 * gender, from 0 to 497: the serial is odd for men, even for women, up to 996.
 */
export function nationalNumber(birth: Day, gender: 'F' | 'M', place: number, isBis: boolean): string {
  const { year, month, day } = civil(birth)
  // A BIS number (no national number, but known to social security) has 40 added to the month where gender is known.
  const start = `${twoDigits(year % 100)}${twoDigits(month + (isBis ? 40 : 0))}${twoDigits(day)}`
  const nine = start + String(place * 2 + (gender === 'M' ? 1 : 2)).padStart(3, '0')
  return nine + twoDigits(checkDigits(nine, year >= 2000))
}

function checkDigits(nine: string, bornFrom2000: boolean): number {
  return 97 - ((bornFrom2000 ? 2_000_000_000 + Number(nine) : Number(nine)) % 97)
}

/** The number with check digits that are valid in neither century. */
export function withWrongCheckDigits(number: string): string {
  const nine = number.slice(0, 9)
  let check = Number(number.slice(9))
  do check = (check % 97) + 1
  while (check === checkDigits(nine, false) || check === checkDigits(nine, true))
  return nine + twoDigits(check)
}

/** As people write it: dots, dashes, spaces, or nothing between the groups (R9 reads all of these). */
export function spellNationalNumber(number: string, random: Random): string {
  const date = [number.slice(0, 2), number.slice(2, 4), number.slice(4, 6)]
  const serial = number.slice(6, 9)
  const check = number.slice(9)
  switch (random.below(5)) {
    case 0:
      return number
    case 1:
      return `${date.join(' ')} ${serial} ${check}`
    case 2:
      return `${date.join('')}-${serial}.${check}`
    default:
      return `${date.join('.')}-${serial}.${check}`
  }
}
