import type { Pool } from 'pg'
import { sqlState } from '../../src/database/failures'
import { inMergeTransaction } from '../../src/database/transaction'
import type { WarningCode } from '../../src/domain/codes'
import { TRANSFERS, type TransferName } from '../../src/domain/plan'
import { openSingle } from '../../src/merges/openSingle'
import { abandonSingle, doStep, retireSingle } from '../../src/merges/stepSingle'
import { createMerge } from '../../src/merges/store'
import { mergeGroup } from '../../src/steps/group'
import { nextId, type Desk, type Key, type Table, type Values } from './desk'
import { edited, pick, type Action } from './lateActions'
import { workflowOf } from './lateWrites'
import { RedirectModel, Taken, type ModelRow } from './redirectModel'
import { takeBack } from './takeBack'

const ACCEPT: WarningCode[] = ['history-erased', 'rejected-before']
const BY = { by: 'test', on: '2026-11-24', accept: ACCEPT }

/** The same things done to the database by desks and merges, and to the model. */
export class BesideTheModel {
  readonly model = new RedirectModel()
  private readonly merges: { id: number; left: TransferName[]; merge: ReturnType<RedirectModel['open']> }[] = []

  constructor(
    readonly patrons: readonly number[],
    /** Pipelined, for merges. */
    private readonly pool: Pool,
    private readonly desks: readonly Desk[],
  ) {}

  /** Does it in both, where it is possible. */
  async happen(action: Action): Promise<void> {
    switch (action.do) {
      case 'insert':
        return this.insert(action)
      case 'merge':
      case 'open':
        return this.merge(action)
      case 'step':
      case 'finish':
      case 'abandon':
      case 'undo':
        return this.steer(action.do, action.which, action.other)
      default:
        return this.change(action.do, action)
    }
  }

  /** Finishes what is under way, then takes everything back, the last first; looks after each. */
  async takeAllBack(): Promise<void> {
    for (const { merge } of this.merges) if (merge.state === 'open') await this.steer('finish', 0, 0)
    await this.compare()
    while (this.merges.some(({ merge }) => merge.state === 'retired')) {
      await this.steer('undo', 0, 0)
      await this.compare()
    }
  }

  /** A unique error at the desk and in the model, or in neither. */
  private async atDesk(desk: number, work: (desk: Desk) => Promise<unknown>, model: () => void): Promise<void> {
    const error = await pick(this.desks, desk)
      .transaction(work)
      .then(
        () => null,
        (thrown: unknown) => thrown,
      )
    if (error !== null && sqlState(error) !== '23505') throw error
    let taken = false
    try {
      model()
    } catch (thrown) {
      if (!(thrown instanceof Taken)) throw thrown
      taken = true
    }
    expect({ taken: error !== null }).toEqual({ taken })
  }

  private async insert({ table, patron: at, values, card }: Extract<Action, { do: 'insert' }>): Promise<void> {
    // for one that is merged away as often as not
    const merged = this.patrons.filter((one) => this.model.live(one) !== one)
    const patron = pick(merged.length > 0 && card % 2 === 0 ? merged : this.patrons, at)
    const cards = this.model.rows.filter((row) => row.table === 'card')
    const made = ['loan', 'loan_history', 'hold'].includes(table) && cards.length > 0 && card % 3 > 0
    const whole: Values = made ? { ...values, card: pick(cards, card).key } : values
    const id = nextId()
    const key: Key = table === 'history_preference' ? `${patron}/${values.library}` : table === 'card' ? `c${id}` : id
    const row = table === 'history_preference' ? whole : table === 'card' ? { ...whole, number: key } : { ...whole, id }
    await this.atDesk(
      at + card,
      (desk) => desk.insert(table, { ...row, patron }),
      () => this.model.insert(table, key, patron, whole),
    )
  }

  private async change(
    what: 'move' | 'edit' | 'return' | 'remove',
    { row: at, other, desk }: { row: number; other: number; desk: number },
  ): Promise<void> {
    const candidates = this.model.rows.filter(({ table }) =>
      what === 'return'
        ? table === 'loan'
        : what === 'edit'
          ? table === 'hold' || table === 'contact'
          : table !== 'history_preference' || what === 'move',
    )
    if (candidates.length === 0) return
    const row = pick(candidates, at)
    const table = row.table as Exclude<Table, 'history_preference'>
    if (what === 'return')
      return this.atDesk(
        desk,
        (d) => d.returnLoan(row.key),
        () => this.model.returnLoan(row),
      )
    if (what === 'remove')
      return this.atDesk(
        desk,
        (d) => d.remove(table, row.key),
        () => this.model.remove(row),
      )
    if (what === 'move') {
      const to = pick(this.patrons, other)
      if (to === row.patron) return
      const key = row.table === 'history_preference' ? String(row.values.library) : row.key
      return this.atDesk(
        desk,
        (d) => d.move(row.table, key, row.patron, to),
        () => this.model.move(row, to),
      )
    }
    const values = edited(row, other)
    return this.atDesk(
      desk,
      (d) => d.change(table, row.key, values),
      () => this.model.change(row, values),
    )
  }

  private async merge({ do: how, kept: k, removed: r }: Extract<Action, { do: 'merge' | 'open' }>): Promise<void> {
    const { model } = this
    const underWay = this.merges.filter(({ merge }) => merge.state === 'open').map(({ merge }) => merge.kept)
    const free = this.patrons.filter((one) => model.live(one) === one && !underWay.includes(one))
    if (free.length < 2) return
    const kept = pick(free, k)
    const removed = pick(
      free.filter((one) => one !== kept),
      r,
    )
    const asked = { keep: kept, remove: removed, ...BY }
    const merge = model.open(kept, removed)
    if (how === 'open') {
      const opened = await openSingle(this.pool, asked, workflowOf({ kept, removed, third: 0 }), 1)
      expect(opened.then).toBe('go-on')
      this.merges.push({ id: opened.merge ?? 0, left: [...TRANSFERS], merge })
      return
    }
    const id = (await createMerge(this.pool, asked, null)) ?? 0
    const client = await this.pool.connect()
    const { merged } = await mergeGroup(client, [id]).finally(() => client.release())
    expect(merged).toEqual([id])
    for (const name of TRANSFERS) model.step(merge, name)
    model.retire(merge)
    this.merges.push({ id, left: [], merge })
  }

  private async steer(what: 'step' | 'finish' | 'abandon' | 'undo', which: number, other: number): Promise<void> {
    const { model } = this
    const possible = this.merges.filter(({ merge }, n) =>
      what === 'undo' ? merge.state === 'retired' && !this.laterStands(n) : merge.state === 'open',
    )
    if (possible.length === 0) return
    const { id, left, merge } = pick(possible, which)
    if (what === 'undo') {
      const undone = await inMergeTransaction(this.pool, (client) => takeBack(client, [id]))
      expect(undone).toEqual([id])
      return model.undo(merge)
    }
    if (what === 'abandon') {
      expect(await abandonSingle(this.pool, id)).toBe(true)
      return model.undo(merge)
    }
    const steps = what === 'finish' ? left.splice(0) : left.splice(other % (left.length || 1), 1)
    for (const name of steps) {
      await doStep(this.pool, id, name, 1)
      model.step(merge, name)
    }
    if (what !== 'finish') return
    await retireSingle(this.pool, id, 1)
    model.retire(merge)
  }

  /** An undo is refused while a later merge has the kept record on either side. */
  private laterStands(n: number): boolean {
    const { kept } = this.merges[n]!.merge
    return this.merges
      .slice(n + 1)
      .some(({ merge }) => merge.state !== 'over' && [merge.kept, merge.removed].includes(kept))
  }

  /** Every row and every note is the same in both. */
  async compare(): Promise<void> {
    const { rows } = await this.pool.query<{ line: string }>(STANDING, [this.patrons])
    expect(rows.map(({ line }) => line).sort()).toEqual(
      [...this.model.rows.map(lineOf), ...this.model.notes.map(noteLine)].sort(),
    )
  }
}

/** The columns that rules look at or change. */
const COMPARED: Record<Table, string[]> = {
  loan: ['library', 'card'],
  loan_history: ['library', 'card'],
  hold: ['library', 'title', 'placed_at', 'status', 'reason', 'card'],
  charge: [],
  message: [],
  card: [],
  subscription: ['library', 'ends_on', 'stopped_on'],
  contact: ['kind', 'value', 'is_primary'],
  history_preference: ['library', 'enabled'],
}

const KEYS: Partial<Record<Table, string>> = { card: 'number', history_preference: `patron || '/' || library` }
const STANDING = [
  ...Object.entries(COMPARED).map(([table, columns]) => {
    const values = columns.map((column) =>
      column === 'placed_at'
        ? `to_char(placed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')`
        : `${column}::text`,
    )
    return `select concat_ws(' ', '${table}', ${KEYS[table as Table] ?? 'id'}, patron, 'for', coalesce(written_for::text, '-'), ${values
      .map((value) => `coalesce(${value}, '-')`)
      .join(', ')}${values.length > 0 ? '' : `null`}) as line from ${table} where patron = any($1)`
  }),
  `select concat_ws(' ', 'note', tbl, coalesce(row_id, '-'), written_for, stood_on) from redirect_note where stood_on = any($1) and tbl <> 'patron'`,
].join(' union all ')

function lineOf({ table, key, patron, writtenFor, values }: ModelRow): string {
  const shown = COMPARED[table].map((column) => String(values[column] ?? '-'))
  return [table, key, patron, 'for', writtenFor ?? '-', ...shown].join(' ')
}

function noteLine({ first, key, stoodOn }: RedirectModel['notes'][number]): string {
  return ['note', first.table, key ?? '-', first.patron, stoodOn].join(' ')
}
