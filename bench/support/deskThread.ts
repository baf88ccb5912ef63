import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import type { Client } from 'pg'
import { connect } from '../../src/database/pool'
import type { FromDesk, ToDesk } from './desk'
import { DeskWrites } from './deskWrites'

/** A modest town's busy hour; the rate stays the same however long a write takes. */
const WRITES_PER_SECOND = 100
/** Each a desk of its own, so many that one is free whatever the others wait for. */
const CONNECTIONS = 32
/** Every so many writes are for a patron of the pairs under way. */
const UNDER_WAY_EVERY = 3
/** Of patrons under way the desk remembers the last so many. */
const REMEMBERED = 4_000

async function desk(port: NonNullable<typeof parentPort>, url: string, today: string): Promise<void> {
  const connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => connect(url, { applicationName: 'bench desk' })),
  )
  const writes = await DeskWrites.load(connections[0]!, today)
  for (const client of connections) await writes.warmUp(client)

  const free = [...connections]
  const due: number[] = []
  const latenciesMs: number[] = []
  const errors: Record<string, number> = {}
  let underWay: number[] = []
  let opened = 0
  let closing = false
  let planned = 0

  const serve = async (client: Client) => {
    for (let at = due.shift(); at !== undefined; at = due.shift()) {
      const number = latenciesMs.length
      const write = writes.next(number % UNDER_WAY_EVERY === 0 ? underWay : [])
      try {
        await write(client)
      } catch (error) {
        const { code, message } = error as { code?: string; message: string }
        const words = `${code ?? ''} ${message}`
        errors[words] = (errors[words] ?? 0) + 1
      }
      latenciesMs.push(performance.now() - at)
    }
    free.push(client)
  }
  const begin = () => {
    while (due.length > 0 && free.length > 0) void serve(free.pop()!)
  }

  port.on('message', (message: ToDesk) => {
    if ('open' in message) opened = performance.now()
    else if ('underWay' in message) underWay = [...message.underWay, ...underWay].slice(0, REMEMBERED)
    else closing = true
  })
  port.postMessage({ latenciesMs, errors } satisfies FromDesk)

  while (!closing) {
    await sleep(1)
    if (opened === 0) continue
    for (const now = performance.now(); ; planned++) {
      const at = opened + (planned * 1000) / WRITES_PER_SECOND
      if (at > now) break
      due.push(at)
    }
    begin()
  }
  while (free.length < connections.length) await sleep(1)
  await Promise.all(connections.map((client) => client.end()))
  port.postMessage({ latenciesMs, errors } satisfies FromDesk)
  port.close()
}

if (parentPort) {
  const { url, today } = workerData as { url: string; today: string }
  void desk(parentPort, url, today)
}
