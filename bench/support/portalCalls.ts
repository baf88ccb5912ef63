import { subscribe } from 'node:diagnostics_channel'
import { writeFileSync } from 'node:fs'

/**
 * Loaded into a worker's process before its program (`node --require`): counts its calls to the portal, and writes the sums
 * into the file that PORTAL_CALLS_FILE names when the process ends. Nothing else in a worker speaks HTTP by undici.
 */

/** The calls of one process. */
export interface PortalCalls {
  calls: number
  /** While at least one was under way. */
  busyMs: number
  /** The time of all of them, those side by side too. */
  sumMs: number
}

const file = process.env['PORTAL_CALLS_FILE']
const sums: PortalCalls = { calls: 0, busyMs: 0, sumMs: 0 }
const began = new Map<unknown, number>()
let busySince = 0

function begin(message: unknown): void {
  const now = performance.now()
  if (began.size === 0) busySince = now
  began.set(requestIn(message), now)
}

function end(message: unknown): void {
  const request = requestIn(message)
  const at = began.get(request)
  if (at === undefined) return
  const now = performance.now()
  began.delete(request)
  sums.calls += 1
  sums.sumMs += now - at
  if (began.size === 0) sums.busyMs += now - busySince
}

function requestIn(message: unknown): unknown {
  return (message as { request: unknown }).request
}

if (file !== undefined) {
  subscribe('undici:request:create', begin)
  subscribe('undici:request:trailers', end)
  subscribe('undici:request:error', end)
  process.on('exit', () => writeFileSync(file, JSON.stringify(sums)))
}
