import { readFileSync } from 'node:fs'
import * as campaign from '../src/domain/campaign'
import * as codes from '../src/domain/codes'
import { FOLLOW_UP_SENTENCES } from '../src/domain/sentences/campaignCommands'
import { PAUSE_SENTENCES } from '../src/domain/sentences/campaigns'
import { COUNTS } from '../src/domain/sentences/counts'
import { fill, say } from '../src/domain/sentences/fill'
import { dayIn, euros, momentIn } from '../src/domain/sentences/formats'
import { REFUSAL_SENTENCES } from '../src/domain/sentences/refusals'
import { STATUS_SENTENCES } from '../src/domain/sentences/statuses'
import { STEP_SENTENCES } from '../src/domain/sentences/steps'
import { UNDO_SENTENCES } from '../src/domain/sentences/undo'
import { VALUES } from '../src/domain/sentences/values'
import { WARNING_SENTENCES } from '../src/domain/sentences/warnings'
import * as schema from '../src/interchange/schema'
import { absolute, filesOf, pairsIn, textsIn, type SourceText } from './support/sourceTexts'

const SENTENCES = filesOf('src/domain/sentences')

/** What is the same word in Dutch. */
const SAME_WORD = ['M', 'X', 'online', 'status']

interface Pair {
  en: string
  nl: string
}

/** Every pair of sentences that a file of src/domain/sentences exports, each once, with where it stands. */
function everyPair(): Map<Pair, string> {
  const pairs = new Map<Pair, string>()
  const collect = (value: unknown, where: string) => {
    if (typeof value !== 'object' || value === null) return
    if ('en' in value && typeof value.en === 'string') {
      if (!pairs.has(value as Pair)) pairs.set(value as Pair, where)
      return
    }
    for (const [key, inner] of Object.entries(value)) collect(inner, `${where}.${key}`)
  }
  for (const file of SENTENCES) collect(require(absolute(file)), file.replace(/^.*\/(\w+)\.ts$/, '$1'))
  return pairs
}

function placeholders(sentence: string): string[] {
  return [...new Set([...sentence.matchAll(/\{(\w+)(?::[^{}]*)?\}/g)].map(([, name]) => name ?? ''))].sort()
}

describe('every sentence stands in both languages', () => {
  const pairs = everyPair()

  test('every pair that is written down is one that this test has seen', () => {
    const written = SENTENCES.reduce((sum, file) => sum + pairsIn(readFileSync(absolute(file), 'utf8')), 0)
    expect(pairs.size).toBeGreaterThan(200)
    expect(pairs.size).toBe(written)
  })

  test('with the same details', () => {
    const wrong = [...pairs].filter(([{ en, nl }]) => String(placeholders(en)) !== String(placeholders(nl)))
    expect(wrong.map(([, where]) => where)).toEqual([])
  })

  test('and none was left untranslated, or empty', () => {
    const wrong = [...pairs].filter(
      ([{ en, nl }]) => en.trim() === '' || nl.trim() === '' || (en === nl && !SAME_WORD.includes(en)),
    )
    expect(wrong.map(([, where]) => where)).toEqual([])
  })

  test('a Dutch sentence ends as the English one does', () => {
    const ending = (sentence: string) => /[.?!…]?$/.exec(sentence)?.[0]
    const wrong = [...pairs].filter(([{ en, nl }]) => ending(en) !== ending(nl))
    expect(wrong.map(([, where]) => where)).toEqual([])
  })
})

describe('every code has its sentence', () => {
  /** Each list of codes with the tables that must have all of it, and nothing else where `whole`. */
  const TABLES: Record<string, { table: object; whole: boolean }[]> = {
    STEPS: [{ table: STEP_SENTENCES, whole: true }],
    MERGE_STATUSES: [
      { table: STATUS_SENTENCES, whole: true },
      { table: VALUES.status, whole: false },
    ],
    REFUSALS: [{ table: REFUSAL_SENTENCES, whole: true }],
    WARNINGS: [{ table: WARNING_SENTENCES, whole: true }],
    STOPPING_WARNINGS: [{ table: WARNING_SENTENCES, whole: false }],
    OVERRIDES: [{ table: REFUSAL_SENTENCES, whole: false }],
    TAKE_FIELDS: [{ table: VALUES.field, whole: false }],
    UNDO_CODES: [{ table: UNDO_SENTENCES, whole: true }],
    CAMPAIGN_STATUSES: [{ table: VALUES.campaignStatus, whole: true }],
    OUTCOMES: [{ table: VALUES.outcome, whole: true }],
    PACES: [{ table: VALUES.pace, whole: true }],
    FOLLOW_UPS: [{ table: FOLLOW_UP_SENTENCES, whole: true }],
    PAUSE_CODES: [{ table: PAUSE_SENTENCES, whole: true }],
    ONLY_ON_A_PAIR: [{ table: { ...WARNING_SENTENCES, ...REFUSAL_SENTENCES }, whole: false }],
    MOVED: [{ table: COUNTS, whole: false }],
  }
  const lists = Object.entries({ ...codes, ...campaign }).filter(([, value]) => Array.isArray(value)) as [
    string,
    readonly string[],
  ][]

  test.each(lists)('%s', (name, list) => {
    expect(TABLES).toHaveProperty(name)
    for (const { table, whole } of TABLES[name] ?? []) {
      if (whole) expect(Object.keys(table).sort()).toEqual([...list].sort())
      else expect(Object.keys(table)).toEqual(expect.arrayContaining([...list]))
    }
  })

  test.each([
    ['contact', schema.contact.shape.kind.options],
    ['card', schema.card.shape.status.options],
    ['hold', schema.hold.shape.status.options],
    ['charge', schema.charge.shape.kind.options],
    ['message', schema.message.shape.kind.options],
  ] as const)('what a record holds: %s', (kind, values) => {
    expect(Object.keys(VALUES[kind]).sort()).toEqual([...values].sort())
  })
})

/** Read by ops alone, in English: docs/glossary.md says so. */
const OPS_ONLY = [
  'src/cli/up.ts',
  'src/cli/worker.ts',
  'src/cli/migrate.ts',
  'src/cli/doctor.ts',
  'src/cli/demo.ts',
  'src/cli/demoTour.ts',
  'src/cli/portal.ts',
  'src/cli/checks/',
]
/** Their texts are tables and columns. */
const TABLES_ONLY = ['exportLines', 'fields', 'load', 'staging'].map((name) => `src/interchange/${name}.ts`)
const STAFF_FILES = filesOf(
  'src/cli',
  'src/merges',
  'src/campaigns',
  'src/patrons',
  'src/portal',
  'src/input',
  'src/interchange',
).filter((file) => ![...OPS_ONLY, ...TABLES_ONLY].some((other) => file.startsWith(other)))

/** Where a text is no sentence for staff: `--help`, statements, mistakes of ours that nobody is meant to read. */
const NOT_FOR_STAFF = [
  '.description',
  'description:',
  '.option',
  '.requiredOption',
  '.argument',
  '.addHelpText',
  'choice',
  'new Command',
  'new Error',
  'new RecordsBusy',
  'statement',
  '.query',
  'sql:',
  'STAGED',
  'ENDED',
  'NO_WORKFLOW',
  'SYNC',
  'REVERT',
  'NO_WHOLE_TABLES',
  // how the reference portal may be told to behave: ops
  'BEHAVIOURS',
]
/** Pieces of statements. */
const SQL =
  /^(update|delete) |\b(select|coalesce|from unnest|order by|on conflict|at time zone|is not null)\b|to_char\(|^[a-z_]+ (as|in) \(/
/** Of HTTP and PostgreSQL. */
const OTHER = [
  'Bearer {}',
  'application/json, application/problem+json, application/x-ndjson',
  'ontdubbel command',
  'SQLSTATE {}',
]

/** Two words in a row, or a word beside a value: what a person would read as a sentence. */
const LIKE_A_SENTENCE = /\p{L}{2,},? (\p{L}{2,}|\{\})|(\{\}|\d),? \p{L}{2,}/u

function sentencesIn(source: string): string[] {
  const isFree = ({ text, within }: SourceText) =>
    within.some((name) => NOT_FOR_STAFF.includes(name)) || SQL.test(text) || OTHER.includes(text)
  return textsIn(source)
    .filter((one) => LIKE_A_SENTENCE.test(one.text) && !isFree(one))
    .map(({ text }) => text)
}

describe('no sentence stands elsewhere', () => {
  test('nor in what staff run', () => {
    expect(STAFF_FILES.length).toBeGreaterThan(50)
    const found = STAFF_FILES.map((file) => [file, sentencesIn(readFileSync(absolute(file), 'utf8'))])
    expect(found.filter(([, sentences]) => sentences?.length)).toEqual([])
  })

  test('one that is planted is found', () => {
    const planted = `
      import { tell } from './output'
      throw new OntdubbelError('unknown-merge', \`There is no merge \${merge}.\`, 2)
      tell('No worker is running.')
      print(\`\${remove} into \${keep}\`)
      const WORDS = { open: 'still open' }`
    expect(sentencesIn(planted)).toEqual(['There is no merge {}.', 'No worker is running.', '{} into {}', 'still open'])
  })

  test('help, statements and codes are none', () => {
    const free = `
      const it = statement('a.b', 'update patron set name = $1 where id = $2')
      command.option('--on <date>', 'the merge date; default: today')
      const spoken = { description: 'try the portal now', code: 'needs-attention' }
      throw new Error('a row that was just made is gone')
      print(\`\${one}  \${other}\`)`
    expect(sentencesIn(free)).toEqual([])
  })

  test('nor a pair in two languages', () => {
    const elsewhere = filesOf('src').filter((file) => !SENTENCES.includes(file))
    const found = elsewhere.filter((file) => pairsIn(readFileSync(absolute(file), 'utf8')) > 0)
    // these put two sentences together
    expect(found.sort()).toEqual(['src/input/badLine.ts', 'src/interchange/accounts.ts', 'src/portal/errors.ts'])
  })
})

describe('details', () => {
  test('a bracket whose detail is not known goes with it', () => {
    expect(fill('It failed (HTTP {status}) ({why}).', { why: 'slow' })).toBe('It failed (slow).')
  })

  test('a number takes its word', () => {
    const loans = { en: '{n:loan|loans}', nl: '{n:uitlening|uitleningen}' }
    expect([say(loans, 'en', { n: 1 }), say(loans, 'nl', { n: 3 })]).toEqual(['1 loan', '3 uitleningen'])
  })

  test('codes are told in words, lists and places too', () => {
    expect(fill('{fields}', { fields: ['birth-date', 'name'] }, 'nl')).toBe('geboortedatum, naam')
    expect(fill('{holds}', { holds: [{ hold: 4, library: 'ZOT' }] }, 'nl')).toBe('4 ZOT')
    expect(fill('{libraries}', { libraries: { nl: 2, en: 1 } }, 'nl')).toBe('nl: 2 en: 1')
  })

  test('what somebody typed is told as it was typed, whatever it looks like', () => {
    expect(fill('{value} {on}', { value: '2026-12-01', on: '2026-12-01' }, 'nl')).toBe('2026-12-01 1 dec 2026')
    expect(fill('{value}', { value: '{on} {n:a|b} $1' }, 'nl')).toBe('{on} {n:a|b} $1')
  })
})

describe('dates and amounts', () => {
  test('as people in Flanders write them', () => {
    expect(dayIn('2026-03-01', 'nl')).toBe('1 mrt 2026')
    expect(momentIn('2026-12-01T08:30:00Z', 'nl')).toBe('1 dec 2026 09:30')
    expect(momentIn('2026-06-30T22:30:00.123Z', 'nl')).toBe('1 jul 2026 00:30')
    expect([350, 123_456_789, 0].map((cents) => euros(cents, 'nl'))).toEqual(['€ 3,50', '€ 1.234.567,89', '€ 0,00'])
  })

  test('in English as programs write them', () => {
    expect(dayIn('2026-03-01', 'en')).toBe('2026-03-01')
    expect(momentIn('2026-12-01T08:30:00Z', 'en')).toBe('2026-12-01 09:30')
    expect(euros(123_450, 'en')).toBe('€ 1,234.50')
  })
})
