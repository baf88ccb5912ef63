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

/** `2026-11-24 10:00`, Brussels' time. */
export function inBrussels(moment: Date): string {
  return brussels.format(moment)
}

/** Today in Brussels, `2026-11-24`. */
export function todayInBrussels(): string {
  return inBrussels(new Date()).slice(0, '2026-11-24'.length)
}
