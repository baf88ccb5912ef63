import { readdirSync } from 'node:fs'
import path from 'node:path'
import { connect } from '../src/database/pool'
import { declaredStatements } from '../src/database/statement'
import { freshDatabase, type TestDatabase } from './support/database'

/** Every module under these folders that declares statements. */
const FOLDERS = [
  'database',
  'steps',
  'merges',
  'campaigns',
  'patrons',
  'interchange',
  'portal',
  'activities',
  'cli',
  'temporal',
]

let database: TestDatabase
beforeAll(async () => (database = await freshDatabase()))
afterAll(() => database.drop())

test('every statement is prepared against the migrated database, as the role that runs it', async () => {
  for (const folder of FOLDERS) {
    const full = path.join(__dirname, '..', 'src', folder)
    const files = readdirSync(full, { recursive: true, encoding: 'utf8' })
    for (const file of files) if (file.endsWith('.ts') && file !== 'start.ts') require(path.join(full, file))
  }
  const client = await connect(database.url)
  const failed: string[] = []
  for (const { name, text } of declaredStatements()) {
    await client.query(`prepare "${name}" as ${text}`).catch((error: Error) => failed.push(`${name}: ${error.message}`))
  }
  await client.end()
  expect(failed).toEqual([])
  expect(declaredStatements().length).toBeGreaterThan(40)
})
