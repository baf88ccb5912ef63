import { inBrussels } from '../moments'
import type { Language } from './language'

const DUTCH_MONTHS = ['jan', 'feb', 'mrt', 'apr', 'mei', 'jun', 'jul', 'aug', 'sep', 'okt', 'nov', 'dec']

/** A date `YYYY-MM-DD` as people read it: in English as it is, in Dutch `1 dec 2026`. */
export function dayIn(day: string, language: Language): string {
  const [year, month, date] = day.split('-')
  return language === 'en' ? day : `${Number(date)} ${DUTCH_MONTHS[Number(month) - 1] ?? month} ${year}`
}

/** A moment (ISO 8601) in Brussels' time: `2026-12-01 09:30`, `1 dec 2026 09:30`. */
export function momentIn(iso: string, language: Language): string {
  const [day = '', time = ''] = inBrussels(new Date(iso)).split(' ')
  return `${dayIn(day, language)} ${time}`
}

/** An amount in euro cents: `€ 1,234.50`, in Dutch `€ 1.234,50`. */
export function euros(cents: number, language: Language): string {
  const format = new Intl.NumberFormat(language === 'nl' ? 'nl-BE' : 'en-IE', {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  })
  return `€ ${format.format(cents / 100)}`
}

/** A number with one decimal: `1714.3`, in Dutch `1714,3`. */
export function decimalIn(n: number, language: Language): string {
  return n.toFixed(1).replace('.', language === 'nl' ? ',' : '.')
}

const DAY = /^\d{4}-\d\d-\d\d$/
const MOMENT = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/

/** A text that is a date or a moment as people read it; any other as it is. */
export function datesIn(text: string, language: Language): string {
  return DAY.test(text) ? dayIn(text, language) : MOMENT.test(text) ? momentIn(text, language) : text
}
