/**
 * Days as whole numbers (days since 1970-01-01), so that nothing here asks the machine for its clock, its time zone or
 * its locale.
 */
export type Day = number

interface CivilDate {
  year: number
  month: number
  day: number
}

/** The day of a date in the Gregorian calendar (Hinnant's `days_from_civil`). */
export function dayOf(year: number, month: number, day: number): Day {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return era * 146097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719468
}

export function civil(day: Day): CivilDate {
  const shifted = day + 719468
  const era = Math.floor(shifted / 146097)
  const dayOfEra = shifted - era * 146097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1,
  }
}

/** By day since 1900-01-01: a consortium of any size lives in some 50,000 days. */
const written: (string | undefined)[] = []
const EARLIEST: Day = -25567

/** `YYYY-MM-DD`. */
export function isoDate(day: Day): string {
  return (written[day - EARLIEST] ??= writeDate(day))
}

function writeDate(day: Day): string {
  const { year, month, day: dayOfMonth } = civil(day)
  return `${String(year).padStart(4, '0')}-${twoDigits(month)}-${twoDigits(dayOfMonth)}`
}

/** Reads `YYYY-MM-DD`; anything else is a RangeError. */
export function parseDay(text: string): Day {
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text)
  const day = parts ? dayOf(Number(parts[1]), Number(parts[2]), Number(parts[3])) : Number.NaN
  if (!parts || isoDate(day) !== text) throw new RangeError('a date is written YYYY-MM-DD')
  return day
}

/** An instant in opening hours (1:00 is not one), with Brussels' offset on that day. */
export function brusselsInstant(day: Day, hour: number, minute: number): string {
  return `${isoDate(day)}T${twoDigits(hour)}:${twoDigits(minute)}:00${isSummerTime(day) ? '+02:00' : '+01:00'}`
}

const summers = new Map<number, { from: Day; until: Day }>()

function isSummerTime(day: Day): boolean {
  const year = Number(isoDate(day).slice(0, 4))
  let summer = summers.get(year)
  if (!summer) summers.set(year, (summer = { from: lastSunday(year, 3), until: lastSunday(year, 10) }))
  return day >= summer.from && day < summer.until
}

/** The last Sunday of a month of 31 days. Day 0 was a Thursday. */
function lastSunday(year: number, month: number): Day {
  const last = dayOf(year, month, 31)
  return last - ((last + 4) % 7)
}

export function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value)
}
