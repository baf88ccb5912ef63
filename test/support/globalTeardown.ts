import { Client, Connection } from '@temporalio/client'
import type { TestServers } from './globalSetup'
import { leftBehind } from './leavesNothing'
import { peopleNamed } from './said'

/** Of what was found, enough to go on with. */
const FINDINGS_SHOWN = 20

/**
 * Stops what all files shared. Fails when a file left a worker, a process or a database behind, and when a history, a log or
 * an error message of the run names somebody in it.
 */
export default async function globalTeardown(): Promise<void> {
  const { testServers } = globalThis as { testServers?: TestServers }
  const wrong: string[] = []
  try {
    const named = testServers ? await searchTheRun(testServers.began) : []
    if (named.length > 0) {
      wrong.push(
        `${named.length} places of this run name people, as in:\n  ${named.slice(0, FINDINGS_SHOWN).join('\n  ')}`,
      )
    }
  } finally {
    await testServers?.stop()
  }
  const left = leftBehind()
  if (left.length > 0) wrong.push(`left behind: ${left.join(', ')}`)
  if (wrong.length > 0) throw new Error(wrong.join('\n'))
}

async function searchTheRun(began: Date): Promise<string[]> {
  const connection = await Connection.connect({ address: process.env.TEST_TEMPORAL_ADDRESS ?? '' })
  try {
    return await peopleNamed(new Client({ connection }), began)
  } finally {
    await connection.close()
  }
}
