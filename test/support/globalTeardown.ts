import type { TestServers } from './globalSetup'
import { leftBehind } from './leavesNothing'

/** Stops what all files shared, and fails when one of them left a worker, a process or a database behind. */
export default async function globalTeardown(): Promise<void> {
  await (globalThis as { testServers?: TestServers }).testServers?.stop()
  const left = leftBehind()
  if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`)
}
