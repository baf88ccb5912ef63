import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { OpenAPIBackend, type Context, type Document } from 'openapi-backend'
import { problem, type Answer } from './answers'
import type { Outcome } from './behave'
import { OPERATION_NAMES, type Call, type OperationName, type Operations } from './call'
import type { Deliver } from './deliver'

export interface ContractOptions {
  readonly operations: Operations
  readonly isTokenRight: (authorization: string | undefined) => boolean
  /** Around each operation: where the portal misbehaves if it was told to. */
  readonly carryOut: (call: Call, work: () => Promise<Answer>) => Promise<Outcome>
  readonly deliver: Deliver
  /** The answer to an operation that failed; it is told elsewhere, too. */
  readonly failed: (error: Error) => Answer
}

/**
 * Serves the operations of the contract file on everything that has no other route. Requests that do not fit it are
 * refused; an answer that does not fit it is our own mistake and goes out as 500.
 */
export async function serveContract(app: FastifyInstance, options: ContractOptions): Promise<void> {
  const { operations, isTokenRight, carryOut, deliver } = options
  const api = new OpenAPIBackend({
    definition: await readContract(),
    strict: true,
    // The file is a right one: a test sees to that, so that no start has to. What an operation is held against is compiled
    // at its first call: a portal is there after a third of the time.
    quick: true,
    ajvOpts: { validateSchema: false },
  })

  const handler = (operation: OperationName) => async (context: Context) => {
    const call = callOf(operation, context)
    return carryOut(call, async () => {
      try {
        return checked(api, operation, await operations[operation](call))
      } catch (error) {
        return options.failed(error as Error)
      }
    })
  }
  for (const operation of OPERATION_NAMES) api.register(operation, handler(operation))
  api.registerSecurityHandler('bearerToken', (context) =>
    isTokenRight(single(context.request.headers['authorization'])),
  )
  api.register({
    unauthorizedHandler: () => whole(problem('unauthorized', undefined, { 'www-authenticate': 'Bearer' })),
    validationFail: (context) => whole(problem('bad-request', whatDoesNotFit(context))),
    notFound: () => whole(problem('unknown-path')),
    methodNotAllowed: () => whole(problem('method-not-allowed')),
  })
  await api.init()

  app.all('/*', async (request: FastifyRequest, reply: FastifyReply) => {
    const { method, url, headers, body } = request
    const raw = { method, path: url, headers: headers as Record<string, string>, body }
    const outcome = (await api.handleRequest(raw)) as Outcome
    return deliver(reply, outcome, api.matchOperation(raw)?.operationId)
  })
}

function whole(answer: Answer): Outcome {
  return { answer, delivery: 'whole' }
}

function callOf(operation: OperationName, context: Context): Call {
  const body: unknown = context.request.requestBody
  const account = typeof body === 'object' && body !== null && 'account' in body ? body.account : undefined
  return {
    operation,
    body,
    idempotencyKey: single(context.request.headers['idempotency-key']),
    account: typeof account === 'string' ? account : undefined,
  }
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}

function checked(api: OpenAPIBackend, operation: OperationName, answer: Answer): Answer {
  if (api.validateResponse(answer.body, operation, answer.status).valid) return answer
  throw Object.assign(new Error('an answer does not fit the contract'), { code: `ANSWER_DOES_NOT_FIT_${operation}` })
}

/** Where the request does not fit, by place and rule alone: a value may be somebody's. */
function whatDoesNotFit(context: Context): string {
  const places = (context.validation.errors ?? []).map((error) => `${error.instancePath || '/'} (${error.keyword})`)
  return [...new Set(places)].slice(0, 5).join(', ')
}

/**
 * The contract, with each problem answer noted as JSON beside `application/problem+json`: openapi-backend holds
 * answers against `application/json` alone.
 */
async function readContract(): Promise<Document> {
  const reader = new OpenAPIBackend({ definition: contractFile(), strict: true })
  const document = await reader.loadDocument()
  for (const response of Object.values(document.components?.responses ?? {})) {
    if (!('content' in response) || response.content === undefined) continue
    const problemJson = response.content['application/problem+json']
    if (problemJson !== undefined) response.content['application/json'] = problemJson as never
  }
  return document
}

/** `docs/portal-openapi.yaml`, looked for upwards from here: this file runs from its source and from `dist`. */
function contractFile(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const file = join(folder, 'docs', 'portal-openapi.yaml')
    if (existsSync(file)) return file
    if (folder === dirname(folder)) throw new Error('docs/portal-openapi.yaml is not there')
  }
}
