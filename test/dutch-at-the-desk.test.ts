import { connect } from '../src/database/pool'
import * as codes from '../src/domain/codes'
import type { MergeReport, StepReport } from '../src/domain/request'
import { FAILURES } from '../src/domain/sentences'
import { COUNTS } from '../src/domain/sentences/counts'
import { COLUMNS, TABLES } from '../src/domain/sentences/tables'
import { runCli, runHere, type Ended } from './support/cli'
import { PAIRS, PEOPLE_FILE, REJECTED } from './support/dutchPeople'
import { testStack, type TestStack } from './support/stack'

/** English words that no Dutch sentence has. */
const ENGLISH = words(`
  into loan loans hold holds merge merged merges card cards block blocked the there by to from since due renewed placed waiting
  ready cancelled suspended not expired active history library libraries subscription subscriptions charge charges payment payments
  notice notices remark remarks refused running completed attempt for and with an it its they them must give given wrong
  expected deleted moved patron patrons undone abandoned preview number birth gender address link links primary stopped erased
  known changed started yes none both these this which once again only first lost membership overdue other kept keeps
  removed asked nobody somebody find finds found say says let take taken back what when who why would will`)

/** What is the same in both languages: what people type (codes, options, commands, names of arguments), addresses and tokens. */
const SAME_IN_BOTH = [
  new RegExp(
    `(?<![\\w-])(${[...Object.values(codes).flatMap(lists), ...Object.keys(FAILURES)].join('|')})(?![\\w-])`,
    'g',
  ),
  /"ontdubbel [^"]*"/g,
  /--[a-z-]+/g,
  /<[a-z]+>/g,
  /https?:\/\/\S+/g,
  /token [0-9a-f]+ +\(merge /g,
  /van deze zijn: .*/g,
  // what is wrong with a connection is for ops
  /\(in het Engels\): .*/g,
  /^regel \d+, [\w.[\]]+:/g,
]

function words(text: string): RegExp {
  return new RegExp(`\\b(${text.trim().split(/\s+/).join('|')})\\b`, 'gi')
}

/** The codes that people may meet, those of one word aside: they are words too. */
function lists(value: unknown): string[] {
  return Array.isArray(value) ? (value as string[]).filter((code) => code.includes('-')) : []
}

let stack: TestStack
/** A merge that waits for a worker in vain, while the other tests go on. */
let alone: Promise<Ended>

beforeAll(async () => {
  stack = await testStack()
  await inDutch(['import', '-'], 0, PEOPLE_FILE)
  alone = runCli(['merge', ...PAIRS.plain[5], '--by', 'mia', '--lang', 'nl'], withoutWorker())
  const owner = await connect(stack.database.superUrl)
  await owner.query(REJECTED)
  await owner.end()
})
afterEach(() => stack.portal.behave({ mode: 'ok' }))
afterAll(() => stack.stop())

/** What was said in the wrong language since the last test, and by what. */
let english: { args: readonly (string | number)[]; words: string[] }[] = []
afterEach(() => {
  const found = english
  english = []
  expect(found).toEqual([])
})

/** Runs a command in Dutch and gives all that it said; English words among it fail the test. */
async function inDutch(args: readonly (string | number)[], code: number, input = '', more = {}): Promise<string> {
  const who = recordsWho(args) ? ['--by', 'mia'] : []
  const ended = await runHere([...args, ...who, '--lang', 'nl'], { ...stack.env, ...more }, input)
  return saidInDutch(args, ended, code)
}

function saidInDutch(args: readonly (string | number)[], ended: Ended, code: number): string {
  const said = ended.out + ended.err
  expect({ args, said, code: ended.code }).toEqual({ args, said: expect.stringMatching(/\S/) as string, code })
  const found = englishIn(said)
  if (found.length > 0) english.push({ args, words: found })
  return said
}

function recordsWho([command, sub]: readonly (string | number)[]): boolean {
  return (
    command === 'import' ||
    command === 'register' ||
    command === 'undo' ||
    (command === 'merge' && sub !== 'show' && sub !== 'list')
  )
}

function englishIn(said: string): string[] {
  const ours = SAME_IN_BOTH.reduce((text, same) => text.replace(same, ' '), said)
  return [...ours.matchAll(ENGLISH)].map(([word]) => word)
}

test('a preview tells all warnings in Dutch', async () => {
  const all = ['--take', 'name', '--take', 'birth-date', '--take', 'gender', '--take', 'address']
  const said = [
    await inDutch(['preview', ...PAIRS.rich, ...all], 0),
    await inDutch(['preview', ...PAIRS.stranger], 0),
    await inDutch(['preview', ...PAIRS.blockKept], 0),
    await inDutch(['preview', ...PAIRS.staffBlock], 0),
  ]
  await stack.portal.behave({ mode: 'down' })
  said.push(await inDutch(['preview', ...PAIRS.plain[0]], 0))
  expect(codes.WARNINGS.filter((code) => !said.join('').includes(`[${code}]`))).toEqual([])
})

test('refusals are told in Dutch', async () => {
  await inDutch(['preview', 101, 101], 3)
  await inDutch(['preview', 101, 999], 3)
  await inDutch(['preview', ...PAIRS.protected], 3)
  await inDutch(['merge', ...PAIRS.twoNumbers], 3)
  await inDutch(['merge', ...PAIRS.bailiff], 3)
  await inDutch(['merge', ...PAIRS.stranger], 3)
  await inDutch(['merge', ...PAIRS.plain[0], '--if', 'anders'], 3)
  await inDutch(['register', 101, '--library', 'ZOT'], 3)
  await inDutch(['merge', 'list'], 0)
})

test.each([
  [['merge', 101]],
  [['merge', 101, 'x']],
  [['merge', 101, 102, 103]],
  [['merge', 101, 102, '--on', '2026-02-30']],
  [['merge', 101, 102, '--take', 'all']],
  [['merge', 101, 102, '--accep', 'history-erased']],
  [['merge', 101, 102, '--reason', 'x'.repeat(201)]],
  [['merge', 101, 102, '--reason', 'mia@example.org']],
  [['merge', 'show', 999]],
  [['merge', 'resume']],
  [['merge', 'skip-portal', 1]],
  [['patron', 'show', 'X9']],
  [['patron', 'search', 'mia']],
  [['patron', 'search', 'mia', '--library', 'XXX']],
  [['register', 999, '--library', 'ZOT']],
  [['register', 101, '--library', 'LED', '--until', '2020-01-01']],
  [['export', '--patron', 999]],
  [['import', '/nergens']],
])('bad input is told in Dutch: %j', async (args) => {
  await inDutch(args, 2)
})

test.each([
  '{',
  '{"type":"patron"}',
  '{"type":"patron","id":7,"lastName":"A","gender":"Y"}',
  '{"type":"patron","id":101,"lastName":"A"}',
])('a line that cannot be imported is told in Dutch: %s', async (line) => {
  await inDutch(['import', '-'], 2, line)
})

test('a server that is not there is told in Dutch', async () => {
  const nowhere = 'postgres://niemand@127.0.0.1:1/niets'
  await inDutch(['merge', 'list'], 1, '', { DATABASE_URL: nowhere })
  await inDutch(['merge', ...PAIRS.plain[0]], 1, '', { TEMPORAL_ADDRESS: '127.0.0.1:1' })
})

test('a merge is told in Dutch: as it is done, listed, shown, and seen on the record that is left', async () => {
  const [keep, remove] = PAIRS.rich
  await inDutch(['patron', 'show', remove], 0)
  await inDutch(['merge', keep, remove, '--accept', 'history-erased', '--reason', 'zelfde persoon'], 0)
  const { id } = await mergeOf(keep)
  await inDutch(['preview', keep, remove], 0)
  await inDutch(['merge', 111, remove], 3)
  await inDutch(['merge', 'show', id], 0)
  await inDutch(['patron', 'show', remove], 0)
  await inDutch(['patron', 'search', 'peeters', '--library', 'ZOT'], 0)
  await inDutch(['patron', 'search', 'niemand', '--library', 'ZOT'], 0)
  await inDutch(['register', remove, '--library', 'LED', '--until', '2099-12-31'], 0)
  await inDutch(['changes'], 0)
})

test('what an undo gives back, and what not, is told in Dutch', async () => {
  const [keep, remove] = PAIRS.rich
  const { id } = await mergeOf(keep)
  await stack.database.pool.query(
    `with edited as (update contact set value = '09 361 00 00' where value = '09 360 00 00')
     insert into loan (id, patron, library, item, title, loaned_on, due_on) values (900, $1, 'ZOT', '0300900', 'T9', $2, '2099-01-01')`,
    [keep, new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Brussels' }).format()],
  )
  await inDutch(['undo', id, '--preview'], 0)
  await stack.portal.behave({ mode: 'down' })
  await inDutch(['undo', id, '--reason', 'toch twee personen'], 4)
  await stack.portal.behave({ mode: 'ok' })
  await inDutch(['merge', 'retry-portal', id], 0)
  await inDutch(['undo', id], 0)
  await inDutch(['merge', 'show', id], 0)
  await inDutch(['patron', 'show', remove], 0)
  await inDutch(['changes', '--since', 99], 0)
  const { rows } = await stack.database.pool.query<{ id: number }>(
    `select id from merge where status = 'refused' limit 1`,
  )
  await inDutch(['undo', Number(rows[0]?.id)], 3)
})

test('whatever a merge counts or changes has its word', async () => {
  const all = ['name', 'birth-date', 'gender', 'address'].flatMap((field) => ['--take', field])
  const previews = [
    ['preview', ...PAIRS.rich, ...all],
    // the other way round, so that a number is taken over
    ['preview', PAIRS.stranger[1], PAIRS.stranger[0]],
  ]
  const steps: StepReport[] = []
  for (const args of previews) {
    const ended = await runHere([...args, '--json'], stack.env)
    steps.push(...(ended.json() as MergeReport).steps)
  }
  const counts = steps.flatMap((step) => Object.entries(step.counts))
  const counted = counts.filter(([, count]) => typeof count === 'number').map(([name]) => name)
  expect(counted.length).toBeGreaterThan(20)
  expect(counted.filter((name) => !(name in COUNTS))).toEqual([])
  const changes = steps.flatMap((step) => step.changes ?? [])
  expect(changes.map(({ table }) => table).filter((table) => !(table in TABLES))).toEqual([])
  const columns = new Set(changes.flatMap(({ now }) => Object.keys(now ?? {})))
  expect(columns.size).toBeGreaterThan(15)
  expect([...columns].filter((column) => !(column in COLUMNS))).toEqual([])
})

test('a merge that waits, is given up, or needs somebody is told in Dutch', async () => {
  const [waiting, refused, failing] = [PAIRS.plain[1], PAIRS.plain[2], PAIRS.plain[3]]
  await stack.portal.behave({ mode: 'down' })
  await inDutch(['merge', ...waiting], 4)
  await inDutch(['merge', 'retry-portal', (await mergeOf(waiting[0])).id], 4)
  await stack.portal.behave({ mode: 'refuse' })
  await inDutch(['merge', ...refused], 4)
  await inDutch(['patron', 'show', refused[1]], 0)
  await inDutch(['merge', 'abandon', (await mergeOf(refused[0])).id], 3)
  await inDutch(['merge', 'skip-portal', '--status', 'needs-attention', '--reason', 'lukt niet'], 0)
  await inDutch(['merge', 'show', (await mergeOf(refused[0])).id], 0)
  await inDutch(['patron', 'show', refused[1]], 0)
  await inDutch(['merge', 'retry-portal', (await mergeOf(refused[0])).id], 0)
  await stack.portal.behave({ mode: 'ok' })

  const owner = await connect(stack.database.superUrl)
  await owner.query(
    `create function fail_here() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = '23514'; end $$`,
  )
  await owner.query(`create trigger fail_here before update on subscription for each row execute function fail_here()`)
  await inDutch(['merge', ...failing], 4)
  const { id } = await mergeOf(failing[0])
  await inDutch(['merge', ...failing, '--on', '2026-01-01'], 3)
  await inDutch(['preview', failing[0], PAIRS.plain[4][1]], 3)
  await inDutch(['merge', 'abandon', id], 0)
  await inDutch(['merge', 'resume', id], 0)
  await owner.query('drop trigger fail_here on subscription')
  await owner.end()
})

test('that no worker runs is told in Dutch', async () => {
  const [keep, remove] = PAIRS.plain[5]
  saidInDutch(['merge', keep, remove], await alone, 4)
  await inDutch(['merge', keep, remove, '--no-wait'], 0, '', withoutWorker())
  await stack.client.workflow.getHandle(`merge/${keep}/${remove}`).terminate('the test is over')
})

/** Where no worker looks. */
function withoutWorker(): Record<string, string> {
  return { ...stack.env, TASK_QUEUE_PREFIX: `${stack.queuePrefix}-niemand` }
}

/** The latest merge that keeps this record. */
async function mergeOf(keep: number): Promise<{ id: number }> {
  const { rows } = await stack.database.pool.query<{ id: number }>(
    `select max(id) as id from merge where kept = $1 and status not in ('new', 'refused')`,
    [keep],
  )
  return { id: Number(rows[0]?.id) }
}
