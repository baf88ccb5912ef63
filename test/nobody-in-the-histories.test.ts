import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { Client, Connection } from '@temporalio/client'
import type { Pool } from 'pg'
import { createPool } from '../src/database/pool'
import type { MergeReport } from '../src/domain/request'
import { queueName } from '../src/workflows/names'
import { follow, runCli, runHere, type Ended, type Following } from './support/cli'
import { freshDatabase, type TestDatabase } from './support/database'
import { until } from './support/desk'
import { textsOfWorkflow } from './support/histories'
import { peopleIn } from './support/people'
import { SearchForPeople } from './support/searchForPeople'
import { temporalAddress } from './support/temporalAddress'
import { MANNERS, talkativePortal, type TalkativePortal } from './support/talkativePortal'

/** One person with two records, with a value of each kind that no word of the product, and nobody of another test, has. */
const LAST = 'Zwaluwenbergh'
const FIRST = 'Quirinetta'
const NUMBER = '79051743372'
const OTHER_NUMBER = '79051763168'
const LOGIN = 'login-of-quirinetta'
const SECRET = `${FIRST} ${LAST}, Kwartelslagpad 117, ${NUMBER}, quirinetta@zwaluwenbergh.example`

let database: TestDatabase
/** As the superuser. */
let owner: Pool
let portal: TalkativePortal
let worker: Following
let client: Client
let env: Record<string, string>
let metricsUrl: string
/** Every workflow that was started here. */
const workflows: string[] = []
/** All that commands said, standard output too where they tell of merges. */
const said: { command: string; text: string }[] = []
let lastId = 500
let started = 0

beforeAll(async () => {
  database = await freshDatabase({ searched: false })
  owner = createPool(database.superUrl)
  portal = await talkativePortal(SECRET)
  client = new Client({ connection: await Connection.connect({ address: temporalAddress() }) })
  const metrics = `127.0.0.1:${await freePort()}`
  metricsUrl = `http://${metrics}/metrics`
  env = {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporalAddress(),
    TEMPORAL_NAMESPACE: 'default',
    PORTAL_URL: portal.url,
    PORTAL_TOKEN: 'token',
    TASK_QUEUE_PREFIX: `nobody-${randomBytes(4).toString('hex')}`,
  }
  worker = follow(['worker'], { ...env, LOG_LEVEL: 'debug', METRICS_ADDRESS: metrics })
  await owner.query(`insert into library (id, name) values ('ZOT', 'Bib A'), ('OOS', 'Bib B')`)
  await owner.query(FAILS)
  await until('the worker is ready', () => worker.out().includes('ready'))
})
afterAll(async () => {
  await worker?.stop('SIGTERM')
  await client?.connection.close()
  await portal?.stop()
  await owner?.end()
  await database?.drop()
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Makes the step that moves a patron's loan fail, with an error of PostgreSQL that quotes the person. */
const FAILS = `
  create table fails (patron bigint, way text);
  create table known_name (name text unique);
  create function fail_here() returns trigger language plpgsql as $$
  declare
    how text := (select way from fails where patron = old.patron);
    who text := (select first_name || ' ' || last_name || ' ' || old.title from patron where id = old.patron);
  begin
    case how
      when 'a unique key' then insert into known_name values (who), (who);
      when 'a check' then raise exception 'not %', who using errcode = '23514', detail = who, hint = who;
      when 'a number that is none' then perform who::int;
      when 'an error of its own' then raise exception '% is not wanted', who using detail = who;
      else null;
    end case;
    return new;
  end $$;
  create trigger fail_here before update on loan for each row execute function fail_here();
  grant select on fails to ontdubbel_worker;
  grant insert on known_name to ontdubbel_worker;`
const WAYS = ['a unique key', 'a check', 'a number that is none', 'an error of its own']

interface Given {
  kept?: object
  removed?: object
  fails?: string
}

/** The two records of the person, with everything of which one can tell. */
async function records({ kept = {}, removed = {}, fails }: Given = {}): Promise<{ keep: number; remove: number }> {
  const [keep, remove] = [++lastId, ++lastId]
  for (const [id, given] of [
    [keep, kept],
    [remove, removed],
  ] as const) {
    const row = {
      id,
      last_name: LAST,
      first_name: id === keep ? FIRST : 'Quirientje',
      birth_date: id === keep ? '1984-03-12' : '1984-03-21',
      street: id === keep ? 'Kwartelslagpad' : 'Wielewaalhoek',
      house_number: '117',
      postcode: '9699',
      city: 'Wortegemmerbroek',
      legitimation: id === keep ? null : 'eID 79.05.17-433.73 van Quirinetta',
      registered_online: false,
      protected: false,
      ...given,
    }
    await owner.query(`insert into patron select * from jsonb_populate_record(null::patron, $1)`, [JSON.stringify(row)])
    const rows: Record<string, object> = {
      contact: { kind: 'email', value: `quirinetta${id % 2}@zwaluwenbergh.example`, copy: 0, is_primary: true },
      card: { number: `KAART-77${id}`, status: 'active' },
      loan: {
        id,
        library: 'ZOT',
        item: 'i',
        title: 'Het zwanenmeer van Ploegsteert',
        loaned_on: '2026-11-01',
        due_on: '2026-12-01',
        renewals: 0,
      },
      hold: {
        id,
        library: 'ZOT',
        title: 'Scheiden zonder vechten',
        placed_at: '2026-11-20T10:00:00Z',
        status: 'waiting',
      },
      loan_history: {
        id,
        library: 'ZOT',
        item: 'i',
        title: 'Leven met een verslaving',
        loaned_on: '2026-10-01',
        returned_on: '2026-11-01',
      },
      message: {
        // the product gives out the next free one: there is room between
        id: id * 1_000,
        library: 'ZOT',
        kind: 'remark',
        text: 'Wil geen brieven over haar scheiding',
        created_at: '2026-11-20T10:00:00Z',
      },
      subscription: {
        id,
        library: 'ZOT',
        product: 'adult',
        starts_on: '2025-01-01',
        ends_on: id === keep ? '2027-01-01' : '2026-01-01',
      },
      charge: {
        id,
        library: 'ZOT',
        kind: 'overdue',
        amount: 500,
        paid: 0,
        charged_on: '2026-11-01',
        in_collection: false,
      },
    }
    for (const [table, values] of Object.entries(rows)) {
      const columns = ['patron', ...Object.keys(values)].join(', ')
      await owner.query(
        `insert into ${table} (${columns}) select ${columns} from jsonb_populate_record(null::${table}, $1)`,
        [JSON.stringify({ patron: id, ...values })],
      )
    }
  }
  if (fails !== undefined) await owner.query('insert into fails (patron, way) values ($1, $2)', [remove, fails])
  return { keep, remove }
}

/** As any Temporal client does it. */
async function start(input: unknown, type = 'mergePatrons'): Promise<string> {
  const workflowId = `${env.TASK_QUEUE_PREFIX}/${++started}`
  await client.workflow.start(type, {
    workflowId,
    taskQueue: queueName('desk', env.TASK_QUEUE_PREFIX),
    args: [input],
  })
  workflows.push(workflowId)
  return workflowId
}

const resultOf = (workflowId: string) => client.workflow.getHandle(workflowId).result() as Promise<MergeReport>

/** As a person does it. What it says about merges is searched, on standard output too. */
async function ontdubbel(...args: (string | number)[]): Promise<Ended> {
  const ended = await runHere(args, env)
  said.push({ command: `ontdubbel ${args[0]} ${args.length > 2 ? '…' : ''}`, text: ended.out + ended.err })
  return ended
}

async function statusOf(workflowId: string): Promise<{ id: number; status: string } | undefined> {
  const { rows } = await database.pool.query<{ id: number; status: string }>(
    'select id, merge_status(status, attention, portal) as status from merge where workflow_id = $1',
    [workflowId],
  )
  return rows[0]
}

async function untilStatus(workflowId: string, status: string): Promise<number> {
  await until(`${workflowId} is ${status}`, async () => (await statusOf(workflowId))?.status === status)
  return (await statusOf(workflowId))?.id ?? 0
}

const ACCEPTED = { by: 'desk', accept: ['history-erased', 'unverified-login-gains-access', 'rejected-before'] }

test('merges that warn, are refused, or lack an acceptance, and an undo', async () => {
  const completed = await start({ ...(await records()), ...ACCEPTED, take: ['name', 'address'] })
  const { id, warnings } = await resultOf(completed)
  expect(warnings.map(({ code }) => code)).toEqual(
    expect.arrayContaining(['details-differ', 'different-person', 'hold-collapsed', 'national-number-invalid']),
  )
  const online = { registered_online: true, internet_block: 'online-registration' }
  const refused: [Given, string][] = [
    [{ removed: { protected: true } }, 'protected'],
    [{ kept: { national_number: NUMBER }, removed: { national_number: OTHER_NUMBER } }, 'different-national-numbers'],
    [{ removed: online }, 'needs-acceptance'],
  ]
  for (const [given, code] of refused) {
    const report = await resultOf(await start({ ...(await records(given)), by: 'desk' }))
    expect(report).toMatchObject({ status: 'refused', refusal: { code } })
  }
  await resultOf(await start({ merge: id, by: 'desk', reason: 'two people' }, 'undoMerge'))
  await ontdubbel('merge', 'show', id ?? 0)
  await ontdubbel('merge', 'show', id ?? 0, '--json')
  await ontdubbel('merge', 'list')
  await ontdubbel('preview', ...Object.values(await records()), '--lang', 'nl', '--json')
  // what a preview shows to staff is of people: it is not looked through
  said.pop()
})

test('steps that fail with errors that quote the person', async () => {
  const ids = await Promise.all(
    WAYS.map(async (fails) => {
      const workflow = await start({ ...(await records({ fails })), ...ACCEPTED })
      const id = await untilStatus(workflow, 'needs-attention')
      await client.workflow.getHandle(workflow).executeUpdate('abandon', { args: [{ by: 'desk' }] })
      expect(await resultOf(workflow)).toMatchObject({ status: 'abandoned' })
      return id
    }),
  )
  for (const id of ids.slice(-1)) await ontdubbel('merge', 'show', id)
})

test('portals that answer with names in whatever they say', async () => {
  const ids = await Promise.all(
    MANNERS.map(async (manner) => {
      const pair = await records()
      portal.answers(pair.remove, manner)
      const workflow = await start({ ...pair, ...ACCEPTED })
      const id = await untilStatus(workflow, manner === 'a refusal' ? 'needs-attention' : 'waiting-for-portal')
      const asking = { by: 'desk', reason: 'the portal is gone' }
      await client.workflow.getHandle(workflow).executeUpdate('skipPortal', { args: [asking] })
      expect(await resultOf(workflow)).toMatchObject({ status: 'portal-skipped' })
      return id
    }),
  )
  for (const id of ids.slice(0, 2)) await ontdubbel('merge', 'show', id)
})

test('what a caller typed is not repeated: unknown keys, wrong values, reasons that name people', async () => {
  const { keep, remove } = await records()
  const inputs: unknown[] = [
    SECRET,
    [SECRET],
    { [SECRET]: 1, keep, remove, by: 'desk' },
    { [LAST]: 1, keep, remove, by: 'desk' },
    { keep: SECRET, remove, by: 'desk' },
    { keep, remove, by: 'desk', on: SECRET },
    { keep, remove, by: 'desk', take: [LAST] },
    { keep, remove, by: 'desk', accept: [SECRET] },
    { keep, remove, by: 'desk', override: { [SECRET]: SECRET } },
    { keep, remove, by: 'desk', reason: `asked for by ${NUMBER}` },
    { keep, remove, by: 'desk', reason: 'asked for by quirinetta@zwaluwenbergh.example' },
    { keep, remove, by: SECRET.repeat(5) },
    { merge: SECRET },
    { merge: 1, [SECRET]: SECRET },
  ]
  for (const report of await Promise.all(inputs.map(async (input) => resultOf(await start(input))))) {
    expect(report).toMatchObject({ status: 'refused', refusal: { code: 'bad-input' } })
  }
  expect(await resultOf(await start({ merge: 1, by: 'desk', reason: NUMBER }, 'undoMerge'))).toMatchObject({
    status: 'refused',
  })
})

test('what is asked of a merge with a reason that names people is refused, and recorded nowhere', async () => {
  const pair = await records()
  portal.answers(pair.remove, 'an error page')
  const workflow = await start({ ...pair, ...ACCEPTED })
  const id = await untilStatus(workflow, 'waiting-for-portal')
  const handle = client.workflow.getHandle(workflow)
  for (const asking of [{ by: 'desk', reason: SECRET }, { by: 'desk', reason: NUMBER }, { [SECRET]: SECRET }, SECRET]) {
    await expect(handle.executeUpdate('skipPortal', { args: [asking] })).rejects.toThrow()
  }
  const ended = await ontdubbel('merge', 'skip-portal', id, '--reason', `for ${NUMBER}`)
  expect(ended.code).toBe(2)
  await ontdubbel('merge', 'skip-portal', id, '--reason', 'the portal is gone')
  // whole: what was typed here is nowhere in it, the updates' own inputs included
  const search = new SearchForPeople(await peopleIn(database.pool))
  for (const { where, text } of await textsOfWorkflow(client, workflow)) search.look(where, text)
  expect(search.findings()).toEqual([])
})

test('commands that fail do not quote people', async () => {
  const line = (values: object) =>
    `${JSON.stringify({ type: 'library', id: 'ZOT', name: 'Bib A' })}\n${JSON.stringify({ type: 'patron', id: 9, lastName: LAST, ...values })}\n`
  const bad = [
    line({ birthDate: SECRET }),
    line({ [SECRET]: SECRET }),
    line({ nationalNumber: '79051743373' }),
    line({ gender: LAST }),
    line({ contacts: [{ kind: FIRST, value: SECRET }] }),
    line({ cards: [{ number: `KAART-77${lastId}`, status: 'active' }] }),
    `${line({})}{"type":"patron","lastName":"${SECRET}"`,
  ]
  for (const [n, input] of bad.entries()) {
    // one of them as a person does it
    const ended = await (n === 0 ? runCli : runHere)(['import', '-', '--json'], env, input)
    expect(ended.code).toBe(2)
    said.push({ command: 'import', text: ended.out + ended.err })
  }
  // an error of PostgreSQL that nobody foresaw, at a command that works on the database itself
  await owner.query(`alter table feed_counter rename to feed_counter_elsewhere`)
  await owner.query(
    `create function quote_somebody() returns bigint language plpgsql as $$ begin raise exception '${LAST}'; end $$`,
  )
  await owner.query(`create view feed_counter as select quote_somebody() as last`)
  await owner.query(`grant select on feed_counter to ontdubbel_worker`)
  const ended = await runCli(['changes'], env)
  said.push({ command: 'changes', text: ended.out + ended.err })
  await owner.query(`drop view feed_counter`)
  await owner.query(`alter table feed_counter_elsewhere rename to feed_counter`)
  expect([ended.code, ended.err]).toEqual([1, expect.stringContaining('P0001')])
})

test('then nobody is in any history, log, metric, message of a command, or table of merges', async () => {
  const people = [
    ...(await peopleIn(database.pool)),
    { kind: 'login', value: LOGIN },
    { kind: 'number', value: OTHER_NUMBER },
  ]
  const search = new SearchForPeople(people)
  expect(search.sought).toBeGreaterThan(20)

  let texts = 0
  for (const workflow of workflows) {
    // what the caller typed stands in the history because they sent it: see docs
    for (const { where, text } of await textsOfWorkflow(client, workflow, undefined, { asTyped: false })) {
      texts += 1
      search.look(where, text)
    }
    const { memo, searchAttributes } = await client.workflow.getHandle(workflow).describe()
    search.look(`${workflow}, as it is listed`, JSON.stringify({ memo, searchAttributes }))
    const details = await client.workflow.getHandle(workflow).query('__temporal_workflow_metadata')
    search.look(`${workflow}, current details`, JSON.stringify(details))
  }
  expect(texts).toBeGreaterThan(1_000)

  const log = worker.err()
  expect(log).toContain('"msg":"failed"')
  search.look('the log of the worker', log)
  const metrics = await (await fetch(metricsUrl)).text()
  expect(metrics).toContain('temporal_')
  search.look('the metrics of the worker', metrics)
  for (const { command, text } of said) search.look(command, text)

  // merge_step, redirect_note and portal_intent hold old values and accounts: undo needs them
  for (const table of ['merge', 'merge_command', 'change', 'undo', 'pair_decision']) {
    const { rows } = await owner.query<{ row: string }>(`select to_jsonb(t)::text as row from ${table} t`)
    expect([table, rows.length > 0]).toEqual([table, true])
    for (const { row } of rows) search.look(`table ${table}`, row)
  }
  expect(search.findings()).toEqual([])
})

test('the search finds whom it looks for: in an input, a log, a number with dots, a JSON that escapes', async () => {
  const people = await peopleIn(database.pool)
  const planted = await start({ keep: 1, remove: 2, by: LAST })
  await resultOf(planted)
  const search = new SearchForPeople(people)
  for (const { where, text } of await textsOfWorkflow(client, planted)) search.look(where, text)
  expect(search.findings()).toEqual(
    expect.arrayContaining([expect.stringMatching(/event 1 EVENT_TYPE_WORKFLOW_EXECUTION_STARTED: a name$/)]),
  )
  const texts = [
    ['number', 'eID 79.05.17-433.72.', 'national number'],
    ['contact', 'mail to QUIRINETTA1@zwaluwenbergh.example!', 'contact'],
    ['address', '"street":"Kwartelslagpad","houseNumber":"117"', 'address'],
    ['title', '{"title":"Scheiden zonder vechten"}', 'title'],
    ['card', 'Key (number)=(KAART-77501) already exists', 'card'],
  ]
  const more = new SearchForPeople(people)
  for (const [where = '', text = ''] of texts) more.look(where, text)
  expect(more.findings()).toEqual(expect.arrayContaining(texts.map(([where, , kind]) => `${where}: a ${kind}`)))
})
