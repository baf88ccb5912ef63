import { connect } from '../src/database/pool'
import { importFile } from '../src/interchange/load'
import { exportRecords } from '../src/interchange/dump'
import { createMerge } from '../src/merges/store'
import { mergeReport } from '../src/merges/report'
import { previewMerge } from '../src/merges/preview'
import { previewUndo } from '../src/merges/undoSingle'
import type { UndoReport } from '../src/domain/request'
import { portalWarnings } from '../src/merges/portalWarnings'
import { syncPortalLinks } from '../src/merges/syncPortal'
import { STOPPING_WARNINGS } from '../src/domain/codes'
import { dumpAccounts, loadAccounts } from '../src/portal/control'
import { mergeGroup } from '../src/steps/group'
import { comparable, librariesOf, scenarios, type Scenario } from './support/scenarios'
import { testStack, type TestStack } from './support/stack'

type Json = Record<string, unknown>
const all = scenarios()

/** What must be accepted by name has been accepted. */
const accept = [...STOPPING_WARNINGS]

async function load(stack: TestStack): Promise<void> {
  const records = [...librariesOf(all), ...all.flatMap(({ given }) => given.filter(({ type }) => type !== 'library'))]
  const order = ['library', 'patron', 'portalAccount']
  records.sort((a, b) => order.indexOf(a.type as string) - order.indexOf(b.type as string))
  await importFile(stack.database.pool, lines(records), {
    sendAccounts: (accounts) => loadAccounts(stack.portal.url, stack.portal.token, accounts),
  })
}

async function* lines(records: Json[]): AsyncGenerator<string> {
  for (const record of records) yield `${JSON.stringify(record)}\n`
}

/** The scenario's records as they are now, by id. */
async function recordsOf(stack: TestStack, { given }: Scenario): Promise<Map<unknown, Json>> {
  const ids = given.filter(({ type }) => type === 'patron').map(({ id }) => id as number)
  const found = new Map<unknown, Json>()
  for await (const line of exportRecords(stack.database.pool, { patrons: ids })) {
    const record = JSON.parse(line) as Json
    if (record.type === 'patron') found.set(record.id, record)
  }
  for await (const account of dumpAccounts(stack.portal.url, stack.portal.token)) {
    if (given.some(({ id }) => id === account.id)) found.set(account.id, { ...account })
  }
  return found
}

async function expectThen(stack: TestStack, scenario: Scenario): Promise<void> {
  const wanted = (scenario.then === 'as given' ? scenario.given : scenario.then).filter(
    ({ type }) => type !== 'library',
  )
  const found = await recordsOf(stack, scenario)
  for (const record of wanted) expect(comparable(found.get(record.id) ?? {})).toEqual(comparable(record))
}

/** The records as they were given, but for the loan history that the merge erased, which the undo names. */
async function expectGivenAgain(stack: TestStack, scenario: Scenario, told: UndoReport['told']): Promise<void> {
  const found = await recordsOf(stack, scenario)
  const erased = told.find(({ code }) => code === 'history-not-restored')?.details.libraries as string[] | undefined
  for (const record of scenario.given.filter(({ type }) => type !== 'library')) {
    const wanted = { ...record }
    if (record.id === scenario.merge.remove && Array.isArray(record.loanHistory))
      wanted.loanHistory = (record.loanHistory as Json[]).filter(({ library }) => !erased?.includes(library as string))
    expect(comparable(found.get(record.id) ?? {})).toEqual(comparable(wanted))
  }
}

describe('every scenario, as a single merge through the workflow, and undone', () => {
  let stack: TestStack
  beforeAll(async () => {
    stack = await testStack()
    await load(stack)
  })
  afterAll(() => stack?.stop())

  test.each(all.map((scenario) => [scenario.name, scenario] as const))('%s', async (_, scenario) => {
    const portal = await portalWarnings(stack.portalClient, scenario.merge.keep, scenario.merge.remove)
    const preview = await previewMerge(stack.pool, { ...scenario.merge, by: 'test' } as never, portal, 'en')
    expect(preview.refusal?.code ?? null).toBe(scenario.refusal)
    expect(preview.warnings.map(({ code }) => code).sort()).toEqual(scenario.warnings)

    const report = await stack.merge({ ...scenario.merge, accept, by: 'test' })
    expect(report.refusal?.code ?? null).toBe(scenario.refusal)
    expect(report.status).toBe(scenario.refusal === null ? 'completed' : 'refused')
    expect(report.warnings.map(({ code }) => code).sort()).toEqual(scenario.warnings)
    await expectThen(stack, scenario)
    if (report.status !== 'completed' || report.id === null) return

    const before = await previewUndo(stack.pool, report.id)
    await expectThen(stack, scenario)
    const undone = await stack.undo({ merge: report.id, by: 'test' })
    expect(undone).toMatchObject({ status: 'undone', refusal: null, attention: null })
    expect({ ...before.back, told: before.told }).toEqual({ ...undone.back, told: undone.told })
    await expectGivenAgain(stack, scenario, undone.told)
  })
})

test('all scenarios in one group transaction', async () => {
  const stack = await testStack()
  try {
    await load(stack)
    const ids = new Map<number, Scenario>()
    for (const scenario of all) {
      const id = await createMerge(stack.pool, { ...scenario.merge, accept, by: 'test' } as never, null)
      ids.set(id ?? 0, scenario)
    }
    const client = await connect(stack.database.url, { pipeline: true })
    const result = await mergeGroup(client, [...ids.keys()]).finally(() => void client.end())
    expect(result.skipped).toEqual([])
    for (const [id, scenario] of ids) {
      const refused = result.refused.find((one) => one.id === id)
      expect([scenario.name, refused?.refusal.code ?? null]).toEqual([scenario.name, scenario.refusal])
      if (!refused) await syncPortalLinks(stack.pool, stack.portalClient, id, 1)
      const report = await mergeReport(stack.pool, id)
      expect([scenario.name, report?.warnings.map(({ code }) => code).sort()]).toEqual([
        scenario.name,
        scenario.warnings,
      ])
      await expectThen(stack, scenario)
    }
  } finally {
    await stack.stop()
  }
})
