import type { Key, Table, Values } from './desk'

/** A row in memory. `key` is unique in its table; a preference's names the patron and the library. */
export interface ModelRow {
  table: Table
  key: Key
  patron: number
  writtenFor: number | null
  values: Values
}

/** What a step altered, doubled or deleted: the ledger. */
type Change =
  | { table: Table; key: Key; was: Values; now: Values }
  | { table: Table; key: Key; deleted: ModelRow }
  | { table: 'contact'; key: Key; marked: true }

interface ModelMerge {
  kept: number
  removed: number
  state: 'open' | 'retired' | 'over'
  /** Libraries where both were registered when it was opened, and those of them where its kept record's history is off. */
  both: Set<Key>
  historyOff: Set<Key>
  ledger: Change[]
}

/** What the redirect altered (`key`) or left out (null) of a row; `first` is the row as the desk wrote it. */
interface Note {
  first: ModelRow
  key: Key | null
  stoodOn: number
}

/** A unique error, which a colleague who writes the same for the same record gets too. */
export class Taken extends Error {}

const ON_DATE = '2026-11-24'
const DUPLICATE = { status: 'cancelled', reason: 'duplicate-after-merge' }

/**
 * Merges, chains, undos and what desks write meanwhile, in memory, row by row: domain.md and design §2 and §3 in other
 * words than the SQL's. One thing happens at a time.
 */
export class RedirectModel {
  rows: ModelRow[] = []
  notes: Note[] = []
  readonly merges: ModelMerge[] = []
  private readonly mergedInto = new Map<number, number>()

  /** The record, and where it leads, to the end. */
  chain(patron: number): number[] {
    const next = this.mergedInto.get(patron)
    return next === undefined ? [patron] : [patron, ...this.chain(next)]
  }

  live(patron: number): number {
    return this.chain(patron).at(-1) ?? patron
  }

  /** A desk writes a row. Throws Taken where a record that is not merged away has its key. */
  insert(table: Table, key: Key, patron: number, values: Values): void {
    this.arrive({ table, key, patron, writtenFor: null, values: { ...values } }, null)
  }

  /** A desk moves a row to another patron: whatever it was written for is over. */
  move(row: ModelRow, to: number): void {
    const key = row.table === 'history_preference' ? `${to}/${row.values.library}` : row.key
    this.arrive({ ...row, key, patron: to, writtenFor: null, values: { ...row.values } }, row)
  }

  /** A desk changes a row in its place. */
  change(row: ModelRow, values: Values): void {
    this.unique({ ...row, values: { ...row.values, ...values } }, row)
    Object.assign(row.values, values)
  }

  remove(row: ModelRow): void {
    this.rows = this.rows.filter((other) => other !== row)
  }

  /** A loan is returned: it is history where the patron's preference, as the merge under way will have it, is on. */
  returnLoan(loan: ModelRow): void {
    this.remove(loan)
    const live = this.live(loan.patron)
    const { library = null } = loan.values
    const underWay = this.merges.find(
      ({ state, kept, both }) => state === 'open' && kept === live && !both.has(library as Key),
    )
    const preference = this.preference(live, library) ?? (underWay && this.preference(underWay.removed, library))
    if (preference?.values.enabled !== true) return
    this.arrive({ ...loan, table: 'loan_history', values: { library, card: loan.values.card ?? null } }, null)
  }

  /** Everybody who was merged into this record, and it. */
  family(patron: number): number[] {
    const members = [...this.mergedInto].filter(([, into]) => into === patron).map(([member]) => member)
    return [patron, ...members.flatMap((member) => this.family(member))]
  }

  open(kept: number, removed: number): ModelMerge {
    const at = (patron: number) => new Set(this.of('subscription', patron).map(({ values }) => values.library as Key))
    const theirs = at(removed)
    const both = new Set([...at(kept)].filter((library) => theirs.has(library)))
    const historyOff = new Set([...both].filter((library) => this.preference(kept, library)?.values.enabled !== true))
    const merge: ModelMerge = { kept, removed, state: 'open', both, historyOff, ledger: [] }
    this.merges.push(merge)
    this.mergedInto.set(removed, kept)
    return merge
  }

  /** One step of a merge; those that only move a table need no more than its name. */
  step(merge: ModelMerge, name: string): void {
    const simple: Record<string, Table> = {
      transferLoans: 'loan',
      transferFees: 'charge',
      transferMessages: 'message',
      transferCards: 'card',
    }
    const table = simple[name]
    if (table) for (const row of this.of(table, merge.removed)) this.take(row, merge)
    if (name === 'transferHolds') this.transferHolds(merge)
    if (name === 'transferLoanHistory') this.transferLoanHistory(merge)
    if (name === 'transferContacts') this.transferContacts(merge)
    if (name === 'transferSubscriptions') this.transferSubscriptions(merge)
  }

  retire(merge: ModelMerge): void {
    merge.state = 'retired'
  }

  /** The reverse of a merge that is open or retired (design §3). */
  undo(merge: ModelMerge): void {
    const { kept, removed } = merge
    const family = this.family(removed)
    merge.state = 'over'
    this.mergedInto.delete(removed)
    for (const change of merge.ledger) {
      if ('marked' in change) {
        const row = this.find('contact', change.key)
        if (row?.patron === kept) row.values.is_primary = false
      }
    }
    for (const row of this.rows) {
      if (row.patron !== kept || row.writtenFor === null || !family.includes(row.writtenFor)) continue
      // a merge that is given up before its contacts had moved: a desk made it one that the removed record has
      const known = row.table === 'contact' && this.of('contact', removed).some((other) => sameKey(other, row))
      if (known) {
        this.rows = this.rows.filter((other) => other !== row)
        continue
      }
      // or opened a hold again that meets one that has not moved
      const met = row.table === 'hold' && this.of('hold', removed).find((other) => sameHold(other, row))
      if (met && row.values.status !== 'cancelled') Object.assign((better(met, row) ? row : met).values, DUPLICATE)
      row.patron = removed
      if (row.table === 'history_preference') row.key = `${removed}/${row.values.library}`
      if (row.writtenFor === removed) row.writtenFor = null
    }
    for (const change of merge.ledger) if ('deleted' in change) this.putBack(change.deleted)
    for (const change of merge.ledger) if ('was' in change) this.restore(merge, change)
    const notes = this.notes.filter(({ stoodOn }) => stoodOn === kept)
    this.notes = this.notes.filter(({ stoodOn }) => stoodOn !== kept)
    for (const note of notes) this.writeAgain(note, [kept, removed])
  }

  of(table: Table, patron: number): ModelRow[] {
    return this.rows.filter((row) => row.table === table && row.patron === patron)
  }

  private find(table: Table, key: Key): ModelRow | undefined {
    return this.rows.find((row) => row.table === table && row.key === key)
  }

  private preference(patron: number, library: unknown): ModelRow | undefined {
    return this.of('history_preference', patron).find(({ values }) => values.library === library)
  }

  /** A row comes to the patron it names, from `from` or from outside, by the rules where that one is merged away. */
  private arrive(row: ModelRow, from: ModelRow | null): void {
    const chain = this.chain(row.patron)
    const live = this.live(row.patron)
    const first: ModelRow = { ...row, values: { ...row.values } }
    const others = this.rows.filter(
      (other) => other !== from && chain.includes(other.patron) && other.table === row.table,
    )
    row.writtenFor ??= from === null ? this.stampOfCard(row) : null
    if (chain.length > 1) {
      row.writtenFor ??= row.patron
      row.patron = live
      if (row.table === 'history_preference') row.key = `${live}/${row.values.library}`
      const leftOut =
        (row.table === 'contact' && others.some((other) => sameKey(other, row))) ||
        (row.table === 'history_preference' && others.some((other) => other.values.library === row.values.library))
      if (leftOut) this.notes.push({ first, key: null, stoodOn: live })
      const erased = row.table === 'loan_history' && this.erases(chain, row.values.library)
      if (leftOut || erased) {
        if (from) this.remove(from)
        return
      }
      const secondHold =
        row.table === 'hold' && row.values.status !== 'cancelled' && others.some((other) => sameHold(other, row))
      const secondPrimary =
        row.table === 'contact' &&
        row.values.is_primary &&
        others.some(({ values }) => values.kind === row.values.kind && values.is_primary)
      if (secondHold) Object.assign(row.values, DUPLICATE)
      if (secondPrimary) row.values.is_primary = false
      if (secondHold || secondPrimary) this.notes.push({ first, key: row.key, stoodOn: live })
    }
    this.unique(row, from)
    if (from) this.remove(from)
    this.rows.push(row)
  }

  private erases(chain: number[], library: unknown): boolean {
    return this.merges.some(
      ({ state, kept, removed, historyOff }) =>
        state !== 'over' && chain.includes(kept) && chain.includes(removed) && historyOff.has(library as Key),
    )
  }

  /** What is made with a card that came with a removed record goes back with that record. */
  private stampOfCard({ patron, values }: ModelRow): number | null {
    const card = values.card ? this.find('card', values.card as Key) : undefined
    const owner = card && (card.writtenFor ?? card.patron)
    return owner !== undefined && owner !== this.live(patron) && this.chain(owner).includes(patron) ? owner : null
  }

  private unique(row: ModelRow, from: ModelRow | null): void {
    const others = this.rows.filter(
      (other) => other !== from && other.table === row.table && other.patron === row.patron,
    )
    const taken =
      (row.table === 'hold' && row.values.status !== 'cancelled' && others.some((other) => sameHold(other, row))) ||
      (row.table === 'contact' &&
        others.some(
          (other) =>
            sameKey(other, row) ||
            (row.values.is_primary && other.values.is_primary && other.values.kind === row.values.kind),
        )) ||
      (row.table === 'history_preference' && others.some(({ values }) => values.library === row.values.library))
    if (taken) throw new Taken()
  }

  private take(row: ModelRow, { kept, removed }: ModelMerge): void {
    row.patron = kept
    row.writtenFor ??= removed
    if (row.table === 'history_preference') row.key = `${kept}/${row.values.library}`
  }

  private delete(row: ModelRow, { ledger }: ModelMerge): void {
    this.remove(row)
    ledger.push({ table: row.table, key: row.key, deleted: { ...row, values: { ...row.values } } })
  }

  private alter(row: ModelRow, now: Values, { ledger }: ModelMerge): void {
    const was = Object.fromEntries(Object.keys(now).map((column) => [column, row.values[column] ?? null]))
    Object.assign(row.values, now)
    ledger.push({ table: row.table, key: row.key, was, now })
  }

  /** R2 */
  private transferHolds(merge: ModelMerge): void {
    for (const theirs of this.of('hold', merge.removed)) {
      const ours = this.of('hold', merge.kept).find((hold) => sameHold(hold, theirs))
      if (ours && theirs.values.status !== 'cancelled')
        this.alter(better(ours, theirs) ? theirs : ours, DUPLICATE, merge)
    }
    for (const hold of this.of('hold', merge.removed)) this.take(hold, merge)
  }

  /** R3 */
  private transferLoanHistory(merge: ModelMerge): void {
    for (const row of this.of('loan_history', merge.removed)) {
      if (merge.historyOff.has(row.values.library as Key)) this.remove(row)
      else this.take(row, merge)
    }
    for (const row of this.of('history_preference', merge.removed)) {
      const { library } = row.values
      if (merge.both.has(library as Key) || this.preference(merge.kept, library)) this.delete(row, merge)
      else this.take(row, merge)
    }
  }

  /** R6 */
  private transferContacts(merge: ModelMerge): void {
    const ours = this.of('contact', merge.kept)
    const hasPrimary = new Set(ours.filter(({ values }) => values.is_primary).map(({ values }) => values.kind))
    for (const row of this.of('contact', merge.removed)) {
      const known = ours.find((other) => sameKey(other, row))
      const becomesPrimary = Boolean(row.values.is_primary) && !hasPrimary.has(row.values.kind ?? null)
      if (!known) {
        this.take(row, merge)
        if (row.values.is_primary !== becomesPrimary) this.alter(row, { is_primary: becomesPrimary }, merge)
        continue
      }
      this.delete(row, merge)
      if (!becomesPrimary || known.values.kind !== row.values.kind) continue
      known.values.is_primary = true
      merge.ledger.push({ table: 'contact', key: known.key, marked: true })
    }
  }

  /** R10 */
  private transferSubscriptions(merge: ModelMerge): void {
    const active = ({ values }: ModelRow) =>
      (values.stopped_on == null || values.stopped_on > ON_DATE) &&
      (values.ends_on == null || values.ends_on >= ON_DATE)
    const activeAt = new Set(
      this.of('subscription', merge.kept)
        .filter(active)
        .map(({ values }) => values.library),
    )
    for (const row of this.of('subscription', merge.removed)) {
      if (!active(row)) {
        this.delete(row, merge)
        continue
      }
      this.take(row, merge)
      if (activeAt.has(row.values.library ?? null)) this.alter(row, { stopped_on: ON_DATE }, merge)
    }
  }

  /** A row that a step deleted, where the record's rules allow it. */
  private putBack(row: ModelRow): void {
    const back = { ...row, values: { ...row.values } }
    if (this.find(row.table, row.key)) return
    const ours = this.of(row.table, row.patron)
    if (row.table === 'contact') {
      if (ours.some((other) => sameKey(other, back))) return
      back.values.is_primary &&= !ours.some(({ values }) => values.is_primary && values.kind === back.values.kind)
    }
    this.rows.push(back)
  }

  /** An old value, where nothing changed since and the record's rules allow it. */
  private restore({ kept, removed }: ModelMerge, change: { table: Table; key: Key; was: Values; now: Values }): void {
    const row = this.find(change.table, change.key)
    if (!row || Object.entries(change.now).some(([column, value]) => row.values[column] !== value)) return
    if (row.patron !== removed && !(row.patron === kept && row.table === 'hold')) return
    const back = { ...row, values: { ...row.values, ...change.was } }
    try {
      this.unique(back, row)
      row.values = back.values
    } catch {
      // the later state stays
    }
  }

  /** A noted row is taken away where nobody changed it, and written once more as it was first written, its mark where it is free. */
  private writeAgain({ first, key }: Note, where: number[]): void {
    const stored = key === null ? undefined : this.find(first.table, key)
    if (key !== null) {
      if (!stored || !where.includes(stored.patron)) return
      // what a desk moved to somebody, back too, is his
      const card = stored.values.card ? this.find('card', stored.values.card as Key) : undefined
      const owners = [first.patron, card && (card.writtenFor ?? card.patron)]
      if (!owners.includes(stored.writtenFor ?? stored.patron)) return
      const altered: Values = first.table === 'hold' ? DUPLICATE : { is_primary: false }
      const unchanged = Object.entries({ ...first.values, ...altered }).every(
        ([column, value]) => stored.values[column] === value,
      )
      if (!unchanged) return
      this.remove(stored)
    }
    const notes = this.notes.length
    const values = { ...first.values }
    if (first.table === 'contact') {
      const theirs = this.of('contact', first.patron)
      values.is_primary &&= !theirs.some((other) => other.values.is_primary && other.values.kind === values.kind)
    }
    try {
      this.arrive({ ...first, values }, null)
    } catch {
      this.notes.length = notes
      if (stored) this.rows.push(stored)
    }
  }
}

function sameHold(a: ModelRow, b: ModelRow): boolean {
  return a.values.status !== 'cancelled' && a.values.library === b.values.library && a.values.title === b.values.title
}

/** R2: a ready one before any other, then the earlier, then the lower id. */
function better(a: ModelRow, b: ModelRow): boolean {
  const ready = (row: ModelRow) => (row.values.status === 'ready' ? 0 : 1)
  if (ready(a) !== ready(b)) return ready(a) < ready(b)
  if (a.values.placed_at !== b.values.placed_at) return String(a.values.placed_at) < String(b.values.placed_at)
  return a.key < b.key
}

/** R6: the same address ignoring case; the same number, noted as phone or mobile. The model's numbers are all Belgian. */
function sameKey(a: ModelRow, b: ModelRow): boolean {
  return contactKey(a.values) === contactKey(b.values)
}

function contactKey({ kind, value }: Values): string {
  if (kind === 'email') return String(value).toLowerCase()
  return String(value)
    .replace(/[^0-9+]/g, '')
    .replace(/^0/, '+32')
}
