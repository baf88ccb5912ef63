import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { WORKFLOW_BUNDLE } from '../src/temporal/worker'
import { HISTORIES, readHistory, recordHistories, writeHistory } from './support/recordHistories'

/** `npm run record-histories`; `RECORD_HISTORIES=campaigns` records those alone. */
const RECORD = process.env.RECORD_HISTORIES

jest.setTimeout(RECORD === undefined ? 60_000 : 300_000)
beforeAll(() => (RECORD === undefined ? undefined : recordHistories(RECORD)))

/** The names of those that today's workflows would not have made. */
async function different(files: readonly string[]): Promise<string[]> {
  const script = path.join(__dirname, 'support', 'replay.cjs')
  const { stdout } = await promisify(execFile)(process.execPath, [script, WORKFLOW_BUNDLE, ...files])
  return stdout.split('\n').filter((line) => line !== '')
}

const recorded = (): string[] => readdirSync(HISTORIES).map((file) => path.join(HISTORIES, file))

test('merges, undos and campaigns of earlier workers, however they ended, are gone on with by these', async () => {
  expect(recorded().length).toBeGreaterThan(25)
  expect(await different(recorded())).toEqual([])
})

const CHANGED = ['retireRecord', 'takeBackMerge', 'mergeBatch', 'undoBatch']

test('a workflow that does its steps otherwise would be noticed', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'ontdubbel-replay-'))
  try {
    for (const name of ['merge-completed', 'undo-done', 'undo-many-of-campaign', 'campaign-completed']) {
      const history = readHistory(path.join(HISTORIES, `${name}.history`))
      for (const { activityTaskScheduledEventAttributes: activity } of history.events) {
        const type = activity?.activityType
        if (CHANGED.includes(type?.name ?? '')) type!.name = 'transferLoans'
      }
      writeHistory(path.join(folder, `${name}.history`), history)
    }
    const files = readdirSync(folder).map((file) => path.join(folder, file))
    expect(await different(files)).toEqual([
      'campaign-completed',
      'merge-completed',
      'undo-done',
      'undo-many-of-campaign',
    ])
  } finally {
    rmSync(folder, { recursive: true })
  }
})
