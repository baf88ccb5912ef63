import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { temporal } from '@temporalio/proto'
import { openUndoMany, type OpenedUndoMany } from '../../src/campaigns/undoOpen'
import { connect } from '../../src/database/pool'
import {
  abandon,
  cancelCampaign,
  pauseCampaign,
  resume,
  resumeCampaign,
  retryCampaign,
  retryPortal,
  setCampaign,
  skipPortal,
} from '../../src/workflows/messages'
import { backlogWorkflowIdOf, queueName } from '../../src/workflows/names'
import { newCampaign, standOf, startCampaign, type CampaignHandle } from './campaigns'
import { until } from './desk'
import { testStack, type TestStack } from './stack'

export const HISTORIES = path.join(__dirname, '..', 'histories')
const BY = { by: 'recorded' }

/** What is recorded; each part by itself, since what older workers made is worth keeping. */
const PARTS = ['merges', 'undos', 'campaigns', 'ofMany'] as const
type Part = (typeof PARTS)[number]

/**
 * Records a history for each way a merge, an undo and a campaign can end, on the real server, into test/histories. Run it
 * after a change of the workflows that is meant: `npm run record-histories`; old ones must replay first. `parts` names some.
 */
export async function recordHistories(parts: string): Promise<void> {
  const some: readonly Part[] = PARTS.filter((part) => parts.includes(part))
  if (some.length === 0) rmSync(HISTORIES, { recursive: true, force: true })
  mkdirSync(HISTORIES, { recursive: true })
  const stack = await testStack({ campaigns: true })
  try {
    await stack.database.pool.query(`insert into library (id, name) values ('ZOT', 'Zottegem')`)
    const recorder = new Recorder(stack)
    for (const part of some.length === 0 ? PARTS : some) await recorder[part]()
  } finally {
    await stack.stop()
  }
}

class Recorder {
  private patron = 100

  constructor(private readonly stack: TestStack) {}

  async merges(): Promise<void> {
    const { portal } = this.stack
    const plain = await this.pair()
    const merged = await this.record('merge-completed', 'mergePatrons', { ...plain, ...BY })
    await this.record('merge-reported', 'mergePatrons', { ...plain, ...BY })
    await this.record('merge-refused', 'mergePatrons', { keep: plain.remove, remove: plain.keep, ...BY })
    await this.record('merge-bad-input', 'mergePatrons', { keep: 'x', ...BY })
    await this.record('merge-unknown', 'mergePatrons', { merge: 999_999 })
    await this.record('merge-taken-up-ended', 'mergePatrons', { merge: merged })

    await portal.behave({ mode: 'down' })
    await this.record('merge-waited', 'mergePatrons', { ...(await this.pair()), ...BY }, async (handle) => {
      await this.shows('waiting-for-portal')
      await handle.executeUpdate(retryPortal, { args: [BY] })
      await portal.behave({ mode: 'ok' })
      await handle.executeUpdate(retryPortal, { args: [BY] })
    })
    await portal.behave({ mode: 'refuse' })
    for (const end of ['retried', 'skipped'] as const) {
      await portal.behave({ mode: 'refuse' })
      await this.record(
        `merge-portal-refused-${end}`,
        'mergePatrons',
        { ...(await this.pair()), ...BY },
        async (handle) => {
          await this.shows('needs-attention')
          await portal.behave({ mode: 'ok' })
          if (end === 'retried') await handle.executeUpdate(retryPortal, { args: [BY] })
          else await handle.executeUpdate(skipPortal, { args: [{ ...BY, reason: 'recorded' }] })
        },
      )
    }
    await this.brokenTable('card', async (mend) => {
      await this.record('merge-resumed', 'mergePatrons', { ...(await this.pair()), ...BY }, async (handle) => {
        await this.shows('needs-attention')
        await mend()
        await handle.executeUpdate(resume, { args: [BY] })
      })
    })
    await this.brokenTable('card', async () => {
      await this.record('merge-abandoned', 'mergePatrons', { ...(await this.pair()), ...BY }, async (handle) => {
        await this.shows('needs-attention')
        await this.record('merge-in-progress', 'mergePatrons', { ...(await this.lastPair()), ...BY })
        await handle.executeUpdate(abandon, { args: [BY] })
      })
    })
    await portal.behave({ mode: 'down' })
    const waiting = await this.pair()
    const handle = await this.start('mergePatrons', { ...waiting, ...BY })
    await this.shows('waiting-for-portal')
    await handle.terminate()
    await portal.behave({ mode: 'ok' })
    await this.record('merge-taken-up', 'mergePatrons', { merge: await this.lastMerge() })
    const stopping = await this.withHistoryToErase()
    await this.record('merge-needs-acceptance', 'mergePatrons', { ...stopping, ...BY })
  }

  async undos(): Promise<void> {
    const { portal } = this.stack
    const undone = await this.record('undo-done', 'undoMerge', { merge: await this.merged(), ...BY })
    await this.record('undo-reported', 'undoMerge', { merge: undone, ...BY })
    await this.record('undo-bad-input', 'undoMerge', { ...BY })
    const first = await this.pair()
    const one = await this.merged(first)
    await this.merged({ keep: (await this.pair()).keep, remove: first.keep })
    await this.record('undo-refused', 'undoMerge', { merge: one, ...BY })
    const late = await this.merged()
    await portal.behave({ mode: 'down' })
    await this.record('undo-waited', 'undoMerge', { merge: late, ...BY }, async (handle) => {
      await this.shows('undo-waiting-for-portal')
      await portal.behave({ mode: 'ok' })
      await handle.executeUpdate(retryPortal, { args: [BY] })
    })
    for (const end of ['retried', 'skipped'] as const) {
      const merge = await this.merged()
      await portal.behave({ mode: 'refuse' })
      await this.record(`undo-portal-refused-${end}`, 'undoMerge', { merge, ...BY }, async (handle) => {
        await this.shows('needs-attention')
        await portal.behave({ mode: 'ok' })
        if (end === 'retried') await handle.executeUpdate(retryPortal, { args: [BY] })
        else await handle.executeUpdate(skipPortal, { args: [{ ...BY, reason: 'recorded' }] })
      })
    }
    for (const end of ['resumed', 'abandoned'] as const) {
      const merge = await this.merged()
      await this.brokenTable('pair_decision', async (mend) => {
        await this.record(`undo-failed-${end}`, 'undoMerge', { merge, ...BY }, async (handle) => {
          await this.shows('needs-attention')
          await mend()
          await handle.executeUpdate(end === 'resumed' ? resume : abandon, { args: [BY] })
        })
      })
    }
    // the merge's own workflow gives way
    await portal.behave({ mode: 'down' })
    const given = await this.pair()
    await this.record('merge-gave-way', 'mergePatrons', { ...given, ...BY }, async () => {
      await this.shows('waiting-for-portal')
      await portal.behave({ mode: 'ok' })
      await this.record('undo-of-a-waiting-merge', 'undoMerge', { merge: await this.lastMerge(), ...BY })
    })
  }

  async campaigns(): Promise<void> {
    const { portal, client, queuePrefix } = this.stack
    await this.campaign('campaign-completed', {}, async () => {})
    await this.campaign('campaign-paused-set-resumed', { first: 2 }, async (handle, id) => {
      await this.stands(id, 'paused')
      await handle.executeUpdate(setCampaign, { args: [{ ...BY, lanes: 1, pace: 'desk' }] })
      await handle.executeUpdate(resumeCampaign, { args: [BY] })
    })
    await this.campaign('campaign-cancelled', { first: 1 }, async (handle, id) => {
      await this.stands(id, 'paused')
      await handle.executeUpdate(cancelCampaign, { args: [BY] })
    })
    await this.brokenTable('card', async (mend) => {
      await this.campaign('campaign-set-aside-retried', { first: 3 }, async (handle, id) => {
        await this.stands(id, 'paused')
        await mend()
        await handle.executeUpdate(pauseCampaign, { args: [BY] })
        await handle.executeUpdate(retryCampaign, { args: [BY] })
        await handle.executeUpdate(resumeCampaign, { args: [BY] })
      })
    })
    await portal.behave({ mode: 'down' })
    await this.campaign('campaign-left-to-the-sweeper', {}, async () => {})
    await portal.behave({ mode: 'ok' })
    const workflowId = backlogWorkflowIdOf(queueName('campaign', queuePrefix))
    const execution = { workflowId }
    await client.workflowService.resetActivity({ namespace: 'default', execution, type: 'sweepPortal' })
    const sweeper = client.workflow.getHandle(workflowId)
    await sweeper.result()
    writeHistory(path.join(HISTORIES, 'portal-backlog.history'), await sweeper.fetchHistory())
  }

  async ofMany(): Promise<void> {
    const { portal } = this.stack
    const pool = this.stack.database.pool
    const asked = { by: 'recorded', reason: null }
    // a campaign that pauses ends with it; a chain comes in two batches
    const first = await this.pair()
    const list = [first, { keep: (await this.pair()).keep, remove: first.keep }, await this.pair()]
    const campaign = await newCampaign(pool, list, { first: 2 })
    const paused = await startCampaign(this.stack, campaign)
    await this.stands(campaign, 'paused')
    await this.undoMany('undo-many-of-campaign', await openUndoMany(pool, { campaign }, asked))
    await paused.result()
    writeHistory(path.join(HISTORIES, 'campaign-undone.history'), await paused.fetchHistory())
    // some wait for the portal by themselves, and all are left to the sweeper
    await portal.behave({ mode: 'down' })
    const waiting = await this.start('mergePatrons', { ...(await this.pair()), by: 'recorder' })
    await this.shows('waiting-for-portal')
    await portal.behave({ mode: 'ok' })
    await this.merged(undefined, 'recorder')
    await portal.behave({ mode: 'down' })
    await this.undoMany('undo-many-left-to-the-sweeper', await openUndoMany(pool, { approvedBy: 'recorder' }, asked))
    await waiting.result()
    await portal.behave({ mode: 'ok' })
  }

  private async undoMany(name: string, opened: OpenedUndoMany): Promise<void> {
    if (opened.is !== 'opened') throw new Error(`${name}: ${opened.is}`)
    const { undo } = opened
    const workflowId = `recorded/${name}/${Math.random()}`
    const taskQueue = queueName('campaign', this.stack.queuePrefix)
    const handle = await this.stack.client.workflow.start('undoMany', { workflowId, taskQueue, args: [{ undo }] })
    await handle.result()
    writeHistory(path.join(HISTORIES, `${name}.history`), await handle.fetchHistory())
  }

  private async campaign(
    name: string,
    options: Parameters<typeof newCampaign>[2],
    during: (handle: CampaignHandle, campaign: number) => Promise<void>,
  ): Promise<void> {
    const list = [await this.pair(), await this.pair(), await this.pair(), await this.pair()]
    const id = await newCampaign(this.stack.database.pool, list, options)
    const handle = await startCampaign(this.stack, id)
    await during(handle, id)
    await handle.result()
    writeHistory(path.join(HISTORIES, `${name}.history`), await handle.fetchHistory())
  }

  private async stands(campaign: number, status: string): Promise<void> {
    await until(
      `the campaign is ${status}`,
      async () => (await standOf(this.stack.database.pool, campaign)).status === status,
    )
  }

  private async record(
    name: string,
    workflowType: string,
    request: unknown,
    during: (handle: Handle) => Promise<void> = async () => {},
  ): Promise<number> {
    const handle = await this.start(workflowType, request)
    await during(handle)
    const result = (await handle.result()) as { id?: number }
    writeHistory(path.join(HISTORIES, `${name}.history`), await handle.fetchHistory())
    return result.id ?? 0
  }

  private async start(workflowType: string, request: unknown): Promise<Handle> {
    const workflowId = `recorded/${this.patron}/${Math.random()}`
    const taskQueue = queueName('desk', this.stack.queuePrefix)
    return this.stack.client.workflow.start(workflowType, { workflowId, taskQueue, args: [request] })
  }

  private async merged(pair?: { keep: number; remove: number }, by = BY.by): Promise<number> {
    const { id, status } = await this.stack.merge({ ...(pair ?? (await this.pair())), by })
    if (status !== 'completed') throw new Error(`merge ${id} is ${status}`)
    return id ?? 0
  }

  private async pair(): Promise<{ keep: number; remove: number }> {
    const [keep, remove] = [++this.patron, ++this.patron]
    const { pool } = this.stack.database
    await pool.query(`insert into patron (id, last_name) values ($1, 'A'), ($2, 'A')`, [keep, remove])
    await pool.query(`insert into card (number, patron, status) values ($1, $2, 'active')`, [String(remove), remove])
    await this.stack.portal.put([{ id: `account-${remove}`, links: [{ library: 'ZOT', actorId: remove }] }])
    return { keep, remove }
  }

  private async lastPair(): Promise<{ keep: number; remove: number }> {
    return { keep: this.patron - 1, remove: this.patron }
  }

  private async lastMerge(): Promise<number> {
    const { rows } = await this.stack.database.pool.query<{ id: number }>('select max(id) as id from merge')
    return rows[0]?.id ?? 0
  }

  private async withHistoryToErase(): Promise<{ keep: number; remove: number }> {
    const pair = await this.pair()
    const { pool } = this.stack.database
    const ids = [pair.keep, pair.remove]
    await pool.query(
      `insert into subscription (id, patron, library, product, starts_on) select id, id, 'ZOT', 'adult', '2025-01-01' from unnest($1::bigint[]) id`,
      [ids],
    )
    await pool.query(
      `insert into loan_history (id, patron, library, item, title, loaned_on, returned_on) values ($1, $1, 'ZOT', 'i', 't', '2025-01-01', '2025-01-02')`,
      [pair.remove],
    )
    return pair
  }

  /** Waits until the latest merge shows a status. */
  private async shows(status: string): Promise<void> {
    await until(`the merge is ${status}`, async () => {
      const { rows } = await this.stack.database.pool.query<{ shown: string }>(
        'select merge_status(status, attention, portal) as shown from merge order by id desc limit 1',
      )
      return rows[0]?.shown === status
    })
  }

  private async brokenTable(table: string, work: (mend: () => Promise<void>) => Promise<void>): Promise<void> {
    const owner = await connect(this.stack.database.ownerUrl)
    const mend = async () => void (await owner.query('drop function if exists refuse_it() cascade'))
    try {
      await owner.query(
        `create function refuse_it() returns trigger language plpgsql as $$ begin raise exception using errcode = '22023'; end $$;
         create trigger refuse_it before ${table === 'card' ? 'update' : 'insert'} on ${table} for each row execute function refuse_it()`,
      )
      await work(mend)
    } finally {
      await mend()
      await owner.end()
    }
  }
}

type Handle = Awaited<ReturnType<TestStack['client']['workflow']['start']>>

const { History } = temporal.api.history.v1

/** A recorded history: the protocol's own message, as it goes over the wire. */
export function readHistory(file: string): temporal.api.history.v1.History {
  return History.decode(readFileSync(file))
}

export function writeHistory(file: string, history: temporal.api.history.v1.IHistory): void {
  withoutMachine(history)
  writeFileSync(file, History.encode(history).finish())
}

/** Who ran it, and where, is nobody's business: `1234@machine`, in whatever place. */
function withoutMachine(value: unknown): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return
  for (const [key, one] of Object.entries(value)) {
    if (typeof one === 'string' && /^\d+@/.test(one)) (value as Record<string, unknown>)[key] = 'recorded'
    else withoutMachine(one)
  }
}
