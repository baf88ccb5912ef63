import { run, statement, type Queryable } from '../database/statement'
import { STEPS, type MergeStatus, type StepName, type Told } from '../domain/codes'
import { attentionReport, refusalReport, withSentences } from '../domain/reports'
import type { MergeReport, StepReport } from '../domain/request'
import type { Language } from '../domain/sentences'
import { PORTAL_NOT_ENDED, requireMerge, workflowOf, type MergeRow, type MergeWorkflow } from './store'

interface StepRow {
  step: StepName
  attempts: number
  counts: Record<string, unknown> | null
  was: StepReport['changes'] | null
  done: boolean
}

const stepRows = statement<StepRow>(
  'report.steps',
  `select step, attempts, counts, was, done_at is not null as done from merge_step where merge = $1`,
)

export interface ReportOptions {
  language?: Language
  /** With what each step altered or deleted: for a preview. */
  changes?: boolean
  /** Where to look at its workflow in the Temporal UI. */
  urlOf?: (workflow: MergeWorkflow) => string | null
}

/**
 * The object of `merge --json` for a merge in the database.
 * @throws OntdubbelError `unknown-merge` (exit code 2)
 */
export async function mergeReport(db: Queryable, id: number, options: ReportOptions = {}): Promise<MergeReport> {
  const merge = await requireMerge(db, id)
  return reportOf(merge, await run(db, stepRows, [id]), options)
}

/** Builds the report from the merge's row and its ledger. */
function reportOf(
  merge: MergeRow,
  ledger: StepRow[],
  { language = 'en', changes = false, urlOf = () => null }: ReportOptions,
): MergeReport {
  const rows = new Map(ledger.map((row) => [row.step, row]))
  const attention = attentionOf(merge)
  return {
    id: merge.id,
    status: merge.shown,
    keep: merge.kept,
    remove: merge.removed,
    on: merge.on_date,
    warnings: withSentences(merge.warnings, language),
    steps: STEPS.map((step) => stepReport(step, rows.get(step), step === attention?.details.step, changes)),
    by: merge.by,
    reason: merge.reason,
    refusal: refusalReport(merge.refusal, language),
    attention: attentionReport(attention, language),
    temporalUrl: urlOf(workflowOf(merge)),
  }
}

function stepReport(step: StepName, row: StepRow | undefined, failed: boolean, changes: boolean): StepReport {
  const base = { step, attempts: row?.attempts ?? 0, counts: row?.counts ?? {} }
  const status = row?.done
    ? ('done' as const)
    : failed
      ? ('failed' as const)
      : row
        ? ('running' as const)
        : ('pending' as const)
  if (!changes) return { ...base, status }
  return { ...base, status, changes: (row?.was ?? []).map(({ table, id, was, now }) => ({ table, id, was, now })) }
}

/** Why a person has to look at a merge: a step that failed for good, or the portal that did. */
export function attentionOf({ id, attention, portal }: MergeRow): Told | null {
  const told =
    attention ?? (portal === 'refused' || portal === 'gave-up' ? { code: `portal-${portal}`, details: {} } : null)
  if (told === null) return null
  const step = told.details.step ?? 'syncPortalLinks'
  return { code: told.code, details: { merge: id, ...told.details, step } }
}

const list = statement<{ id: number }>(
  'report.list',
  `select id from merge
   where status <> 'new' and ($1::text is null or merge_status(status, attention, portal) = $1)
     and ($2::bigint is null or kept = $2 or removed = $2) and ($3::bigint is null or id < $3)
   order by id desc limit $4`,
)

const PAGE = 200

/** Merges, latest first; streamed in pages. `patron` finds those with that record on either side. */
export async function* listMerges(
  db: Queryable,
  filter: { status?: MergeStatus | undefined; patron?: number | undefined },
  options: ReportOptions = {},
): AsyncGenerator<MergeReport> {
  let before: number | null = null
  for (;;) {
    const page: { id: number }[] = await run(db, list, [filter.status ?? null, filter.patron ?? null, before, PAGE])
    for (const { id } of page) yield await mergeReport(db, id, options)
    if (page.length < PAGE) return
    before = page[page.length - 1]?.id ?? null
  }
}

const unfinished = statement<{ id: number }>(
  'report.unfinished',
  `select id from merge
   where (status in ('open', 'undoing') or ${PORTAL_NOT_ENDED})
     and ($1::text is null or merge_status(status, attention, portal) = $1) and ($2::bigint is null or campaign = $2)
     and not ($3 and ((campaign is not null and workflow_id is null and status = 'retired')
       or (status = 'undone' and exists (select from undo u where u.merge = merge.id and u.workflow_id is null)))) and id > $4
   order by id limit $5`,
)

export interface UnfinishedFilter {
  status?: MergeStatus | undefined
  /** Only those of this campaign. */
  campaign?: number | undefined
  /** Without those that campaigns, undos of many and their sweeper look after. */
  withWorkflow?: boolean | undefined
}

/** The ids of merges that have not ended, oldest first; streamed in pages. */
export async function* unfinishedMerges(
  db: Queryable,
  { status, campaign, withWorkflow = false }: UnfinishedFilter,
): AsyncGenerator<number> {
  let after = 0
  for (;;) {
    const values = [status ?? null, campaign ?? null, withWorkflow, after, PAGE]
    const page: { id: number }[] = await run(db, unfinished, values)
    for (const { id } of page) yield id
    if (page.length < PAGE) return
    after = page[page.length - 1]?.id ?? after
  }
}
