/** One merge by example, and its way back. */
import { previewMerge } from '../../src/merges/preview'
import { mergeReport } from '../../src/merges/report'
import type { StepName } from '../../src/domain/codes'
import { ON } from './arbitraries'
import { askedAt, shifted } from './cases'
import {
  asModelled,
  changesBetween,
  changesTold,
  inFixedOrder,
  mergeSingly,
  undoThem,
  type Change,
} from './mergeOnDatabase'
import type { Asked } from './model'
import type { ModelWarning } from './modelWarnings'
import { blankPatron, type PatronRecord } from './records'
import { inOrder, recordsIn, rowsOf, type Rows } from './rows'
import type { Setting } from './useDatabase'

export const KEPT = 1
export const REMOVED = 2

export interface Example {
  /** The kept record after the merge, with the ids that were given. */
  kept: PatronRecord
  removed: PatronRecord
  /** The codes of its warnings, in the order in which they are told. */
  codes: string[]
  warnings: ModelWarning[]
  counts(step: StepName): Record<string, unknown>
  /** What was altered or deleted, by the ledger: all of it, and nothing else. */
  told: Change[]
  before: Rows
  after: Rows
}

/**
 * Merges 2 into 1 and takes it back. Whatever the example is about, this is promised of it: the preview tells what the merge
 * then tells; no row is added; every row is still there, or the ledger has the whole of it; erased history is counted; and
 * the reverse brings back every row but erased history, under its own id.
 */
export async function mergedAndBack(
  setting: Setting,
  given: { kept?: Partial<PatronRecord>; removed?: Partial<PatronRecord> },
  options: Partial<Asked> = {},
): Promise<Example> {
  const patrons = [blankPatron(KEPT, given.kept), blankPatron(REMOVED, given.removed)]
  const { ids, offset } = await setting.put({ patrons, rejected: [] })
  const accept = ['history-erased', 'unverified-login-gains-access']
  const asked = askedAt({ keep: KEPT, remove: REMOVED, on: ON, take: [], accept, override: [], ...options }, offset)
  const before = await rowsOf(setting.pool, ids)
  const { keep, remove, on, take, override } = asked
  const preview = await previewMerge(setting.pool, { keep, remove, on, take, override, by: 'test' } as never, [], 'en')

  const { merge, refusal } = await mergeSingly(setting.pool, asked)
  expect(refusal).toBeNull()
  const after = await rowsOf(setting.pool, ids)
  const report = await mergeReport(setting.pool, merge ?? 0, { changes: true })
  if (!report) throw new Error('the merge is not there')
  expect(report.warnings).toEqual(preview.warnings)
  const told = changesTold(report.steps.flatMap(({ changes }) => changes ?? []))
  const counts = (step: StepName) => report.steps.find((one) => one.step === step)?.counts ?? {}

  const { changes, added } = changesBetween(before, after)
  expect(added).toEqual([])
  const erased = changes.filter(({ table, now }) => table === 'loan_history' && now === null)
  expect(counts('transferLoanHistory').erased).toBe(erased.length)
  const retired = changes.filter(({ table, key }) => table === 'patron' && key === String(remove))
  expect(inFixedOrder(told)).toEqual(
    inFixedOrder(changes.filter((change) => !erased.includes(change) && !retired.includes(change))),
  )

  await undoThem(setting.pool, [merge ?? 0])
  const gone = erased.map(({ was }) => was.id)
  expect(await rowsOf(setting.pool, ids)).toEqual({
    ...before,
    loan_history: before.loan_history.filter(({ id }) => !gone.includes(id)),
  })

  const [kept = patrons[0], removed = patrons[1]] = recordsIn(after).map((record) => inOrder(shifted(record, -offset)))
  const warnings = report.warnings.map((warning) => unplaced(asModelled(warning), offset))
  return { kept, removed, codes: warnings.map(({ code }) => code), warnings, counts, told, before, after } as Example
}

function unplaced({ code, concerns }: ModelWarning, offset: number): ModelWarning {
  const local = (value: unknown) => (typeof value === 'number' && value > offset ? value - offset : value)
  const entries = Object.entries(concerns ?? {}).map(([key, value]) => [
    key,
    Array.isArray(value) ? value.map(local) : local(value),
  ])
  return { code, concerns: Object.fromEntries(entries) as NonNullable<ModelWarning['concerns']> }
}
