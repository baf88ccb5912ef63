import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import { judgeFailure, sqlState } from '../database/failures'
import { TRANSACTION_TIMEOUT_MS } from '../database/transaction'
import type { Pace } from '../domain/campaign'

/** How long a group is to take: desks do not notice 40 ms (design §1); by night larger groups save commits. */
export const GROUP_MS: Record<Pace, number> = { desk: 40, full: 200 }
/** The first group: how long an item takes is not known yet. */
const FIRST_GROUP = 10
/**
 * Each group costs some thirty trips beside its pairs: on a busy machine these alone last longer than a group is to take, and
 * smaller ones would only make more of them. More in one transaction gain nothing.
 */
const IN_A_GROUP = { least: 10, most: 200 } as const
/** A single group that met something says little: the next is no more smaller or larger than this. */
const STEP = { least: 0.6, most: 1.5 } as const
/** Whoever met a desk comes again after a random pause, the longer the oftener it did. */
const PAUSE_MS = { least: 5, most: 25 }
const MEETINGS_THAT_DOUBLE_IT = 4
/** What desks have in their hands this often is left: it is for later. */
const MOST_MEETINGS = 40

/** What the last groups on the connections of a pool came to: the next batch does not begin anew. */
const lastSizes = new WeakMap<Pool, number>()

/** What goes through the database in groups: of two of one group none shares a patron. */
interface Item {
  kept: number
  removed: number
}

export interface GroupDone<T> {
  /** Somebody has these at the moment. */
  busy: readonly T[]
  /** How long a group is to take, in milliseconds. */
  groupMs: number
}

/** What is done with items, a group at a time. */
export interface GroupWork<T extends Item> {
  /** A group, one transaction; `limited` is false for one item too large for 800 ms. Undefined ends it: nothing was done. */
  once: (client: PoolClient, items: readonly T[], limited: boolean) => Promise<GroupDone<T> | undefined>
  /** An item alone fails: true where it may come again (a unique error: a desk was first). */
  atFault: (client: PoolClient, item: T, error: unknown, unique: boolean) => Promise<boolean>
  signal?: AbortSignal | undefined
}

/**
 * Takes items through the database in groups, each one transaction, sized by how long the last ones took. A group that fails
 * comes again in halves until the item at fault stands alone; what a desk has in its hands comes again later. Gives what desks
 * had each time. Rejects with what nobody foresaw, or the signal's reason.
 */
export async function inGroups<T extends Item>(
  pool: Pool,
  items: readonly T[],
  work: GroupWork<T>,
): Promise<readonly T[]> {
  const lane = new Lane(pool)
  const line = new Line(items, lastSizes.get(pool) ?? FIRST_GROUP)
  try {
    for (;;) {
      work.signal?.throwIfAborted()
      const group = line.next()
      if (!group) return line.left
      if (group.meetings > 0) await sleep(pauseMs(group.meetings), undefined, { signal: work.signal })
      const began = performance.now()
      try {
        const done = await lane.on((client) => work.once(client, group.items, group.limited))
        if (!done) return line.left
        line.took(group, performance.now() - began, done.groupMs)
        lastSizes.set(pool, line.size)
        if (done.busy.length > 0) line.met({ ...group, items: done.busy })
      } catch (error) {
        await lane.on((client) => failed(client, group, line, work, error, performance.now() - began))
      }
    }
  } finally {
    lane.close()
  }
}

/** A group failed, nothing of it is done: halves, or the one item again, or it is at fault. Throws what nobody foresaw. */
async function failed<T extends Item>(
  client: PoolClient,
  group: Group<T>,
  line: Line<T>,
  { atFault }: GroupWork<T>,
  error: unknown,
  tookMs: number,
): Promise<void> {
  const judged = judgeFailure(error)
  if (judged === 'unforeseen') throw error
  // the server ends the connection with 25P04; with statements still on their way that may arrive as a mere reset
  const tooLong = judged === 'too-long' || (sqlState(error) === undefined && tookMs >= TRANSACTION_TIMEOUT_MS)
  const [item] = group.items
  if (judged === 'again' && !tooLong) line.met(group)
  else if (group.items.length > 1 || item === undefined) line.halves(group)
  else if (tooLong) line.again({ ...group, limited: false })
  else if (await atFault(client, item, error, judged === 'unique')) line.met(group)
}

/** Items that go through the database together, from the halves of a group down to one alone. */
interface Group<T> {
  items: readonly T[]
  limited: boolean
  /** How often something was in the way of it. */
  meetings: number
}

/** What has not had its turn, and what has to come again. */
class Line<T extends Item> {
  private readonly pieces: Group<T>[] = []
  private readonly busy: Group<T>[] = []
  /** Desks had these each time. */
  readonly left: T[] = []
  private at = 0

  constructor(
    private readonly items: readonly T[],
    public size: number,
  ) {}

  /** The next group; undefined when nothing is left. */
  next(): Group<T> | undefined {
    return this.pieces.pop() ?? this.take(Math.round(this.size)) ?? this.busy.shift()
  }

  /** A group took so long, and was to take so long: the next is larger or smaller. One of pieces tells nothing. */
  took({ items }: Group<T>, ms: number, groupMs: number): void {
    if (items.length < Math.round(this.size)) return
    const wanted = this.size * Math.max(STEP.least, Math.min(STEP.most, groupMs / ms))
    this.size = Math.max(IN_A_GROUP.least, Math.min(IN_A_GROUP.most, wanted))
  }

  /** A desk, or another merge, was in the way: in halves, when the others have had their turn. */
  met(group: Group<T>): void {
    const meetings = group.meetings + 1
    if (meetings > MOST_MEETINGS) {
      this.left.push(...group.items)
      return
    }
    for (const items of halvesOf(group.items)) this.busy.push({ ...group, items, meetings })
  }

  /** One of them is at fault: at once, so that it is known how many are. */
  halves(group: Group<T>): void {
    for (const items of halvesOf(group.items).reverse()) this.pieces.push({ ...group, items })
  }

  again(group: Group<T>): void {
    this.pieces.push(group)
  }

  /** No patron twice in a group: what shares one with an earlier item (set aside once, and tried again) has its turn by itself. */
  private take(size: number): Group<T> | undefined {
    const items: T[] = []
    const patrons = new Set<number>()
    while (items.length < size && this.at < this.items.length) {
      const item = this.items[this.at++] as T
      if (patrons.has(item.kept) || patrons.has(item.removed))
        this.busy.push({ items: [item], limited: true, meetings: 0 })
      else items.push(item)
      patrons.add(item.kept).add(item.removed)
    }
    return items.length === 0 ? undefined : { items, limited: true, meetings: 0 }
  }
}

function pauseMs(meetings: number): number {
  const { least, most } = PAUSE_MS
  return (least + Math.random() * (most - least)) * (1 + meetings / MEETINGS_THAT_DOUBLE_IT)
}

function halvesOf<T>(items: readonly T[]): (readonly T[])[] {
  if (items.length < 2) return [items]
  const middle = Math.ceil(items.length / 2)
  return [items.slice(0, middle), items.slice(middle)]
}

/** Plans are made once (transaction.ts): they must not depend on how small a table was then. */
const NO_WHOLE_TABLES = 'set enable_seqscan = off'

/** One connection, whose statements stay prepared; a fresh one where it was lost. */
class Lane {
  private client: PoolClient | undefined

  constructor(private readonly pool: Pool) {}

  async on<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    this.client ??= await this.connected()
    try {
      return await work(this.client)
    } catch (error) {
      // whatever failed: it is kept only if it still answers
      await this.client.query('select').catch((lost: Error) => this.close(lost))
      throw error
    }
  }

  private async connected(): Promise<PoolClient> {
    const client = await this.pool.connect()
    await client.query(NO_WHOLE_TABLES)
    return client
  }

  close(lost?: Error): void {
    this.client?.release(lost)
    this.client = undefined
  }
}
