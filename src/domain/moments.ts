// made once: making it takes longer than using it a hundred times. Swedish dates are ISO's
const brussels = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/Brussels',
  dateStyle: 'short',
  timeStyle: 'short',
})

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/

/** Whether a text is a date `YYYY-MM-DD` that exists. */
export function isDate(text: string): boolean {
  const found = DATE.exec(text)
  if (!found) return false
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])]
  if (year < 1 || month < 1 || month > 12 || day < 1) return false
  if (day <= 28) return true
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  return day <= (month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31)
}

const MOMENT = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?(Z|[+-](0\d|1[0-4]):[0-5]\d)$/

/** Whether a text is a moment in ISO 8601 with its zone, of a date that exists. */
export function isMoment(text: string): boolean {
  const day = MOMENT.exec(text)?.[1]
  return day !== undefined && isDate(day)
}

/** `2026-11-24 10:00`, Brussels' time. */
export function inBrussels(moment: Date): string {
  return brussels.format(moment)
}

/** Today in Brussels, `2026-11-24`. */
export function todayInBrussels(): string {
  return inBrussels(new Date()).slice(0, '2026-11-24'.length)
}
