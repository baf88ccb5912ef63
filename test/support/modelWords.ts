/**
 * What the words of the rules mean, written from the rules alone and sharing nothing with the SQL that says the same: the
 * tests hold the two against each other.
 */
import type { Charge, PatronRecord } from './records'

const isDigit = (character: string | undefined) => character !== undefined && character >= '0' && character <= '9'

/** R9: check digits mod 97 of the first nine, before and from 2000. */
export function hasRightCheckDigits(digits: string): boolean {
  const body = digits.slice(0, 9)
  const check = Number(digits.slice(9))
  return [body, `2${body}`].some((text) => 97 - Number(BigInt(text) % 97n) === check)
}

/** R9: month 0 to 12, plus 20 or 40 for BIS numbers. */
function hasMonth(digits: string): boolean {
  const month = Number(digits.slice(2, 4))
  return [0, 20, 40].some((plus) => month >= plus && month <= plus + 12)
}

/** What in a text is written as a national number, whether its check digits are right or not, in the text's order. */
export function writtenNationalNumbers(text: string): string[] {
  const found: string[] = []
  for (let start = 0; start < text.length; start++) {
    if (!isDigit(text[start]) || isDigit(text[start - 1])) continue
    const number = numberFrom(text, start)
    if (number !== undefined && hasMonth(number)) found.push(number)
  }
  return found
}

const GROUPS = [
  { length: 2, before: '' },
  { length: 2, before: '. ' },
  { length: 2, before: '. ' },
  { length: 3, before: '. -' },
  { length: 2, before: '. ' },
]

function numberFrom(text: string, start: number): string | undefined {
  let at = start
  let digits = ''
  for (const { length, before } of GROUPS) {
    const separator = text[at]
    if (separator !== undefined && before.includes(separator)) at++
    for (let n = 0; n < length; n++, at++) {
      if (!isDigit(text[at])) return undefined
      digits += text[at]
    }
  }
  return isDigit(text[at]) ? undefined : digits
}

/** R9: the first valid national number in a legitimation. */
export function validNationalNumberIn(text: string | null): string | null {
  return writtenNationalNumbers(text ?? '').find(hasRightCheckDigits) ?? null
}

/** R9: a number with wrong check digits, and none that is right. */
export function onlyInvalidNationalNumberIn(text: string | null): boolean {
  return writtenNationalNumbers(text ?? '').length > 0 && validNationalNumberIn(text) === null
}

/** R6: two contacts with the same key are the same contact. */
export function contactKey(kind: 'email' | 'phone' | 'mobile', value: string): string {
  if (kind === 'email') return `address ${value.trim().toLowerCase()}`
  const number = e164(value)
  const length = number.replace('+', '').length
  return length >= 8 && length <= 15 ? `number ${number}` : `as written ${value.replace(/\s/g, '')}`
}

function e164(value: string): string {
  // a zero that stands alone in brackets is told apart from the digits
  const marks = [...value.replace(/\(\s*0\s*\)/g, 'z')]
    .filter((mark) => isDigit(mark) || mark === '+' || mark === 'z')
    .join('')
  const leadingPlus = marks.startsWith('+')
  const text = marks.replaceAll('+', '')
  const withCountry = leadingPlus || text.startsWith('00')
  if (!withCountry) {
    const digits = text.replaceAll('z', '0')
    return digits.startsWith('00')
      ? afterCountry(digits.slice(2))
      : digits.startsWith('0')
        ? afterCountry(`32${digits.slice(1)}`)
        : digits
  }
  const beyond = leadingPlus ? text : text.slice(2)
  // the zero that people keep after the country code, which has one to three digits
  const withoutTrunk = beyond.replace(/^([1-9][0-9]{0,2})z/, '$1').replaceAll('z', '0')
  return afterCountry(withoutTrunk)
}

/** Without brackets too, a zero after +32 is dropped. */
function afterCountry(digits: string): string {
  return `+${digits.startsWith('320') ? `32${digits.slice(3)}` : digits}`
}

/** A subscription is active on a day when it is not stopped on or before it and has not ended before it. */
export function isActive(
  { stoppedOn, endsOn }: { stoppedOn: string | null; endsOn: string | null },
  on: string,
): boolean {
  const stopped = stoppedOn !== null && stoppedOn <= on
  const ended = endsOn !== null && endsOn < on
  return !stopped && !ended
}

export function isBlank(text: string | null): boolean {
  return text === null || text.trim() === ''
}

/** A charge is open while its payments add up to less than its amount. */
export function isOpen(charge: Charge, record: PatronRecord): boolean {
  const paid = record.payments
    .filter((payment) => payment.charge === charge.id)
    .reduce((sum, { amount }) => sum + amount, 0)
  return paid < charge.amount
}

/** A valid national number: from the field, else from the legitimation. */
export function numberOf(record: PatronRecord): string | null {
  return record.nationalNumber ?? validNationalNumberIn(record.legitimation)
}

/** R3: has an active or expired subscription there, before R10 deletes any. */
function isRegistered(record: PatronRecord, library: string): boolean {
  return record.subscriptions.some((subscription) => subscription.library === library)
}

/** R3. */
export function bothRegistered(kept: PatronRecord, removed: PatronRecord, library: string): boolean {
  return isRegistered(kept, library) && isRegistered(removed, library)
}

/** R3: where both are registered the kept record's preference holds; one that is not on record is off. */
export function isErasedAt(kept: PatronRecord, removed: PatronRecord, library: string): boolean {
  const isOn = kept.historyPreferences.some((preference) => preference.library === library && preference.enabled)
  return bothRegistered(kept, removed, library) && !isOn
}
