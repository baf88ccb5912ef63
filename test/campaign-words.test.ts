import { OUTCOMES, type CampaignReport, type Outcome } from '../src/domain/campaign'
import { campaignDetails, campaignSentences, durationIn, outcomeLines, pauseSentence } from '../src/domain/sentences'

function report(changed: Partial<CampaignReport> = {}, counts: Partial<Record<Outcome, number>> = {}): CampaignReport {
  const outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, counts[outcome] ?? 0])) as Record<
    Outcome,
    number
  >
  return {
    id: 3,
    status: 'running',
    pairs: Object.values(outcomes).reduce((sum, n) => sum + n, 0),
    outcomes,
    pairsPerSecond: null,
    temporalUrl: null,
    name: null,
    on: '2026-11-27',
    lanes: 2,
    pace: 'desk',
    hours: null,
    first: null,
    withinHours: true,
    paused: null,
    waitsFor: [],
    secondsLeft: null,
    by: 'an',
    reason: null,
    startedAt: '2026-11-27T08:00:00Z',
    endedAt: null,
    undo: null,
    ...changed,
  }
}

test('only outcomes that there are have a line; what people look into says how', () => {
  const lines = outcomeLines(report({}, { completed: 1_204, refused: 3, pending: 17 }), 'en')
  expect(lines).toEqual([
    '1204 completed',
    '   3 refused   ("ontdubbel campaign report 3 --outcome refused" says which and why)',
    '  17 pending',
  ])
  expect(outcomeLines(report({}, { 'set-aside': 2 }), 'nl')).toEqual([
    '2 opzij gezet   ("ontdubbel campaign report 3 --outcome set-aside" zegt welke en waarom)',
  ])
  expect(outcomeLines(report(), 'en')).toEqual([])
})

test('a running campaign says how fast it is and how long it will last, where that is known', () => {
  expect(campaignSentences(report({ pairsPerSecond: 1_714.3, secondsLeft: 1_000 }), 'nl')).toEqual([
    '1714,3 paren per seconde, nog ongeveer 17 minuten.',
  ])
  expect(campaignSentences(report({ pairsPerSecond: 2 }), 'en')).toEqual(['2.0 pairs a second.'])
  expect(campaignSentences(report(), 'en')).toEqual([])
})

test('what holds it up is named, with what can be done about it', () => {
  const away = report({ withinHours: false, hours: '22:00-06:00', first: 5, waitsFor: [8, 12] }, { 'set-aside': 1 })
  expect(campaignSentences(away, 'en')).toEqual([
    'Outside of its hours (22:00-06:00): it goes on by itself.',
    expect.stringMatching(/not finished: 8, 12\. "ontdubbel merge show 8"/),
    'It pauses after the first 5 pairs, for a look.',
    '"ontdubbel campaign retry 3" tries again what was set aside.',
  ])
  const message = 'It was asked to pause (by jo).'
  const paused = report({ status: 'paused', paused: { code: 'asked', details: { by: 'jo' }, message }, first: 5 })
  expect(campaignSentences(paused, 'en')).toEqual([message])
  const cancelled = report({ status: 'cancelled' }, { 'set-aside': 1, 'not-run': 4 })
  expect(campaignSentences(cancelled, 'nl')).toEqual([expect.stringContaining('blijft ontdubbeld')])
})

test('a pause tells what is known of it, and nothing of what is not', () => {
  expect(pauseSentence('first-pairs', { campaign: 3, first: null }, 'en')).toMatch(
    /^The first pairs of the list are done, for/,
  )
  expect(pauseSentence('first-pairs', { campaign: 3, first: 100 }, 'nl')).toContain('klaar (100)')
  expect(pauseSentence('unforeseen', { campaign: 3 }, 'en')).toMatch(/nobody foresaw: see .* campaign resume 3/)
  expect(pauseSentence('asked', { campaign: 3, by: 'jo' }, 'nl')).toContain('(door jo)')
})

test('for the Temporal UI it is a list and paragraphs', () => {
  const some = report({ pairsPerSecond: 10 }, { completed: 120, running: 7 })
  expect(campaignDetails(some, 'en')).toBe('- 120 completed\n- 7 running\n\n10.0 pairs a second.')
})

test.each([
  [1, '1 second', '1 seconde'],
  [119.2, '120 seconds', '120 seconden'],
  [121, '3 minutes', '3 minuten'],
  [7_199, '120 minutes', '120 minuten'],
  [7_200, '2 h 0 min', '2 u 0 min'],
  [90_061, '25 h 2 min', '25 u 2 min'],
])('%d seconds are said as %s, in Dutch %s', (seconds, english, dutch) => {
  expect([durationIn(seconds, 'en'), durationIn(seconds, 'nl')]).toEqual([english, dutch])
})
