import { connect } from '../src/database/pool'
import { retryPortal } from '../src/workflows/messages'
import { undoWorkflowIdOf, workflowIdOf } from '../src/workflows/names'
import { runHere, type Ended } from './support/cli'
import { testStack, type TestStack } from './support/stack'

let stack: TestStack
let last = 70_000

interface Told {
  code: string
  details: Record<string, unknown>
}
interface Undo {
  status: string
  back: Record<string, number>
  told: Told[]
  seen: unknown[]
  refusal: Told | null
  attention: Told | null
}

const ontdubbel = (...args: (string | number)[]): Promise<Ended> => runHere(args, stack.env)
const sql = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
  (await stack.database.pool.query<Record<string, unknown>>(text, values)).rows
const lines = (ndjson: string): unknown[] =>
  ndjson
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
const asOwner = async (text: string): Promise<void> => {
  const client = await connect(stack.database.ownerUrl)
  await client.query(text).finally(() => void client.end())
}
/** Meanwhile no undo can be done. */
async function refusedByTheDatabase(work: () => Promise<void>): Promise<void> {
  await asOwner(
    `create function refuse_it() returns trigger language plpgsql as $$ begin raise exception using errcode = '23514'; end $$;
     create trigger refuse_it before insert on pair_decision for each row execute function refuse_it()`,
  )
  try {
    await work()
  } finally {
    await asOwner(`drop function refuse_it() cascade`)
  }
}
const codes = ({ told }: Undo): string[] => told.map(({ code }) => code)

/** Two records of one person; the one that goes has a subscription, a card and a portal account. */
async function pair(): Promise<{ keep: number; remove: number; account: string }> {
  const [keep, remove] = [++last, ++last]
  await sql(`insert into patron (id, last_name) values ($1, 'A'), ($2, 'A')`, [keep, remove])
  await sql(
    `insert into subscription (id, patron, library, product, starts_on) values ($1, $1, 'ZOT', 'adult', '2025-01-01')`,
    [remove],
  )
  await sql(`insert into card (number, patron, status) values ($1, $2, 'active'), ($3, $4, 'active')`, [
    `K${keep}`,
    keep,
    `R${remove}`,
    remove,
  ])
  const account = `account-${remove}`
  await stack.portal.put([{ id: account, links: [{ library: 'ZOT', actorId: remove }] }])
  return { keep, remove, account }
}

async function merged(keep: number, remove: number, more: object = {}): Promise<number> {
  const { status, id } = await stack.merge({ keep, remove, by: 'test', ...more })
  expect(status).toBe('completed')
  return id ?? 0
}

async function undone(merge: number): Promise<Undo> {
  const report = await stack.undo({ merge, by: 'test' })
  expect(report).toMatchObject({ status: 'undone', id: merge, refusal: null })
  return report
}

const linksOf = async (account: string): Promise<unknown> => (await stack.portal.dump())[account]

async function whoHas(table: string, keys: readonly unknown[], key = 'id'): Promise<unknown[]> {
  const rows = await sql(`select patron from ${table} where ${key} = any($1) order by ${key}`, [keys])
  return rows.map(({ patron }) => patron)
}

beforeAll(async () => {
  stack = await testStack()
  await sql(`insert into library (id, name) values ('ZOT', 'Zottegem'), ('AAL', 'Aalst')`)
})
afterEach(() => stack.portal.behave({ mode: 'ok' }))
afterAll(() => stack.stop())

test('what has happened since the merge ends on the right one of the two, and is told', async () => {
  const { keep, remove, account } = await pair()
  const hold = remove * 10
  await sql(
    `insert into hold (id, patron, library, title, placed_at, status) values ($1, $3, 'ZOT', 'T1', '2026-11-01', 'ready'), ($2, $3, 'ZOT', 'T2', '2026-11-01', 'waiting')`,
    [hold, hold + 1, remove],
  )
  await sql(`insert into contact (id, patron, kind, value) values ($1, $2, 'email', 'a@example.org')`, [remove, remove])
  await sql(`update patron set birth_date = '1980-01-01' where id = $1`, [remove])
  const merge = await merged(keep, remove, { take: ['birth-date'] })

  // a loan with each card, one written for the old id by a program that does not know; the ready hold is collected
  const loan = (id: number, patron: number, card: string | null) =>
    sql(
      `insert into loan (id, patron, library, item, title, loaned_on, due_on, card) values ($1, $2, 'ZOT', $4, 'T', (now() at time zone 'Europe/Brussels')::date, '2027-01-01', $3)`,
      [id, patron, card, `i${id}`],
    )
  await loan(hold + 2, keep, `R${remove}`)
  await loan(hold + 3, keep, `K${keep}`)
  await loan(hold + 4, remove, null)
  await sql(`delete from hold where id = $1`, [hold])
  await sql(`update contact set value = 'new@example.org' where id = $1`, [remove])
  await sql(`update patron set birth_date = '1981-01-01' where id = $1`, [keep])

  const before = await sql(`select to_jsonb(p) as p from patron p where id in ($1, $2) order by id`, [keep, remove])
  const preview = await ontdubbel('undo', merge, '--preview', '--json')
  expect([preview.code, preview.json()]).toEqual([0, expect.objectContaining({ status: 'preview' })])
  expect(await sql(`select to_jsonb(p) as p from patron p where id in ($1, $2) order by id`, [keep, remove])).toEqual(
    before,
  )
  expect((await ontdubbel('merge', 'show', merge, '--json')).json()).toMatchObject({ status: 'completed' })

  const done = await ontdubbel('undo', merge, '--by', 'mia', '--reason', 'two sisters', '--json')
  const undo = done.json() as Undo
  expect(undo).toMatchObject({
    status: 'undone',
    by: 'mia',
    reason: 'two sisters',
    back: { loans: 2, holds: 1, cards: 1, contacts: 1, subscriptions: 1, portalLinks: 1 },
  })
  const { back, told } = preview.json() as Undo
  expect({ back, told }).toEqual({ back: undo.back, told: undo.told })
  expect(await whoHas('loan', [hold + 2, hold + 3, hold + 4])).toEqual([remove, keep, remove])
  expect(codes(undo)).toEqual(['hold-not-restored', 'changed-since', 'went-with-removed', 'stays-with-kept'])
  expect(undo.told.map(({ details }) => details)).toEqual([
    { holds: [hold] },
    { fields: ['birth-date'], contacts: [remove] },
    expect.objectContaining({ patron: remove, rows: { loans: 2 } }),
    expect.objectContaining({ patron: keep, rows: { loans: 1 } }),
  ])
  expect(undo.seen).toEqual([
    expect.objectContaining({ patron: keep, of: remove, rows: expect.objectContaining({ loans: 2, holds: 1 }) }),
    expect.objectContaining({ patron: remove, of: keep, rows: expect.objectContaining({ loans: 1, cards: 1 }) }),
  ])
  expect(await linksOf(account)).toEqual([`ZOT:${remove}`])
  const changes = lines((await ontdubbel('changes', '--json')).out) as { merge: number; event: string }[]
  expect(changes.filter((one) => one.merge === merge).map(({ event }) => event)).toEqual(['merged', 'undone'])
  expect((await ontdubbel('merge', 'show', merge)).out).toMatch(/undone[^]*undo by mia: two sisters/)
  expect((await ontdubbel('patron', 'show', `R${remove}`)).out).toContain(String(remove))

  // asked again it is reported; in words it names the same
  const again = await ontdubbel('undo', merge)
  expect([again.code, again.out]).toEqual([0, expect.stringContaining('birth date')])
  expect((await sql(`select count(*)::int as n from merge_command where merge = $1`, [merge]))[0]).toEqual({ n: 1 })
})

test('an undone pair must be accepted by name to be merged again, and can be undone again, in both directions', async () => {
  const { keep, remove } = await pair()
  await undone(await merged(keep, remove))
  for (const [one, other] of [
    [keep, remove],
    [remove, keep],
  ] as const) {
    expect(await stack.merge({ keep: one, remove: other, by: 'test' })).toMatchObject({
      refusal: { code: 'needs-acceptance', details: { warnings: ['rejected-before'] } },
    })
    await undone(await merged(one, other, { accept: ['rejected-before'] }))
    expect(await whoHas('card', [`K${keep}`, `R${remove}`], 'number')).toEqual([keep, remove])
  }
})

test('with the portal down an undo waits for it, and ends at once on retry-portal', async () => {
  const { keep, remove, account } = await pair()
  const merge = await merged(keep, remove)
  await stack.portal.behave({ mode: 'down' })
  const waits = await ontdubbel('undo', merge, '--json')
  expect([waits.code, waits.json()]).toEqual([4, expect.objectContaining({ status: 'undo-waiting-for-portal' })])
  expect(await whoHas('card', [`R${remove}`], 'number')).toEqual([remove])
  expect(lines((await ontdubbel('merge', 'list', '--status', 'undo-waiting-for-portal', '--json')).out)).toEqual([
    expect.objectContaining({ id: merge }),
  ])
  await stack.portal.behave({ mode: 'ok' })
  const retried = await ontdubbel('merge', 'retry-portal', merge, '--json')
  expect([retried.code, retried.json()]).toEqual([0, expect.objectContaining({ status: 'undone' })])
  expect(await linksOf(account)).toEqual([`ZOT:${remove}`])
})

test('a portal that refuses an undo needs attention; given up, the record that is there again gets the notice', async () => {
  const { keep, remove, account } = await pair()
  const merge = await merged(keep, remove)
  await stack.portal.behave({ mode: 'refuse' })
  const refused = await ontdubbel('undo', merge, '--json')
  expect([refused.code, refused.json()]).toEqual([
    4,
    expect.objectContaining({
      status: 'needs-attention',
      attention: expect.objectContaining({ code: 'portal-refused' }),
    }),
  ])
  const skipped = await ontdubbel('merge', 'skip-portal', merge, '--reason', 'portal ended', '--json')
  expect([skipped.code, skipped.json()]).toEqual([0, expect.objectContaining({ status: 'undone' })])
  expect(await sql(`select patron, library, kind from message where patron in ($1, $2)`, [keep, remove])).toEqual([
    { patron: remove, library: 'ZOT', kind: 'notice' },
  ])
  const report = (await ontdubbel('undo', merge, '--json')).json() as Undo
  expect(report.told).toEqual([
    expect.objectContaining({ code: 'portal-links-given-up', details: { links: 1, libraries: ['ZOT'] } }),
  ])
  expect(await linksOf(account)).toEqual([`ZOT:${keep}`])
})

test('a merge that waits for the portal is undone: its wait ends, and the link has never moved', async () => {
  const { keep, remove, account } = await pair()
  await stack.portal.behave({ mode: 'down' })
  const waits = await ontdubbel('merge', keep, remove, '--json')
  const { id: merge } = waits.json() as { id: number }
  expect(waits.json()).toMatchObject({ status: 'waiting-for-portal' })
  await undone(merge)
  const own = stack.client.workflow.getHandle(workflowIdOf(keep, remove))
  expect(await own.result()).toMatchObject({ id: merge, status: expect.stringMatching(/^und/) })
  expect(await linksOf(account)).toEqual([`ZOT:${remove}`])
  expect((await ontdubbel('merge', 'retry-portal', merge)).code).toBe(0)
})

test('a merge that waits for the portal goes on waiting while its undo fails, and moves the link once that is given up', async () => {
  const { keep, remove, account } = await pair()
  await stack.portal.behave({ mode: 'down' })
  const { id: merge } = (await ontdubbel('merge', keep, remove, '--json')).json() as { id: number }
  const own = stack.client.workflow.getHandle(workflowIdOf(keep, remove))
  await refusedByTheDatabase(async () => {
    expect((await ontdubbel('undo', merge)).code).toBe(4)
    // its own workflow tries now, and finds the undo
    expect(await own.executeUpdate(retryPortal, { args: [{ by: 'mia' }] })).toBe('waiting-for-portal')
    expect((await own.describe()).status.name).toBe('RUNNING')
    const abandoned = await ontdubbel('merge', 'abandon', merge, '--json')
    expect(abandoned.json()).toMatchObject({ status: 'waiting-for-portal' })
  })
  await stack.portal.behave({ mode: 'ok' })
  const retried = await ontdubbel('merge', 'retry-portal', merge, '--json')
  expect([retried.code, retried.json()]).toEqual([0, expect.objectContaining({ status: 'completed' })])
  expect(await linksOf(account)).toEqual([`ZOT:${keep}`])
})

test('a merge whose portal part was given up is undone, its notice taken away', async () => {
  const { keep, remove } = await pair()
  await stack.portal.behave({ mode: 'refuse' })
  const { id: merge } = (await ontdubbel('merge', keep, remove, '--json')).json() as { id: number }
  await ontdubbel('merge', 'skip-portal', merge, '--reason', 'test')
  expect(await sql(`select id from message where patron = $1`, [keep])).toHaveLength(1)
  await stack.portal.behave({ mode: 'ok' })
  await undone(merge)
  expect(await sql(`select id from message where patron in ($1, $2)`, [keep, remove])).toEqual([])
})

test('what the patron has done at the portal since stays, and is told', async () => {
  const gone = await pair()
  const anew = await pair()
  const merges = [await merged(gone.keep, gone.remove), await merged(anew.keep, anew.remove)]
  await stack.portal.put([
    { id: gone.account, links: [] },
    {
      id: anew.account,
      links: [
        { library: 'ZOT', actorId: anew.keep },
        { library: 'ZOT', actorId: anew.remove },
      ],
    },
  ])
  const first = await undone(merges[0] ?? 0)
  expect(first.told).toEqual([
    expect.objectContaining({ code: 'portal-links-left', details: { links: 1, libraries: ['ZOT'] } }),
  ])
  expect(await linksOf(gone.account)).toEqual([])
  await undone(merges[1] ?? 0)
  expect(await linksOf(anew.account)).toEqual([`ZOT:${anew.remove}`])
})

test('of a chain the last is undone first; the other is refused until then, and every link comes back', async () => {
  const first = await pair()
  const { keep: third } = await pair()
  const one = await merged(first.keep, first.remove)
  const two = await merged(third, first.keep)
  expect(await linksOf(first.account)).toEqual([`ZOT:${third}`])
  const refused = await ontdubbel('undo', one, '--json')
  expect([refused.code, refused.json()]).toEqual([
    3,
    expect.objectContaining({
      status: 'refused',
      refusal: expect.objectContaining({
        code: 'later-merge',
        details: { merge: one, later: two, patron: first.keep },
      }),
    }),
  ])
  expect((await ontdubbel('undo', one, '--preview')).code).toBe(3)
  await undone(two)
  expect(await linksOf(first.account)).toEqual([`ZOT:${first.keep}`])
  await undone(one)
  expect(await linksOf(first.account)).toEqual([`ZOT:${first.remove}`])
})

test('links that went to the end of a chain at once come back one by one, in whatever order the portal hears of the undos', async () => {
  const first = await pair()
  const { keep: third } = await pair()
  await stack.portal.behave({ mode: 'down' })
  const { id: one } = (await ontdubbel('merge', first.keep, first.remove, '--json')).json() as { id: number }
  const { id: two } = (await ontdubbel('merge', third, first.keep, '--json')).json() as { id: number }
  await stack.portal.behave({ mode: 'ok' })
  for (const merge of [one, two]) await ontdubbel('merge', 'retry-portal', merge)
  expect(await linksOf(first.account)).toEqual([`ZOT:${third}`])
  await stack.portal.behave({ mode: 'down' })
  for (const merge of [two, one]) expect((await ontdubbel('undo', merge)).code).toBe(4)
  await stack.portal.behave({ mode: 'ok' })
  for (const merge of [one, two]) expect((await ontdubbel('merge', 'retry-portal', merge)).code).toBe(0)
  expect(await linksOf(first.account)).toEqual([`ZOT:${first.remove}`])
})

test('what cannot be undone is refused with its code, and nothing changes', async () => {
  const { keep, remove } = await pair()
  const merge = await merged(keep, remove)
  await sql(`update merge set stripped_at = now() where id = $1`, [merge])
  const over = await ontdubbel('undo', merge, '--json')
  expect([over.code, over.json()]).toEqual([
    3,
    expect.objectContaining({ refusal: expect.objectContaining({ code: 'undo-window-over' }) }),
  ])
  expect((await ontdubbel('merge', 'show', merge, '--json')).json()).toMatchObject({ status: 'completed' })
  expect((await ontdubbel('undo', 99_999_999)).code).toBe(2)
  expect((await ontdubbel('undo', 'x')).code).toBe(2)
  const { id: refused } = await stack.merge({ keep: remove, remove: keep, by: 'test' })
  const nothing = await ontdubbel('undo', refused ?? 0, '--json')
  expect([nothing.code, nothing.json()]).toEqual([
    3,
    expect.objectContaining({ refusal: expect.objectContaining({ code: 'not-merged' }) }),
  ])
  expect(await stack.undo({ merge })).toMatchObject({ refusal: { code: 'undo-window-over' } })
  expect(await stack.undo({ merge, by: 'x', more: 1 })).toMatchObject({
    status: 'refused',
    refusal: { code: 'bad-input' },
  })
  expect(await stack.undo({ merge, by: 'x', reason: 'a@b.be' })).toMatchObject({ refusal: { code: 'bad-input' } })
  expect(await stack.undo('all')).toMatchObject({ refusal: { code: 'bad-input' } })
  expect(await stack.undo({ merge: 99_999_999, by: 'x' })).toMatchObject({ refusal: { code: 'unknown-merge' } })
})

test('two undos of one merge at once: it is undone once, and both say so', async () => {
  const { keep, remove } = await pair()
  const merge = await merged(keep, remove)
  const asked = await Promise.all(['one', 'two', 'three'].map((by) => stack.undo({ merge, by })))
  // whoever came second is told how far it was then
  expect(asked.map(({ refusal }) => refusal)).toEqual([null, null, null])
  expect(asked.map(({ status }) => status)).toContain('undone')
  expect(await sql(`select event from change where merge = $1 order by cursor`, [merge])).toEqual([
    { event: 'merged' },
    { event: 'undone' },
  ])
})

test('an undo that the database refuses needs attention: resumed it ends, abandoned it leaves the merge as it is', async () => {
  const { keep, remove, account } = await pair()
  const merge = await merged(keep, remove)
  await refusedByTheDatabase(async () => {
    for (const end of ['abandon', 'resume']) {
      const stuck = await ontdubbel('undo', merge, '--json')
      expect([stuck.code, stuck.json()]).toEqual([
        4,
        expect.objectContaining({
          status: 'needs-attention',
          attention: expect.objectContaining({ code: 'undo-failed' }),
        }),
      ])
      expect(await whoHas('card', [`R${remove}`], 'number')).toEqual([keep])
      if (end === 'abandon') {
        const abandoned = await ontdubbel('merge', 'abandon', merge, '--json')
        expect([abandoned.code, abandoned.json()]).toEqual([0, expect.objectContaining({ status: 'completed' })])
        expect(await linksOf(account)).toEqual([`ZOT:${keep}`])
      }
    }
  })
  const resumed = await ontdubbel('merge', 'resume', merge, '--json')
  expect([resumed.code, resumed.json()]).toEqual([0, expect.objectContaining({ status: 'undone' })])
  expect(await whoHas('card', [`R${remove}`], 'number')).toEqual([remove])
})

test('an undo whose workflow somebody terminated is found and taken up again', async () => {
  const { keep, remove, account } = await pair()
  const merge = await merged(keep, remove)
  await stack.portal.behave({ mode: 'down' })
  expect((await ontdubbel('undo', merge)).code).toBe(4)
  await stack.client.workflow.getHandle(undoWorkflowIdOf(merge)).terminate('test')
  expect((await ontdubbel('doctor')).out).toContain(`Merge ${merge}`)
  await stack.portal.behave({ mode: 'ok' })
  const again = await ontdubbel('undo', merge, '--json')
  expect([again.code, again.json()]).toEqual([0, expect.objectContaining({ status: 'undone' })])
  expect(await linksOf(account)).toEqual([`ZOT:${remove}`])
})
