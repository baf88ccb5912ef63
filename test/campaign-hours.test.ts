import fc from 'fast-check'
import { isWithin, msUntilChange, parseHours } from '../src/domain/hours'
import { inBrussels } from '../src/domain/moments'
import { PROPERTY_TIMEOUT_MS, runs } from './support/properties'

const MINUTE_MS = 60_000

/** In minutes; exact to the millisecond, or it fails. */
function minutesUntilChange(hours: string, moment: string): number {
  return (msUntilChange(parseHours(hours), new Date(moment)) ?? NaN) / MINUTE_MS
}

const within = (hours: string, moment: string) => isWithin(parseHours(hours), new Date(moment))

describe('hours', () => {
  test('are two times of the day', () => {
    expect(parseHours('20:00-06:30')).toEqual({ from: 20 * 60, to: 6 * 60 + 30 })
    expect(parseHours('00:00-23:59')).toEqual({ from: 0, to: 23 * 60 + 59 })
    expect(parseHours('23:59-00:00')).toEqual({ from: 23 * 60 + 59, to: 0 })
  })

  test.each([
    '',
    '20:00',
    '20:00-20:00',
    '00:00-00:00',
    '20-06',
    '8:00-18:00',
    '24:00-06:00',
    '20:00-24:00',
    '20:60-06:00',
    ' 20:00-06:00',
    '20:00-06:00\n',
    '20:00 - 06:00',
    '20:00-06:00-07:00',
    '20:00-06:00,12:00-13:00',
  ])('are not %j', (text) => {
    expect(() => parseHours(text)).toThrow(expect.objectContaining({ code: 'bad-input', exitCode: 2 }))
    expect(() => parseHours(text)).toThrow('It is two different times of the day, HH:MM-HH:MM, as 20:00-06:00.')
  })

  test('left out are all hours, which never change', () => {
    expect([parseHours(null), parseHours(undefined)]).toEqual([null, null])
    expect(isWithin(null, new Date('2026-11-24T12:00:00Z'))).toBe(true)
    expect(msUntilChange(null, new Date('2026-11-24T12:00:00Z'))).toBeNull()
  })
})

describe('on the border', () => {
  test.each([
    // winter: 19:00 UTC is 20:00
    ['19:00-20:00', '2026-11-24T17:59:59.999Z', false, 1],
    ['19:00-20:00', '2026-11-24T18:00:00.000Z', true, 60 * MINUTE_MS],
    ['19:00-20:00', '2026-11-24T18:59:59.999Z', true, 1],
    ['19:00-20:00', '2026-11-24T19:00:00.000Z', false, 23 * 60 * MINUTE_MS],
    // summer: 18:00 UTC is 20:00
    ['20:00-20:01', '2026-07-01T17:59:30.000Z', false, 30_000],
    ['20:00-20:01', '2026-07-01T18:00:00.001Z', true, MINUTE_MS - 1],
    ['20:00-20:01', '2026-07-01T18:01:00.000Z', false, (24 * 60 - 1) * MINUTE_MS],
    ['20:01-20:00', '2026-07-01T18:00:00.000Z', false, MINUTE_MS],
    ['00:00-23:59', '2026-07-01T21:59:00.000Z', false, MINUTE_MS],
    ['23:59-00:00', '2026-07-01T21:59:59.000Z', true, 1_000],
  ])('of %s at %s', (hours, moment, is, ms) => {
    expect([within(hours, moment), msUntilChange(parseHours(hours), new Date(moment))]).toEqual([is, ms])
  })
})

test.each([
  ['2026-11-24T18:59:00Z', false, 1],
  ['2026-11-24T19:00:00Z', true, 10 * 60],
  ['2026-11-24T23:00:00Z', true, 6 * 60],
  ['2026-11-25T04:59:00Z', true, 1],
  ['2026-11-25T05:00:00Z', false, 14 * 60],
])('20:00-06:00 goes over midnight: %s', (moment, is, minutes) => {
  expect([within('20:00-06:00', moment), minutesUntilChange('20:00-06:00', moment)]).toEqual([is, minutes])
})

describe('29 March 2026, when 02:00 is 03:00', () => {
  test.each([
    // a night of nine hours, from 20:00 (19:00 UTC) to 06:00 (04:00 UTC)
    ['20:00-06:00', '2026-03-28T19:00:00Z', true, 9 * 60],
    ['20:00-06:00', '2026-03-29T00:59:00Z', true, 3 * 60 + 1],
    ['20:00-06:00', '2026-03-29T01:00:00Z', true, 3 * 60],
    ['20:00-06:00', '2026-03-29T04:00:00Z', false, 14 * 60],
    // the day before, and the day after it, have 24 hours
    ['20:00-06:00', '2026-03-28T05:00:00Z', false, 14 * 60],
    // a begin that the clock leaves out is at 03:00, and so is an end
    ['02:30-05:00', '2026-03-29T00:00:00Z', false, 60],
    ['02:30-05:00', '2026-03-29T00:59:59Z', false, 1 / 60],
    ['02:30-05:00', '2026-03-29T01:00:00Z', true, 120],
    ['01:00-02:30', '2026-03-29T00:30:00Z', true, 30],
    ['01:00-02:30', '2026-03-29T01:00:00Z', false, 22 * 60],
    // hours that the clock leaves out altogether
    ['02:10-02:20', '2026-03-28T02:00:00Z', false, 46 * 60 + 10],
    ['02:20-02:10', '2026-03-28T02:00:00Z', true, 46 * 60 + 10],
    ['02:00-03:00', '2026-03-28T02:00:00Z', false, 46 * 60],
  ])('%s at %s', (hours, moment, is, minutes) => {
    expect([within(hours, moment), minutesUntilChange(hours, moment)]).toEqual([is, minutes])
  })
})

describe('25 October 2026, when 03:00 is 02:00', () => {
  test.each([
    // a night of eleven hours, from 20:00 (18:00 UTC) to 06:00 (05:00 UTC)
    ['20:00-06:00', '2026-10-24T18:00:00Z', true, 11 * 60],
    ['20:00-06:00', '2026-10-25T00:30:00Z', true, 4 * 60 + 30],
    ['20:00-06:00', '2026-10-25T01:30:00Z', true, 3 * 60 + 30],
    ['20:00-06:00', '2026-10-25T05:00:00Z', false, 14 * 60],
    // what lies in the hour that comes twice, comes twice
    ['20:00-02:30', '2026-10-25T00:20:00Z', true, 10],
    ['20:00-02:30', '2026-10-25T00:30:00Z', false, 30],
    ['20:00-02:30', '2026-10-25T01:00:00Z', true, 30],
    ['20:00-02:30', '2026-10-25T01:30:00Z', false, 17 * 60 + 30],
    ['02:30-05:00', '2026-10-25T00:40:00Z', true, 20],
    ['02:30-05:00', '2026-10-25T01:00:00Z', false, 30],
    ['02:30-05:00', '2026-10-25T01:30:00Z', true, 2 * 60 + 30],
    ['02:10-02:20', '2026-10-25T00:20:00Z', false, 50],
    ['03:00-04:00', '2026-10-25T00:00:00Z', false, 2 * 60],
    ['01:00-02:00', '2026-10-24T23:30:00Z', true, 30],
    ['01:00-02:00', '2026-10-25T00:00:00Z', false, 24 * 60],
  ])('%s at %s', (hours, moment, is, minutes) => {
    expect([within(hours, moment), minutesUntilChange(hours, moment)]).toEqual([is, minutes])
  })
})

const time = fc.integer({ min: 0, max: 24 * 60 - 1 })
const clock = (minutes: number) =>
  [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':')
/** A moment of the days around a change of the clock, or of any other day. */
const moment = fc.oneof(
  ...['2026-03-28', '2026-10-24', '2026-06-01'].map((day) =>
    fc.integer({ min: 0, max: 3 * 24 * 60 * MINUTE_MS - 1 }).map((ms) => new Date(Date.parse(day) + ms)),
  ),
)

/** The definition: what the clock shows lies between the two texts. */
function shownWithin(from: string, to: string, at: Date): boolean {
  const shown = inBrussels(at).slice(-'20:00'.length)
  return from < to ? from <= shown && shown < to : from <= shown || shown < to
}

test(
  'any hours, minute by minute, are as the clock shows',
  () => {
    fc.assert(
      fc.property(fc.uniqueArray(time, { minLength: 2, maxLength: 2 }), moment, (times, from) => {
        const [begin, end] = times.map(clock) as [string, string]
        const hours = parseHours(`${begin}-${end}`)
        const is = shownWithin(begin, end, from)
        let next = Math.floor(from.getTime() / MINUTE_MS) * MINUTE_MS + MINUTE_MS
        while (shownWithin(begin, end, new Date(next)) === is) next += MINUTE_MS
        expect([isWithin(hours, from), msUntilChange(hours, from)]).toEqual([is, next - from.getTime()])
      }),
      runs(5),
    )
  },
  PROPERTY_TIMEOUT_MS,
)
