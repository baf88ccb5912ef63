import type { Pool, PoolClient } from 'pg'
import { UNIQUE_ERRORS } from '../database/again'
import { judgeFailure } from '../database/failures'
import { run, runOne, statement } from '../database/statement'
import { beginMerge } from '../database/transaction'
import { MOVED, type ListedPair, type Moved } from '../domain/campaign'
import type { Override } from '../domain/codes'
import { mergeInTransaction, type GroupResult } from '../steps/group'
import { allOf } from '../steps/step'
import { componentsOf, sampleOf } from './components'
import { GROUP_MS, inGroups } from './inGroups'

/** Above so many pairs a sample is looked at, unless all are asked for. */
export const SAMPLE_PAIRS = 20_000
/** Of pairs that hang together so many are looked at in one transaction, and so long: it holds their locks meanwhile. */
const TOGETHER = { pairs: 50, ms: 400 } as const
/** What a campaign would do: the object of `campaign preview --json`. */
export interface CampaignPreview {
  pairs: number
  /** So many were looked at; fewer than `pairs` where it is a sample, or where pairs hang together more widely. */
  previewed: number
  sampled: boolean
  /** Hang together more widely than is looked at in one transaction. */
  hangTogetherMoreWidely: number
  /** What would become of those looked at; their sum is `previewed`. `busy`: a desk had a record each time. */
  outcomes: Record<PreviewOutcome, number>
  /** Of those refused, by code. */
  refusals: Record<string, number>
  /** Of those that would be merged or need an acceptance, by code. */
  warnings: Record<string, number>
  /** Rows that would move, by the names of the steps' counts. */
  moved: Partial<Record<Moved, number>>
}

export const PREVIEW_OUTCOMES = ['completed', 'refused', 'needs-acceptance', 'set-aside', 'waiting', 'busy'] as const
export type PreviewOutcome = (typeof PREVIEW_OUTCOMES)[number]

export interface PreviewOptions {
  on: string
  accept: string[]
  override: Override[]
  by: string
  /** Looks at all, however many there are. */
  all?: boolean
  signal?: AbortSignal | undefined
  /** Hears how many have been looked at, of how many. */
  onProgress?: (previewed: number, of: number) => void
}

interface Item {
  kept: number
  removed: number
  pair: ListedPair
}

const create = statement<{ id: number; kept: number; removed: number }>(
  'campaignPreview.create',
  `insert into merge (kept, removed, on_date, take, accept, override, by)
   select kept, removed, $2, take, accept, override, $3
   from jsonb_to_recordset($1::jsonb) x (kept bigint, removed bigint, take text[], accept text[], override text[])
   returning id, kept, removed`,
)

interface Told {
  warnings: Record<string, number> | null
  moved: Partial<Record<Moved, number>> | null
}
const told = statement<Told>(
  'campaignPreview.told',
  `select
     (select jsonb_object_agg(code, n) from (
       select w ->> 'code' as code, count(*) as n from merge m, jsonb_array_elements(m.warnings) w where m.id = any($1) group by 1) w) as warnings,
     (select jsonb_object_agg(name, n) from (
       select c.key as name, sum(c.value::text::bigint) as n
       from merge_step s, jsonb_each(s.counts) c where s.merge = any($1) and c.key = any($2) group by 1) c) as moved`,
)

/**
 * What a campaign would do: the very steps of the merges, rolled back, so that it cannot disagree with them. Pairs that share
 * nobody go in groups; those that hang together in their order, in one transaction, at most 50 of them. Above 20,000 pairs a
 * sample is looked at, always the same one. Changes nothing. Rejects with what nobody foresaw, or the signal's reason.
 */
export async function previewCampaign(
  pool: Pool,
  pairs: readonly ListedPair[],
  options: PreviewOptions,
): Promise<CampaignPreview> {
  const components = componentsOf(pairs)
  const sampled = options.all !== true && pairs.length > SAMPLE_PAIRS
  const chosen = sampled ? sampleOf(components, SAMPLE_PAIRS) : components
  const of = chosen.reduce((sum, { length }) => sum + length, 0)
  const totals = new Totals(pairs.length, sampled, (previewed) => options.onProgress?.(previewed, of))
  const itemOf = (at: number): Item => {
    const pair = pairs[at] as ListedPair
    return { kept: pair.keep, removed: pair.remove, pair }
  }
  const alone = chosen.filter(({ length }) => length === 1).map(([at]) => itemOf(at as number))
  const left = await inGroups(pool, alone, { signal: options.signal, ...rolledBack(options, totals) })
  totals.count('busy', left.length)
  for (const component of chosen) {
    if (component.length === 1) continue
    options.signal?.throwIfAborted()
    await together(pool, component.map(itemOf), options, totals)
  }
  return totals.preview
}

/** Groups of pairs that share nobody. */
function rolledBack(options: PreviewOptions, totals: Totals) {
  const uniqueErrors = new Map<Item, number>()
  return {
    once: async (client: PoolClient, items: readonly Item[], limited: boolean) => {
      try {
        const begun = beginMerge(client, { limited })
        const looked = look(client, items, options)
        await allOf([begun, looked])
        const { result, ids, facts } = await looked
        totals.add(result, facts)
        const busy = items.filter((item) => result.skipped.includes(ids.get(item.kept) ?? 0))
        return { busy, groupMs: GROUP_MS.desk }
      } finally {
        await client.query('rollback').catch(() => {})
      }
    },
    atFault: async (_: PoolClient, item: Item, __: unknown, unique: boolean) => {
      const times = (uniqueErrors.get(item) ?? 0) + 1
      uniqueErrors.set(item, times)
      if (unique && times < UNIQUE_ERRORS) return true
      totals.count('set-aside', 1)
      return false
    },
  }
}

/** Pairs that hang together, one after the other, in one transaction: each sees what those before it have done. */
async function together(pool: Pool, items: readonly Item[], options: PreviewOptions, totals: Totals): Promise<void> {
  const client = await pool.connect()
  let lost: Error | undefined
  try {
    const began = performance.now()
    await beginMerge(client, { limited: false })
    for (const [at, item] of items.entries()) {
      if (at >= TOGETHER.pairs || performance.now() - began > TOGETHER.ms) {
        totals.preview.hangTogetherMoreWidely += items.length - at
        return
      }
      await client.query('savepoint pair')
      try {
        const { result, facts } = await look(client, [item], options)
        totals.add(result, facts)
        if (result.skipped.length > 0) totals.count('busy', 1)
      } catch (error) {
        const judged = judgeFailure(error)
        if (judged === 'unforeseen') throw error
        if (judged === 'fault') totals.count('set-aside', 1)
        else totals.count('busy', 1)
        await client.query('rollback to savepoint pair')
      }
    }
  } finally {
    await client.query('rollback').catch((error: Error) => (lost = error))
    client.release(lost)
  }
}

async function look(
  client: PoolClient,
  items: readonly Item[],
  { on, accept, override, by }: PreviewOptions,
): Promise<{ result: GroupResult; ids: Map<number, number>; facts: Told | undefined }> {
  const rows = items.map(({ kept, removed, pair }) => ({
    kept,
    removed,
    take: pair.take,
    accept: [...accept, ...pair.accept],
    override: [...override, ...pair.override],
  }))
  const made = await run(client, create, [JSON.stringify(rows), on, by])
  const result = await mergeInTransaction(
    client,
    made.map(({ id }) => id),
  )
  const needy = result.refused.filter(({ refusal }) => refusal.code === 'needs-acceptance').map(({ id }) => id)
  const facts = await runOne(client, told, [[...result.merged, ...needy], MOVED])
  return { result, ids: new Map(made.map(({ id, kept }) => [kept, id])), facts }
}

/** What has been found so far. */
class Totals {
  readonly preview: CampaignPreview

  constructor(
    pairs: number,
    sampled: boolean,
    private readonly onProgress: (previewed: number) => void,
  ) {
    this.preview = {
      pairs,
      previewed: 0,
      sampled,
      hangTogetherMoreWidely: 0,
      outcomes: { completed: 0, refused: 0, 'needs-acceptance': 0, 'set-aside': 0, waiting: 0, busy: 0 },
      refusals: {},
      warnings: {},
      moved: {},
    }
  }

  add({ merged, refused, waiting }: GroupResult, facts: Told | undefined): void {
    this.count('completed', merged.length)
    this.count('waiting', waiting.length)
    for (const { refusal } of refused) {
      if (refusal.code === 'needs-acceptance') this.count('needs-acceptance', 1)
      else {
        this.count('refused', 1)
        addTo(this.preview.refusals, { [refusal.code]: 1 })
      }
    }
    addTo(this.preview.warnings, facts?.warnings ?? {})
    addTo(this.preview.moved, facts?.moved ?? {})
  }

  count(outcome: PreviewOutcome, pairs: number): void {
    this.preview.outcomes[outcome] += pairs
    this.preview.previewed += pairs
    this.onProgress(this.preview.previewed)
  }
}

function addTo(sums: Record<string, number>, more: Record<string, number>): void {
  for (const [name, n] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + Number(n)
}
