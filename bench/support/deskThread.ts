import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import type { Client } from 'pg'
import { connect } from '../../src/database/pool'
import type { DeskData, FromDesk, ToDesk } from './desk'
import { DeskWrites, type WriteKind } from './deskWrites'

/** A modest town's busy hour; the rate stays the same however long a write takes. */
const WRITES_PER_SECOND = 100
/** Each a desk of its own, so many that one is free whatever the others wait for. */
const CONNECTIONS = 32
/** Every so many writes are for a patron of the pairs under way. */
const UNDER_WAY_EVERY = 3
async function desk(port: NonNullable<typeof parentPort>, { url, today, remembered }: DeskData): Promise<void> {
  const connections = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => connect(url, { applicationName: 'bench desk' })),
  )
  const writes = await DeskWrites.load(connections[0]!, today)
  for (const client of connections) await writes.warmUp(client)

  const free = [...connections]
  const due: number[] = []
  const latenciesMs: number[] = []
  const kinds: WriteKind[] = []
  const errors: Record<string, number> = {}
  let underWay: number[] = []
  let opened = 0
  let closing = false
  let planned = 0

  const serve = async (client: Client) => {
    for (let at = due.shift(); at !== undefined; at = due.shift()) {
      const number = latenciesMs.length
      const { kind, write } = writes.next(number % UNDER_WAY_EVERY === 0 ? underWay : [])
      try {
        await write(client)
      } catch (error) {
        const { code, message } = error as { code?: string; message: string }
        const words = `${code ?? ''} ${message}`
        errors[words] = (errors[words] ?? 0) + 1
      }
      latenciesMs.push(performance.now() - at)
      kinds.push(kind)
    }
    free.push(client)
  }
  const begin = () => {
    while (due.length > 0 && free.length > 0) void serve(free.pop()!)
  }

  port.on('message', (message: ToDesk) => {
    if ('open' in message) opened = performance.now()
    else if ('underWay' in message) underWay = [...message.underWay, ...underWay].slice(0, remembered)
    else closing = true
  })
  port.postMessage({ latenciesMs, kinds, errors } satisfies FromDesk)

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
  port.postMessage({ latenciesMs, kinds, errors } satisfies FromDesk)
  port.close()
}

if (parentPort) {
  void desk(parentPort, workerData as DeskData)
}
