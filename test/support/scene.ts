/** Merges of rich pairs on servers of a test's own choosing, and what people do to them while they run. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client, Connection, type WorkflowHandle } from '@temporalio/client'
import { connect } from '../../src/database/pool'
import type { MergeReport, UndoReport } from '../../src/domain/request'
import { queueName } from '../../src/workflows/names'
import type { TestDatabase } from './database'
import type { TestPortal } from './portal'
import { putRichPairs, type RichPair } from './richPair'
import { temporalAddress } from './temporalAddress'

/** Many look at once. */
const LOOK_EVERY_MS = 250
/** On a machine that does other things too. */
const PATIENCE_MS = 300_000

export type MergeHandle = WorkflowHandle<(request: unknown) => Promise<MergeReport>>

export type UndoHandle = WorkflowHandle<(request: unknown) => Promise<UndoReport>>

export interface Scene {
  database: TestDatabase
  portal: TestPortal
  client: Client
  queuePrefix: string
  /** For worker processes and the command line. */
  env: Record<string, string>
  /** Puts the next pairs. */
  pairs(count: number): Promise<RichPair[]>
  /** Starts a pair's merge, or a workflow that takes it up again. */
  start(pair: RichPair, request?: Record<string, unknown>): Promise<MergeHandle>
  /** Waits until the merge of a pair has a status that people read; gives its id. */
  shown(pair: RichPair, ...statuses: string[]): Promise<number>
  /** Waits until the portal has been asked in vain and is asked again only in a minute. */
  waits(handle: { describe: MergeHandle['describe']; workflowId: string }): Promise<void>
  /** Starts the undo of a merge, or a workflow that takes it up again. */
  startUndo(merge: number, request?: Record<string, unknown>): Promise<UndoHandle>
  /** From now on the database refuses to change a patron's subscriptions, or no longer: a step fails for good. */
  refuse(patron: number, refuses: boolean): Promise<void>
  close(): Promise<void>
}

export interface Servers {
  database: TestDatabase
  portal: TestPortal
  address?: string
}

/** A scene on these servers; Temporal's shared one unless another is given. */
export async function openScene({ database, portal, address = temporalAddress() }: Servers): Promise<Scene> {
  const { pool } = database
  const client = new Client({ connection: await Connection.connect({ address, connectTimeout: '20 seconds' }) })
  const queuePrefix = `test-${process.pid}-${randomBytes(4).toString('hex')}`
  const owner = await connect(database.superUrl)
  try {
    await owner.query(REFUSING)
  } finally {
    await owner.end()
  }
  let count = 0
  let started = 0
  return {
    database,
    portal,
    client,
    queuePrefix,
    env: {
      DATABASE_URL: database.url,
      TEMPORAL_ADDRESS: address,
      PORTAL_URL: portal.url,
      PORTAL_TOKEN: portal.token,
      PORTAL_CALLS_PER_SECOND: '1000',
      TASK_QUEUE_PREFIX: queuePrefix,
      LOG_LEVEL: 'fatal',
    },
    async pairs(more) {
      const numbers = Array.from({ length: more }, () => ++count)
      return putRichPairs(pool, portal, numbers)
    },
    async start(pair, request = pair.request) {
      const handle = await client.workflow.start('mergePatrons', {
        workflowId: `${queuePrefix}/${pair.remove}/${++started}`,
        taskQueue: queueName('desk', queuePrefix),
        args: [request],
      })
      return handle as unknown as MergeHandle
    },
    async shown({ keep, remove }, ...statuses) {
      let found: { id: number; shown: string } | undefined
      for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(LOOK_EVERY_MS)) {
        // a database that is being started again answers later
        const { rows } = await pool
          .query<{ id: number; shown: string }>(
            `select id, merge_status(status, attention, portal) as shown from merge where kept = $1 and removed = $2 order by id desc limit 1`,
            [keep, remove],
          )
          .catch(() => ({ rows: [] }))
        found = rows[0] ?? found
        if (found && statuses.includes(found.shown)) return found.id
      }
      throw new Error(`the merge of ${remove} is ${found?.shown ?? 'not there'}, not ${statuses.join(' or ')}`)
    },
    waits: untilBackingOff,
    async startUndo(merge, request = { merge, by: 'mia' }) {
      const handle = await client.workflow.start('undoMerge', {
        workflowId: `${queuePrefix}/undo/${merge}/${++started}`,
        taskQueue: queueName('desk', queuePrefix),
        args: [request],
      })
      return handle as unknown as UndoHandle
    },
    async refuse(patron, refuses) {
      await pool.query(
        refuses ? 'insert into refusing (patron) values ($1)' : 'delete from refusing where patron = $1',
        [patron],
      )
    },
    close: () => client.connection.close(),
  }
}

/** Waits until a merge's workflow has asked the portal in vain and asks it again only in a minute. */
export async function untilBackingOff(handle: Pick<MergeHandle, 'describe' | 'workflowId'>): Promise<void> {
  for (const until = Date.now() + PATIENCE_MS; Date.now() < until; await sleep(LOOK_EVERY_MS)) {
    const { raw } = await handle.describe()
    if (raw.pendingActivities?.some(isBackingOff)) return
  }
  throw new Error(`${handle.workflowId} does not wait for the portal`)
}

type Pending = NonNullable<Awaited<ReturnType<MergeHandle['describe']>>['raw']['pendingActivities']>[number]

/** The one activity that is tried for days has no number of attempts; after a failure of its own it pauses. */
function isBackingOff({ activityType, maximumAttempts, state, lastFailure }: Pending): boolean {
  const SCHEDULED = 1
  return (
    activityType?.name?.endsWith('PortalLinks') === true &&
    !maximumAttempts &&
    state === SCHEDULED &&
    Boolean(lastFailure)
  )
}

/** What changes a subscription of a patron in this table fails for good. */
const REFUSING = `
  create table refusing (patron bigint primary key);
  grant select, insert, delete on refusing to ontdubbel_worker;
  create function refuse() returns trigger language plpgsql as $$
  begin
    if exists (select from refusing where patron = old.patron) then
      raise exception 'no' using errcode = '23514';
    end if;
    return new;
  end $$;
  create trigger refuse before update on subscription for each row execute function refuse()`
