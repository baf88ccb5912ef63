/** The portal's part of merges, on a database and a portal of a test file's own. */
import type { ApplicationFailure } from '@temporalio/common'
import { MockActivityEnvironment } from '@temporalio/testing'
import type { Client, Pool } from 'pg'
import { FailuresOfOurs } from '../../src/activities/failures'
import { portalActivities } from '../../src/activities/portal'
import { connect, createPool } from '../../src/database/pool'
import { mergeReport } from '../../src/merges/report'
import { createPortalClient, type PortalClient } from '../../src/portal/client'
import { freshDatabase } from './database'
import { makeLibraries } from './desk'
import { portalOfProcess, type TestPortal } from './portal'
import { AFTER, linksOf, portalPairs, type PortalPair } from './portalPairs'

/** Of the client that meets a slow portal. */
export const IMPATIENT_MS = 500
/** An attempt more than this is a merge that never ends. */
const ATTEMPTS_AT_MOST = 30

/** The calls of an undisturbed merge of a pair, in order. */
export const CALLS = 'searchLinks searchLinks changeLink changeLink removeLink changeLink changeLink searchLinks'.split(
  ' ',
)

/** What the ledger, the intents and the merge hold after an undisturbed merge. */
const TOLD = {
  rows: [
    {
      counts: { changed: 3, removed: 1, goneAlready: 0 },
      intents: { 'a L1': 'changed', 'b L1': 'removed', 'c L1': 'changed', 'c L3': 'changed' },
    },
  ],
  status: 'completed',
  warnings: [{ code: 'portal-links-collapse', details: { links: 1 } }],
}

/** Whatever calls the portal. */
export type PortalActivity = keyof ReturnType<typeof portalActivities>

const nothing = () => {}
const SILENT = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing }

export class PortalPart {
  private constructor(
    /** Pipelined. */
    readonly pool: Pool,
    /** Pipelined, for groups. */
    readonly client: Client,
    readonly portal: TestPortal,
    readonly portalClient: PortalClient,
    /** One that waits for an answer no longer than IMPATIENT_MS. */
    readonly impatient: PortalClient,
    /** The portal's own database. */
    readonly links: Pool,
    readonly stop: () => Promise<void>,
  ) {}

  static async start(): Promise<PortalPart> {
    const database = await freshDatabase()
    const pool = createPool(database.url, { pipeline: true })
    const client = await connect(database.url, { pipeline: true })
    await makeLibraries(pool)
    const portal = await portalOfProcess()
    const links = createPool(portal.databaseUrl)
    const { url, token } = portal
    const limits = { callsPerSecond: 10_000, callsAtOnce: 8 }
    const portalClient = createPortalClient({ url, token, ...limits })
    const impatient = createPortalClient({ url, token, ...limits, timeoutMs: IMPATIENT_MS })
    return new PortalPart(pool, client, portal, portalClient, impatient, links, async () => {
      await portalClient.close()
      await impatient.close()
      await links.end()
      await client.end()
      await pool.end()
      await database.drop()
    })
  }

  /** For each test: a portal that behaves, and has counted nothing. */
  async beginAnew(): Promise<void> {
    await this.portal.behave({ mode: 'ok' })
    await this.portal.request('DELETE', '/control/counters')
  }

  pairs(count: number): Promise<PortalPair[]> {
    return portalPairs(this.pool, this.client, this.portal, count)
  }

  /** One attempt of the activity, as the worker runs it; undefined where it ended well. */
  async attemptOf(
    merge: number,
    attempt: number,
    by = this.portalClient,
    activity: PortalActivity = 'syncPortalLinks',
  ): Promise<ApplicationFailure | undefined> {
    const environment = new MockActivityEnvironment(
      { attempt, activityType: activity },
      { interceptors: [() => ({ inbound: new FailuresOfOurs() })], logger: SILENT },
    )
    try {
      await environment.run(portalActivities(this.pool, by)[activity] as (merge: number) => Promise<unknown>, merge)
      return undefined
    } catch (error) {
      return error as ApplicationFailure
    }
  }

  /** Attempts until one ends well or fails for good, as Temporal makes them (without its pauses); how they failed. */
  async untilDone(
    merge: number,
    before: (attempt: number) => unknown = () => {},
    by = this.portalClient,
    activity: PortalActivity = 'syncPortalLinks',
  ): Promise<ApplicationFailure[]> {
    const failures: ApplicationFailure[] = []
    for (let attempt = 1; attempt <= ATTEMPTS_AT_MOST; attempt++) {
      await before(attempt)
      const failure = await this.attemptOf(merge, attempt, by, activity)
      if (failure === undefined) return failures
      failures.push(failure)
      if (failure.nonRetryable === true) return failures
    }
    throw new Error(`merge ${merge} was not done after ${ATTEMPTS_AT_MOST} attempts`)
  }

  /** What the ledger, the intents and the merge hold of its portal part. */
  async told({ merge }: PortalPair): Promise<unknown> {
    const { rows } = await this.pool.query<{ counts: unknown; intents: unknown }>(
      `select s.counts, (select jsonb_object_agg(split_part(account, ' ', 1) || ' ' || library, outcome)
         from portal_intent i where i.merge = s.merge) as intents
       from merge_step s where s.merge = $1 and s.step = 'syncPortalLinks'`,
      [merge],
    )
    const report = await mergeReport(this.pool, merge)
    return { rows, status: report?.status, warnings: report?.warnings.map(({ code, details }) => ({ code, details })) }
  }

  async expectUndisturbed(pair: PortalPair): Promise<void> {
    expect(await linksOf(this.links, pair)).toEqual(AFTER)
    expect(await this.told(pair)).toEqual(TOLD)
  }

  /** That the portal did the work of so many merges, and no more. */
  async expectDone(merges: number): Promise<void> {
    expect((await this.portal.counters()).done).toEqual({ changeLink: 3 * merges, removeLink: merges })
  }
}

/** For all tests of a file; each begins anew. */
export function usePortalPart(): PortalPart {
  const part = Object.create(PortalPart.prototype) as PortalPart
  beforeAll(async () => {
    Object.assign(part, await PortalPart.start())
  })
  afterAll(() => part.stop?.())
  beforeEach(() => part.beginAnew())
  return part
}
