import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool, PoolClient } from 'pg'
import { faultCode, judgeFailure, sqlState } from '../database/failures'
import { run, runOne, statement } from '../database/statement'
import { TRANSACTION_TIMEOUT_MS } from '../database/transaction'
import type { Pace } from '../domain/campaign'
import type { Refusal, Told } from '../domain/codes'
import { mergeGroup, type GroupResult } from '../steps/group'
import { brakeIfBad, tally } from './brake'
import { endBatch } from './plan'

/** How long a group is to take: desks do not notice 40 ms (design §1); by night larger groups save commits. */
const GROUP_MS: Record<Pace, number> = { desk: 40, full: 100 }
/** The first group of a batch: how long a pair takes is not known yet. */
const FIRST_GROUP = 10
/** More pairs in one transaction gain nothing. */
const MOST_PAIRS_A_GROUP = 200
/** How much the last group says about the next one. */
const WEIGHT_OF_THE_LAST = 0.3
/** Whoever met a desk comes again after a random pause, the longer the oftener it did. */
const PAUSE_MS = { least: 5, most: 25 }
const MEETINGS_THAT_DOUBLE_IT = 4
/** What desks have in their hands this often goes back among the ready: it is for a later batch. */
const MOST_MEETINGS = 40
/** A unique error that returns this often, with the pair alone, is the pair's fault (design §3). */
const UNIQUE_ERRORS = 3

/** How far a batch is: what a heartbeat tells. */
export interface BatchProgress {
  pairs: number
  merged: number
}

interface Pair {
  merge: number
  kept: number
  removed: number
}

/** Pairs that go through the database together, from the halves of a group down to one pair alone. */
interface Group {
  pairs: Pair[]
  /** False for a pair so large that 800 ms were not enough. */
  limited: boolean
  /** How often something was in the way of it. */
  meetings: number
}

const pairsLeft = statement<Pair>(
  'batch.pairsLeft',
  `select m.id as merge, m.kept, m.removed from campaign_pair p join merge m on m.id = p.merge
   where p.batch = $1 and p.state = 'batched' and m.status = 'new' order by p.n`,
)
const stand = statement<{ campaign: number; goes: boolean; pace: Pace }>(
  'batch.stand',
  `select c.id as campaign, c.status = 'running' and c.within_hours as goes, c.pace
   from campaign_batch b join campaign c on c.id = b.campaign where b.id = $1`,
)
const waiting = statement(
  'batch.waiting',
  `update campaign_pair p set state = 'waiting', batch = null, why = x.why
   from unnest($2::bigint[], $3::jsonb[]) x (merge, why) where p.batch = $1 and p.state = 'batched' and p.merge = x.merge`,
)
const setAside = statement<{ campaign: number }>(
  'batch.setAside',
  `update campaign_pair p set state = 'set-aside', batch = null, why = $3
   where p.batch = $1 and p.merge = $2 and p.state = 'batched'
     and exists (select from merge m where m.id = p.merge and m.status = 'new')
   returning campaign`,
)
const uniqueError = statement<{ times: number }>(
  'batch.uniqueError',
  `update campaign_pair set unique_errors = unique_errors + 1 where batch = $1 and merge = $2 returning unique_errors as times`,
)

/**
 * Merges the pairs of a batch in groups, each one transaction, sized by how long the last ones took. A group that fails comes
 * again in halves until the pair at fault stands alone and is set aside; the rest go on. Before each group it looks whether
 * the campaign still runs. Done twice, or twice at once, it finds nothing to do. Ends the batch: what it could not take goes
 * back among the ready. Rejects with what nobody foresaw, or the signal's reason; what was committed stays.
 */
export async function mergeBatch(
  pool: Pool,
  batch: number,
  { signal, onProgress }: { signal?: AbortSignal; onProgress?: (progress: BatchProgress) => void } = {},
): Promise<BatchProgress> {
  const lane = new Lane(pool)
  try {
    const pairs = await lane.on((client) => run(client, pairsLeft, [batch]))
    const progress = { pairs: pairs.length, merged: 0 }
    // looked at after every group from the first bad pair on: how many are too many turns out when others have ended
    let bad = false
    const waitingLine = new Line(pairs)
    for (;;) {
      signal?.throwIfAborted()
      const campaign = await lane.on((client) => runOne(client, stand, [batch]))
      if (!campaign) throw new Error(`there is no batch ${batch}`)
      const group = campaign.goes ? waitingLine.next(GROUP_MS[campaign.pace]) : undefined
      if (!group) break
      if (group.meetings > 0) await sleep(pauseMs(group.meetings))
      const began = performance.now()
      try {
        const result = await lane.on((client) => once(client, campaign.campaign, batch, group))
        waitingLine.took(group, performance.now() - began)
        progress.merged += result.merged.length
        waitingLine.later(group, result.skipped)
      } catch (error) {
        bad =
          (await lane.on((client) => failed(client, batch, group, waitingLine, error, performance.now() - began))) ||
          bad
      }
      if (bad) await lane.on((client) => brakeIfBad(client, campaign.campaign))
      onProgress?.(progress)
    }
    await lane.on((client) => endBatch(client, batch))
    return progress
  } finally {
    lane.close()
  }
}

/** One group, committed. Whose records are in an unfinished merge waits for that. */
async function once(client: PoolClient, campaign: number, batch: number, group: Group): Promise<GroupResult> {
  const result = await mergeGroup(
    client,
    group.pairs.map(({ merge }) => merge),
    {
      limited: group.limited,
      also: async ({ merged, refused }) => tally(client, campaign, { ended: merged.length + refused.length, bad: 0 }),
    },
  )
  if (result.waiting.length > 0) {
    const why = result.waiting.map(({ refusal }: { refusal: Refusal }) => JSON.stringify(refusal))
    await run(client, waiting, [batch, result.waiting.map(({ id }) => id), why])
  }
  return result
}

/** A group failed, nothing of it is done: halves, or the one pair again, or set aside: then true. Throws what nobody foresaw. */
async function failed(
  client: PoolClient,
  batch: number,
  group: Group,
  line: Line,
  error: unknown,
  tookMs: number,
): Promise<boolean> {
  const judged = judgeFailure(error)
  if (judged === 'unforeseen') throw error
  // the server ends the connection with 25P04; with statements still on their way that may arrive as a mere reset
  const cutOff = judged === 'again' && sqlState(error) === undefined && tookMs >= TRANSACTION_TIMEOUT_MS
  const [pair] = group.pairs
  if (group.pairs.length > 1 || pair === undefined) {
    if (judged === 'again' && !cutOff) line.met(group)
    else line.halves(group)
    return false
  }
  if (judged === 'too-long' || cutOff) {
    line.again({ ...group, limited: false })
    return false
  }
  const times = judged === 'unique' ? (await runOne(client, uniqueError, [batch, pair.merge]))?.times : undefined
  if (judged === 'again' || (times !== undefined && times < UNIQUE_ERRORS)) {
    line.met(group)
    return false
  }
  const why: Told = { code: faultCode(sqlState(error)), details: { sqlState: sqlState(error) ?? null } }
  const aside = await runOne(client, setAside, [batch, pair.merge, JSON.stringify(why)])
  if (aside) await tally(client, aside.campaign, { ended: 1, bad: 1 })
  return aside !== undefined
}

/** The pairs of a batch that have not had their turn, and what has to come again. */
class Line {
  private readonly pieces: Group[] = []
  private readonly busy: Group[] = []
  private at = 0
  private msAPair: number | undefined

  constructor(private readonly pairs: readonly Pair[]) {}

  /** The next group, as many pairs as are expected to take so long; undefined when nothing is left for this batch. */
  next(groupMs: number): Group | undefined {
    const piece = this.pieces.pop()
    if (piece) return piece
    const size = this.msAPair === undefined ? FIRST_GROUP : Math.round(groupMs / this.msAPair)
    const group = this.take(Math.max(1, Math.min(MOST_PAIRS_A_GROUP, size)))
    return group ?? this.busy.shift()
  }

  /** A group of this size took so long. */
  took({ pairs }: Group, ms: number): void {
    const last = ms / pairs.length
    this.msAPair =
      this.msAPair === undefined ? last : this.msAPair * (1 - WEIGHT_OF_THE_LAST) + last * WEIGHT_OF_THE_LAST
  }

  /** Somebody has the records of these at the moment. */
  later(group: Group, merges: readonly number[]): void {
    if (merges.length === 0) return
    const some = new Set(merges)
    this.met({ ...group, pairs: group.pairs.filter(({ merge }) => some.has(merge)) })
  }

  /** A desk, or another merge, was in the way: in halves, when the others have had their turn. */
  met(group: Group): void {
    const meetings = group.meetings + 1
    if (meetings > MOST_MEETINGS) return
    for (const pairs of halvesOf(group.pairs)) this.busy.push({ ...group, pairs, meetings })
  }

  /** One of them is at fault: at once, so that it is known how many are. */
  halves(group: Group): void {
    for (const pairs of halvesOf(group.pairs).reverse()) this.pieces.push({ ...group, pairs })
  }

  again(group: Group): void {
    this.pieces.push(group)
  }

  /** No patron twice in a group: what shares one with an earlier pair (set aside once, and tried again) has its turn by itself. */
  private take(size: number): Group | undefined {
    const pairs: Pair[] = []
    const patrons = new Set<number>()
    while (pairs.length < size && this.at < this.pairs.length) {
      const pair = this.pairs[this.at++] as Pair
      const group = { pairs: [pair], limited: true, meetings: 0 }
      if (patrons.has(pair.kept) || patrons.has(pair.removed)) this.busy.push(group)
      else pairs.push(pair)
      patrons.add(pair.kept).add(pair.removed)
    }
    return pairs.length === 0 ? undefined : { pairs, limited: true, meetings: 0 }
  }
}

function pauseMs(meetings: number): number {
  const { least, most } = PAUSE_MS
  return (least + Math.random() * (most - least)) * (1 + meetings / MEETINGS_THAT_DOUBLE_IT)
}

function halvesOf<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]]
  const middle = Math.ceil(items.length / 2)
  return [items.slice(0, middle), items.slice(middle)]
}

/** The one connection of a batch, whose statements stay prepared; a fresh one where it was lost. */
class Lane {
  private client: PoolClient | undefined

  constructor(private readonly pool: Pool) {}

  async on<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    this.client ??= await this.pool.connect()
    try {
      return await work(this.client)
    } catch (error) {
      // whatever failed: it is kept only if it still answers
      await this.client.query('select').catch((lost: Error) => this.close(lost))
      throw error
    }
  }

  close(lost?: Error): void {
    this.client?.release(lost)
    this.client = undefined
  }
}
