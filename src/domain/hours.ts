import { OntdubbelError } from './errors'
import { inBrussels } from './moments'
import { VALUES_WANTED } from './sentences'

/** When a campaign may run, by the clock in Brussels: from the first minute until before the second, over midnight too. */
export interface Hours {
  /** Minutes since midnight. */
  from: number
  /** Minutes since midnight; never `from`. */
  to: number
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MINUTES = 24 * 60
/** The minutes that the clock leaves out on one night may be all of them: then the next change comes a day later. */
const LONGEST_MS = 3 * 24 * HOUR_MS

const TIME = '([01]\\d|2[0-3]):([0-5]\\d)'
const HOURS = new RegExp(`^${TIME}-${TIME}$`)

/**
 * `HH:MM-HH:MM`, as 20:00-06:00; null or undefined is null: at any hour.
 * @throws OntdubbelError `bad-input` (exit code 2) for another text, and for two equal times
 */
export function parseHours(text: string | null | undefined): Hours | null {
  if (text === null || text === undefined) return null
  const [, ...parts] = HOURS.exec(text) ?? []
  const [fromHour, fromMinute, toHour, toMinute] = parts.map(Number)
  const [from, to] = [fromHour! * 60 + fromMinute!, toHour! * 60 + toMinute!]
  if (parts.length === 0 || from === to) throw new OntdubbelError('bad-input', VALUES_WANTED.hours, 2)
  return { from, to }
}

/** Whether the clock in Brussels shows a minute of these hours; null: it always does. */
export function isWithin(hours: Hours | null, moment: Date): boolean {
  if (hours === null) return true
  const now = minuteOfDay(moment)
  const { from, to } = hours
  return from < to ? from <= now && now < to : from <= now || now < to
}

/**
 * Milliseconds until they begin or end next, more than 0; null where they never do. Where the clock is put back they may
 * begin or end twice, where it is put forward at its new time.
 */
export function msUntilChange(hours: Hours | null, moment: Date): number | null {
  if (hours === null) return null
  const start = moment.getTime()
  const within = isWithin(hours, moment)
  // until the clock shows one of the two times, or until it may be changed, which is at a full hour of UTC
  for (let at = start; at < start + LONGEST_MS;) {
    const now = minuteOfDay(new Date(at))
    const minutes = Math.min(
      ...[hours.from, hours.to].map((time) => ((time - now + DAY_MINUTES - 1) % DAY_MINUTES) + 1),
    )
    const border = Math.floor(at / MINUTE_MS + minutes) * MINUTE_MS
    const fullHour = Math.floor(at / HOUR_MS + 1) * HOUR_MS
    at = Math.min(border, fullHour)
    if (isWithin(hours, new Date(at)) !== within) return at - start
  }
  throw new Error('hours that neither begin nor end')
}

/** By the clock in Brussels, whose offset is whole minutes. */
function minuteOfDay(moment: Date): number {
  const [hour, minute] = inBrussels(moment).slice('2026-11-24 '.length).split(':').map(Number)
  return hour! * 60 + minute!
}
