import type { Client, Pool } from 'pg'
import { sqlState, judgeFailure } from '../src/database/failures'
import { connect, createPool } from '../src/database/pool'
import { beginMerge, commit, inMergeTransaction } from '../src/database/transaction'
import { TRANSFERS } from '../src/domain/plan'
import { openSingle } from '../src/merges/openSingle'
import { doStep, retireSingle } from '../src/merges/stepSingle'
import { createMerge } from '../src/merges/store'
import { mergeGroup, mergeInTransaction } from '../src/steps/group'
import { freshDatabase, type TestDatabase } from './support/database'
import {
  Desk,
  ISOLATIONS,
  type Isolation,
  makeLibraries,
  registerPatrons,
  rowsOn,
  until,
  untilAwaited,
  untilWaiting,
  type Key,
} from './support/desk'
import {
  astray,
  CHANGES_OF_ITS_ROWS,
  CHANGES_THAT_DECIDE,
  furnish,
  RETURNS,
  trioOf,
  workflowOf,
  WRITES_FOR_THE_REMOVED,
  WRITES_OF_ITS_OWN_KEYS,
  type LateWrite,
  type Outcome,
  type Trio,
} from './support/lateWrites'
import { takeBack } from './support/takeBack'

const BY = { by: 'test', on: '2026-11-24', accept: ['history-erased'] as 'history-erased'[] }
/** The points between the transactions of a single merge. */
const MOMENTS = ['openMerge', ...TRANSFERS, 'retireRecord'] as const
const ALL_WRITES = [...WRITES_FOR_THE_REMOVED, ...RETURNS, ...WRITES_OF_ITS_OWN_KEYS, ...CHANGES_OF_ITS_ROWS]
/** Begun, with a snapshot, before the merge was opened; or only then. */
const AGES = ['older than the merge', 'new'] as const
/** A group that met a desk comes again; one that has to this often never ends. */
const GROUP_TRIES_AT_MOST = 100

let database: TestDatabase
let pool: Pool
let setUp: Desk
let client: Client
let lost = true
beforeAll(async () => {
  database = await freshDatabase()
  pool = createPool(database.url, { max: 12, pipeline: true })
  setUp = await Desk.open(database.url)
  await makeLibraries(database.pool)
})
afterAll(async () => {
  await Promise.all(idle.map((desk) => desk.close()))
  await client?.end()
  await setUp?.close()
  await pool?.end()
  await database?.drop()
})

/** For groups. The server ends the connection of one that takes too long: the next test has another then. */
function ownClient(): void {
  beforeEach(async () => {
    if (lost) {
      client = await connect(database.url, { pipeline: true })
      client.once('end', () => (lost = true))
      lost = false
    }
    // of a test that failed
    await client.query('rollback')
  })
}

/** Desks that are open and have nothing to do: hundreds of tests that each open their own cost the server more than their work. */
const idle: Desk[] = []

/** Has so many desks for a while. Those of a test that fails are closed, whatever they are in the middle of. */
async function atDesks<T>(isolation: Isolation, count: number, work: (desks: Desk[]) => Promise<T>): Promise<T> {
  const desks = await Promise.all(
    Array.from({ length: count }, async () => {
      const free = idle.findIndex((desk) => desk.isolation === isolation)
      return free === -1 ? Desk.open(database.url, isolation) : (idle.splice(free, 1)[0] as Desk)
    }),
  )
  let done = false
  try {
    const result = await work(desks)
    done = true
    return result
  } finally {
    if (done) idle.push(...desks)
    else await Promise.all(desks.map((desk) => desk.close()))
  }
}

function atDesk<T>(isolation: Isolation, work: (desk: Desk) => Promise<T>): Promise<T> {
  return atDesks(isolation, 1, ([desk]) => work(desk as Desk))
}

interface Prepared {
  write: LateWrite
  key: Key
}
type Done = { write: LateWrite; outcomes: Outcome[] }[]

async function newTrio(writes: readonly LateWrite[], desk = setUp): Promise<{ trio: Trio; prepared: Prepared[] }> {
  const trio = trioOf(await registerPatrons(database.pool, 3))
  await furnish(desk, trio)
  const prepared: Prepared[] = []
  for (const write of writes) prepared.push({ write, key: (await write.prepare?.(desk, trio)) ?? 0 })
  return { trio, prepared }
}

async function writeAll(desk: Desk, trio: Trio, prepared: readonly Prepared[]): Promise<Done> {
  const done: Done = []
  for (const { write, key } of prepared) {
    const outcomes = await write.write(desk, trio, key).catch((error: Error) => {
      throw Object.assign(error, { message: `${write.name}: ${error.message}` })
    })
    done.push({ write, outcomes })
  }
  return done
}

/** Opens, goes through every step and retires, one transaction each; calls `at` in between. Gives the merge's id. */
async function mergeSingle(
  trio: Trio,
  at: (moment: string) => Promise<void> = async () => {},
  onWait?: () => void,
): Promise<number> {
  const opened = await openSingle(pool, { keep: trio.kept, remove: trio.removed, ...BY }, workflowOf(trio), 1, {
    onWait,
  })
  if (opened.merge === null || opened.then !== 'go-on') throw new Error(`not opened: ${JSON.stringify(opened)}`)
  await at('openMerge')
  for (const name of TRANSFERS) {
    await doStep(pool, opened.merge, name, 1, { onWait })
    await at(name)
  }
  await retireSingle(pool, opened.merge, 1, { onWait })
  await at('retireRecord')
  return opened.merge
}

async function newMerge({ kept, removed }: Trio): Promise<number> {
  return (await createMerge(pool, { keep: kept, remove: removed, ...BY }, null)) ?? 0
}

/** A group of one that comes again while a desk is in its way. */
async function mergeAsGroup(client: Client, merge: number): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      const { merged } = await mergeGroup(client, [merge])
      if (merged.length === 1) return
    } catch (error) {
      if (!['again', 'unique'].includes(judgeFailure(error))) throw error
    }
    if (tries === GROUP_TRIES_AT_MOST) throw new Error('the group never got through')
  }
}

async function undo(merge: number): Promise<void> {
  const undone = await inMergeTransaction(pool, (client) => takeBack(client, [merge]))
  expect(undone).toEqual([merge])
}

/** All that must hold once a merge has ended, and once it has been taken back. */
async function expectFollowed(trio: Trio, merge: number, done: Done, early = false): Promise<void> {
  expect(await astray(database.pool, done, 'merged', early)).toEqual([])
  expect(await rowsOn(database.pool, trio.removed)).toEqual({})
  await undo(merge)
  expect(await astray(database.pool, done, 'undone', early)).toEqual([])
  const { rows } = await database.pool.query('select from redirect_note where written_for = $1', [trio.removed])
  expect(rows).toEqual([])
}

describe.each(MOMENTS)('beside a single merge, after %s', (moment) => {
  const cases = ISOLATIONS.flatMap((isolation) => AGES.map((age) => ({ isolation, age })))
  test.each(cases)(
    'a transaction $age, $isolation, writes to every table for the removed record',
    async ({ isolation, age }) => {
      const { trio, prepared } = await newTrio(ALL_WRITES)
      await atDesk(isolation, async (desk) => {
        const begun = age === 'older than the merge'
        if (begun) await desk.begin()
        let done: Done = []
        const merge = await mergeSingle(trio, async (now) => {
          if (now === moment) done = await desk.transaction(() => writeAll(desk, trio, prepared), { begun })
        })
        await expectFollowed(trio, merge, done)
      })
    },
  )
})

describe.each(ISOLATIONS)('what a desk has written but not committed, %s', (isolation) => {
  ownClient()

  test('is waited for by the opening of a single merge, and moves', async () => {
    await Promise.all(
      [...WRITES_FOR_THE_REMOVED, ...RETURNS].map((write) =>
        atDesk(isolation, async (desk) => {
          const { trio, prepared } = await newTrio([write], desk)
          await desk.begin()
          const done = await writeAll(desk, trio, prepared)
          let waits = 0
          const merging = mergeSingle(trio, undefined, () => waits++)
          await until(`the merge waits for ${write.name}`, () => waits > 0)
          await desk.commit()
          await expectFollowed(trio, await merging, done, true)
        }),
      ),
    )
  })

  test('is passed over by a group, which takes the pair later', async () => {
    await atDesk(isolation, async (desk) => {
      for (const write of [...WRITES_FOR_THE_REMOVED, ...RETURNS]) {
        const { trio, prepared } = await newTrio([write])
        await desk.begin()
        const done = await writeAll(desk, trio, prepared)
        const merge = await newMerge(trio)
        expect(await mergeGroup(client, [merge])).toEqual({ merged: [], refused: [], waiting: [], skipped: [merge] })
        await desk.commit()
        expect((await mergeGroup(client, [merge])).merged).toEqual([merge])
        await expectFollowed(trio, merge, done, true)
      }
    })
  })

  const meeting = [...CHANGES_OF_ITS_ROWS, ...CHANGES_THAT_DECIDE]
  test.each(meeting.map((write) => [write.name, write] as const))('meets the step that waits for it: %s', (_, write) =>
    atDesk(isolation, async (desk) => {
      for (const asGroup of [false, true]) {
        const { trio, prepared } = await newTrio([write])
        await desk.begin()
        const done = await writeAll(desk, trio, prepared)
        const merging = asGroup
          ? newMerge(trio).then(async (id) => mergeAsGroup(client, id).then(() => id))
          : mergeSingle(trio)
        // whichever ends first: a merge that fails must not leave the desk waiting
        await Promise.race([untilAwaited(database.pool, desk.pid), merging])
        await desk.commit()
        await expectFollowed(trio, await merging, done, true)
      }
    }),
  )
})

describe.each(ISOLATIONS)('beside a group under way, %s', (isolation) => {
  ownClient()

  test.each(AGES)('a transaction %s waits for it, for each table, and its row follows', async (age) => {
    const writes = ALL_WRITES
    const { trio, prepared } = await newTrio(writes)
    const begun = age === 'older than the merge'
    await atDesks(isolation, prepared.length, async (desks) => {
      if (begun) await Promise.all(desks.map((desk) => desk.begin()))
      const merge = await newMerge(trio)
      await beginMerge(client, { limited: false })
      expect((await mergeInTransaction(client, [merge])).merged).toEqual([merge])
      const written = desks.map((desk, n) =>
        desk.transaction(() => writeAll(desk, trio, prepared.slice(n, n + 1)), { begun }),
      )
      for (const desk of desks) await untilWaiting(database.pool, desk.pid)
      await commit(client)
      await expectFollowed(trio, merge, (await Promise.all(written)).flat())
    })
  })

  test('rows of the removed record that change between its taking and its steps follow', async () => {
    const { trio, prepared } = await newTrio(CHANGES_OF_ITS_ROWS)
    await atDesk(isolation, async (desk) => {
      const merge = await newMerge(trio)
      let done: Done = []
      await beginMerge(client, { limited: false })
      await mergeInTransaction(client, [merge], {
        async afterTaking() {
          done = await desk.transaction(() => writeAll(desk, trio, prepared))
        },
      })
      await commit(client)
      await expectFollowed(trio, merge, done)
    })
  })
})

test('what a desk changes of the kept record while a step waits for it is the desk’s, and stays after the reverse', async () => {
  const { trio } = await newTrio([])
  await setUp.changeDetail(trio.kept, 'city', 'Gent')
  await setUp.touch(trio.removed, '2026-11-20')
  await atDesk('read committed', async (desk) => {
    let awaited: Promise<void> = Promise.resolve()
    const merge = await mergeSingle(trio, async (moment) => {
      if (moment !== 'transferSubscriptions') return
      await desk.begin()
      await desk.changeDetail(trio.kept, 'city', 'Brugge')
      awaited = untilAwaited(database.pool, desk.pid).then(() => desk.commit())
    })
    await awaited
    await undo(merge)
    const { rows } = await database.pool.query('select city, last_activity_on from patron where id = $1', [trio.kept])
    expect(rows).toEqual([{ city: 'Brugge', last_activity_on: null }])
  })
})

test('only a change of the removed record’s own details is refused, naming the kept one; its last activity is passed on', async () => {
  const { trio } = await newTrio([])
  await mergeSingle(trio, async () => {
    const refused = await setUp.changeDetail(trio.removed, 'city', 'Gent').then(
      () => null,
      (error: Error) => [sqlState(error), error.message],
    )
    expect(refused).toEqual([
      'OD004',
      `patron ${trio.removed} was merged into ${trio.kept}: change patron ${trio.kept} instead`,
    ])
  })
  const seen = async () =>
    (await database.pool.query('select last_activity_on from patron where id = $1', [trio.kept])).rows[0]
      ?.last_activity_on
  await setUp.touch(trio.removed, '2026-11-20')
  expect(await seen()).toBe('2026-11-20')
  await setUp.touch(trio.removed, '2026-11-10')
  expect(await seen()).toBe('2026-11-20')
})

describe.each(ISOLATIONS)('beside an undo under way, %s', (isolation) => {
  ownClient()

  test.each(['older than the undo', 'new'] as const)(
    'a transaction %s waits for it, for each table, and its row is the removed record’s',
    async (age) => {
      // once the records are apart again, history at the library where the merge erased it is as any other
      const writes = WRITES_FOR_THE_REMOVED.filter(({ name }) => !name.includes('the merge erases it'))
      const { trio, prepared } = await newTrio(writes)
      const begun = age === 'older than the undo'
      await atDesks(isolation, prepared.length, async (desks) => {
        const merge = await newMerge(trio)
        await mergeAsGroup(client, merge)
        if (begun) await Promise.all(desks.map((desk) => desk.begin()))
        await beginMerge(client, { limited: false })
        expect(await takeBack(client, [merge])).toEqual([merge])
        const written = desks.map((desk, n) =>
          desk.transaction(() => writeAll(desk, trio, prepared.slice(n, n + 1)), { begun }),
        )
        for (const desk of desks) await untilWaiting(database.pool, desk.pid)
        await commit(client)
        expect(await astray(database.pool, (await Promise.all(written)).flat(), 'undone', false)).toEqual([])
      })
    },
  )
})
