import { run, statement, type Queryable } from '../database/statement'
import { MOVED, type Moved, type Outcome, type PairReport } from '../domain/campaign'
import { inOrder, type Told, type Warning, type WarningCode } from '../domain/codes'

interface PairRow {
  n: number
  kept: number
  removed: number
  outcome: Outcome
  why: Told | null
  merge: number | null
  refusal: Told | null
  attention: Told | null
  portal: string | null
  warnings: Warning[] | null
  moved: Partial<Record<Moved, number>> | null
}

// `changed` is what the portal's step calls the links that it moved
const page = statement<PairRow>(
  'pairReport.page',
  `select p.n, p.kept, p.removed, p.outcome, p.why, p.merge, p.refusal, p.attention, p.portal, p.warnings, s.moved
   from (
     select p.n, p.kept, p.removed, o.outcome, p.why, m.id as merge, m.refusal, m.attention, m.portal, m.warnings
     from campaign c join campaign_pair p on p.campaign = c.id left join merge m on m.id = p.merge
       cross join lateral (select pair_outcome(c.status, p.state, m) as outcome) o
     where c.id = $1 and p.n > $2 and ($3::text is null or o.outcome = $3) order by p.n limit $4) p
   left join lateral (
     select jsonb_object_agg(counted.name, counted.n) as moved
     from merge_step s cross join lateral jsonb_each(s.counts) as c (name, n)
       cross join lateral (
         select case when s.step = 'syncPortalLinks' and c.name = 'changed' then 'portalLinks' else c.name end as name, c.n) counted
     where s.merge = p.merge and counted.name = any($5) and jsonb_typeof(counted.n) = 'number') s on true
   order by p.n`,
)

const PAGE = 1_000

/** A pair, and what its reason is about: ids, libraries and counts, as the sentence of that code wants them. */
export interface ToldPair {
  report: PairReport
  why: Told | null
}

/** The lines of `campaign report`, in the list's order, streamed in pages; none for a campaign that is not there. */
export async function* toldPairs(
  db: Queryable,
  campaign: number,
  { outcome }: { outcome?: Outcome | undefined } = {},
): AsyncGenerator<ToldPair> {
  let after = 0
  for (;;) {
    const rows: PairRow[] = await run(db, page, [campaign, after, outcome ?? null, PAGE, MOVED])
    yield* rows.map(toldPair)
    if (rows.length < PAGE) return
    after = rows[rows.length - 1]?.n ?? after
  }
}

/** The same without what the reasons are about. */
export async function* pairReports(
  db: Queryable,
  campaign: number,
  filter: { outcome?: Outcome | undefined } = {},
): AsyncGenerator<PairReport> {
  for await (const { report } of toldPairs(db, campaign, filter)) yield report
}

/** These have no merge, or one that has not begun and is begun anew. */
const WITHOUT_MERGE: readonly Outcome[] = ['pending', 'waiting', 'set-aside', 'not-run']

function toldPair(row: PairRow): ToldPair {
  const { kept, removed, outcome } = row
  const why = whyOf(row)
  const hasMerge = !WITHOUT_MERGE.includes(outcome)
  return {
    why,
    report: {
      keep: kept,
      remove: removed,
      outcome,
      reason: reasonOf(why),
      warnings: hasMerge ? inOrder(row.warnings ?? []).map(({ code }) => code) : [],
      merge: hasMerge ? row.merge : null,
      moved: hasMerge ? (row.moved ?? {}) : {},
    },
  }
}

function whyOf({ outcome, why, merge, refusal, attention, portal }: PairRow): Told | null {
  switch (outcome) {
    case 'refused':
    case 'needs-acceptance':
      return refusal
    case 'set-aside':
    case 'waiting':
      return why
    case 'needs-attention':
      return { code: attention?.code ?? `portal-${portal}`, details: { merge, ...attention?.details } }
    default:
      return null
  }
}

/** That something must be accepted says the outcome; the reason says what: the codes of the warnings, with a space between. */
function reasonOf(why: Told | null): string | null {
  if (why?.code !== 'needs-acceptance') return why?.code ?? null
  return (why.details.warnings as WarningCode[]).join(' ')
}
