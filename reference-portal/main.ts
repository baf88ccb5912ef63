import fastify, { type FastifyError } from 'fastify'
import { problem, type Answer, type ProblemCode } from './answers'
import { createBehaviour } from './behave'
import { serveContract } from './contract'
import { serveControl } from './control'
import { createCounters } from './counters'
import { createDeliver, send } from './deliver'
import { forgetOldKeys } from './idempotency'
import { createOperations } from './operations'
import { readSettings, type Settings } from './settings'
import { openStore } from './store'
import { createTokenCheck } from './token'

/** 500 actor ids are 10 KB; accounts are streamed and not held against this. */
const BODY_LIMIT_BYTES = 1_048_576
const FORGET_EVERY_MS = 3_600_000
/** Calls under way get this long to end when the portal is stopped. */
const DRAIN_MS = 10_000

/** Starts the portal: prints `ready URL` when it listens; SIGTERM and SIGINT let running calls end, then it is gone. */
async function main(settings: Settings): Promise<void> {
  const pool = await openStore(settings.databaseUrl)
  const counters = createCounters()
  const behaviour = createBehaviour()
  const isTokenRight = createTokenCheck(settings.token)

  const app = fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    // What a caller sends is right or wrong; nothing is converted, filled in or left out to make it fit.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
  })
  // Fastify takes plain text too; the contract does not.
  app.removeContentTypeParser('text/plain')
  app.setErrorHandler(async (error: FastifyError, _request, reply) => {
    const code = codeOf(error)
    return send(reply, code === 'internal-error' ? failed(error) : problem(code))
  })
  await serveControl(app, { pool, behaviour, counters, isTokenRight })
  await serveContract(app, {
    operations: createOperations(pool, (operation) => counters.done(operation)),
    isTokenRight,
    carryOut: (call, work) => behaviour.carryOut(call, work),
    deliver: createDeliver(counters),
    failed,
  })

  const forget = () => {
    forgetOldKeys(pool).catch(() => process.stderr.write('old idempotency keys were not forgotten\n'))
  }
  forget()
  setInterval(forget, FORGET_EVERY_MS).unref()

  const stop = async () => {
    setTimeout(() => process.exit(1), DRAIN_MS).unref()
    behaviour.stop()
    await app.close()
    await pool.end()
    process.exit(0)
  }
  process.once('SIGTERM', () => void stop())
  process.once('SIGINT', () => void stop())

  const address = await app.listen({ host: settings.host, port: settings.port })
  process.stdout.write(`ready ${address.replace('//0.0.0.0:', '//127.0.0.1:')}\n`)
}

/** Says on standard error that something failed, by code alone: a message of the driver may quote what was sent. */
function failed(error: Error & { code?: string }): Answer {
  process.stderr.write(`internal error ${error.code ?? error.name}\n`)
  return problem('internal-error')
}

/** An error on the way to or in an operation, in the contract's words. */
function codeOf(error: FastifyError): ProblemCode {
  const byStatus: Record<number, ProblemCode> = { 400: 'bad-request', 413: 'too-large', 415: 'unsupported-media-type' }
  return byStatus[error.statusCode ?? 500] ?? 'internal-error'
}

try {
  main(readSettings(process.env)).catch((error: NodeJS.ErrnoException) => {
    // An error of the database or of the network has a code; its message may quote the address with its password.
    process.stderr.write(`the portal could not start: ${error.code ?? error.message}\n`)
    process.exit(1)
  })
} catch (error) {
  process.stderr.write(`the portal could not start: ${(error as Error).message}\n`)
  process.exit(2)
}
