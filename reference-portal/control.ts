import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Pool } from 'pg'
import { dumpAccounts, putAccounts, type Account } from './accounts'
import { problem } from './answers'
import { INSTRUCTION_SCHEMA, type Behaviour, type Instruction } from './behave'
import type { Counters } from './counters'
import { send } from './deliver'
import { BadLine, parseLine, readLines } from './ndjson'

const NDJSON = 'application/x-ndjson'

/** Accounts put in one transaction: large enough to be quick, small enough not to keep the portal's callers waiting. */
const LOAD_ACCOUNTS = 500

export interface ControlOptions {
  readonly pool: Pool
  readonly behaviour: Behaviour
  readonly counters: Counters
  readonly isTokenRight: (authorization: string | undefined) => boolean
}

/**
 * What is not part of the contract, under `/control/`, with the same token: `PUT accounts` (NDJSON, streamed),
 * `GET accounts` (the same, streamed), `POST behave`, `GET behave`, `GET counters`, `DELETE counters`.
 */
export async function serveControl(app: FastifyInstance, options: ControlOptions): Promise<void> {
  const { pool, behaviour, counters, isTokenRight } = options
  await app.register(
    async (control) => {
      control.addHook('onRequest', async (request, reply) => {
        if (isTokenRight(request.headers.authorization)) return
        return send(reply, problem('unauthorized'))
      })
      control.addContentTypeParser(NDJSON, (_request, payload, done) => done(null, payload))

      control.put('/accounts', async (request, reply) => {
        if (!(request.body instanceof Readable)) {
          return send(reply, problem('unsupported-media-type', `send ${NDJSON}`))
        }
        try {
          return await load(pool, request.body)
        } catch (error) {
          // What is left is read and dropped: a connection with unread data neither ends nor can be used again.
          request.body.resume()
          if (!(error instanceof BadLine)) throw error
          const { status, body } = problem('bad-request', error.message)
          return send(reply, { status, body: { ...body, line: error.line, reason: error.reason } })
        }
      })
      control.get('/accounts', (_request, reply) => reply.type(NDJSON).send(Readable.from(dumpLines(pool))))

      control.post('/behave', { schema: { body: INSTRUCTION_SCHEMA } }, async (request) => {
        behaviour.tell(request.body as Instruction)
        return { rules: behaviour.rules() }
      })
      control.get('/behave', async () => ({ rules: behaviour.rules() }))

      control.get('/counters', async () => counters.counts())
      control.delete('/counters', async () => {
        counters.reset()
        return counters.counts()
      })
    },
    { prefix: '/control' },
  )
}

async function load(pool: Pool, stream: Readable): Promise<{ accounts: number; links: number }> {
  let accounts = 0
  let links = 0
  let batch: Account[] = []
  const put = async () => {
    if (batch.length > 0) await putAccounts(pool, batch)
    batch = []
  }
  for await (const numbered of readLines(stream.iterator({ destroyOnReturn: false }))) {
    const account = accountOf(parseLine(numbered), numbered.line)
    batch.push(account)
    accounts += 1
    links += account.links.length
    if (batch.length === LOAD_ACCOUNTS) await put()
  }
  await put()
  return { accounts, links }
}

async function* dumpLines(pool: Pool): AsyncGenerator<string> {
  for await (const { id, links } of dumpAccounts(pool)) {
    yield `${JSON.stringify({ type: 'portalAccount', id, links })}\n`
  }
}

/** The account on a line; throws `BadLine` where it is none. What the contract says of ids holds here too. */
function accountOf(value: unknown, line: number): Account {
  const bad = (reason: string): never => {
    throw new BadLine(line, reason)
  }
  if (!isRecord(value)) return bad('not an object')
  const { type, id, links, ...others } = value
  if (type !== 'portalAccount') return bad('/type is not portalAccount')
  if (!isId(id)) return bad('/id is not 1 to 255 characters without control characters')
  if (!Array.isArray(links)) return bad('/links is not a list')
  if (Object.keys(others).length > 0) return bad('unknown keys')
  return {
    id,
    links: links.map((link: unknown, at) => {
      if (!isRecord(link)) return bad(`/links/${at} is not an object`)
      if (!isId(link['library'])) return bad(`/links/${at}/library is not 1 to 255 characters`)
      if (!isActorId(link['actorId'])) return bad(`/links/${at}/actorId is not a whole number from 1 to 2^53 - 1`)
      if (Object.keys(link).length > 2) return bad(`/links/${at} has unknown keys`)
      return { library: link['library'], actorId: link['actorId'] }
    }),
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[^\p{Cc}\p{Cs}]{1,255}$/u.test(value)
}

function isActorId(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1
}
