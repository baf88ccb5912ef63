import { Pool, errors, type Dispatcher } from 'undici'
import { OntdubbelError } from '../domain/errors'
import { ERRORS } from '../domain/sentences'
import { badAnswer, unreachable } from './errors'

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** Below the portal's address, with a leading slash. */
  readonly path: string
  readonly body?: string
  readonly contentType?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

export interface HttpAnswer {
  readonly status: number
  /** Undefined where the portal did not say, or not in a way that HTTP knows. */
  readonly retryAfterMs: number | undefined
  readonly text: string
}

export interface Http {
  /**
   * One request with its whole answer, whatever its status. Throws `portal-unreachable` or `portal-bad-answer`; what
   * `signal` was aborted with when it was.
   */
  call(request: HttpRequest): Promise<HttpAnswer>
  /** The same with an answer of any length in pieces; the timeout is for the headers and between two pieces. */
  stream(request: HttpRequest): Promise<{ status: number; pieces: AsyncIterable<Uint8Array> }>
  close(): Promise<void>
}

/** What an answer says in JSON; undefined where it is none: the error would quote it. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export interface HttpOptions {
  readonly url: string
  readonly token: string
  readonly timeoutMs: number
  readonly connections: number
}

/** The links of 500 actor ids are some 100 KB. What is a hundred times that is no answer of the contract. */
const ANSWER_LIMIT_BYTES = 16 * 1024 * 1024

/** A portal that asks for more is asked again after this: a merge should not lie still for days on one header's word. */
const RETRY_AFTER_LIMIT_MS = 3_600_000

/** HTTP to one portal. Nothing is asked twice here: who calls knows what may be. */
export function openHttp({ url, token, timeoutMs, connections }: HttpOptions): Http {
  const base = parseUrl(url)
  requireToken(token)
  const pool = new Pool(base.origin, {
    connections,
    connect: { timeout: timeoutMs },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  })
  const options = (request: HttpRequest, signal?: AbortSignal): Dispatcher.RequestOptions => ({
    method: request.method,
    path: base.pathname.replace(/\/$/, '') + request.path,
    headers: {
      accept: 'application/json, application/problem+json, application/x-ndjson',
      authorization: `Bearer ${token}`,
      ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
      ...request.headers,
    },
    ...(request.body === undefined ? {} : { body: request.body }),
    ...(signal === undefined ? {} : { signal }),
  })

  return {
    call: async (request) => {
      const limit = limitTime(timeoutMs, request.signal)
      try {
        const answer = await pool.request(options(request, limit.signal))
        const text = await readWhole(answer)
        const retryAfterMs = parseRetryAfter(answer.headers['retry-after'])
        return { status: answer.statusCode, retryAfterMs, text }
      } catch (error) {
        throw limit.timedOut() ? unreachable() : ours(error, request.signal)
      } finally {
        limit.end()
      }
    },
    stream: async (request) => {
      try {
        const answer = await pool.request(options(request, request.signal))
        return { status: answer.statusCode, pieces: piecesOf(answer.body, request.signal) }
      } catch (error) {
        throw ours(error, request.signal)
      }
    },
    close: () => pool.close(),
  }
}

function parseUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
    throw new OntdubbelError('bad-input', ERRORS.portalUrl, 2)
  }
  return parsed
}

/** A header takes no line end, which a token out of a file may have; every call would fail as if the portal were down. */
function requireToken(token: string): void {
  if (/^[\x21-\x7e]*$/.test(token)) return
  throw new OntdubbelError('bad-input', ERRORS.portalToken, 2)
}

async function readWhole(answer: Dispatcher.ResponseData): Promise<string> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of answer.body as AsyncIterable<Uint8Array>) {
    bytes += piece.byteLength
    if (bytes > ANSWER_LIMIT_BYTES) throw badAnswer(answer.statusCode)
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}

async function* piecesOf(body: AsyncIterable<Uint8Array>, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw ours(error, signal)
  }
}

/**
 * A signal that goes off with the caller's or after the time. Made by hand, since `AbortSignal.any` keeps every call's
 * signal alive as long as the caller's, and a batch makes thousands of calls under one.
 */
function limitTime(timeoutMs: number, caller?: AbortSignal) {
  const controller = new AbortController()
  let late = false
  const abort = () => controller.abort()
  const timer = setTimeout(() => {
    late = true
    abort()
  }, timeoutMs)
  caller?.addEventListener('abort', abort)
  if (caller?.aborted === true) abort()
  return {
    signal: controller.signal,
    timedOut: () => late && caller?.aborted !== true,
    end: () => {
      clearTimeout(timer)
      caller?.removeEventListener('abort', abort)
    },
  }
}

/** Any failure of a request in our words; its own may quote what was sent. */
function ours(error: unknown, signal?: AbortSignal): unknown {
  if (signal?.aborted === true) return signal.reason
  if (error instanceof OntdubbelError) return error
  // Wrong arguments are a mistake of ours that no later try mends, and must not look like a portal that is down.
  if (error instanceof errors.InvalidArgumentError || error instanceof TypeError) {
    return new OntdubbelError('bad-input', ERRORS.portalCall)
  }
  return unreachable(codeOf(error))
}

/** A code that says what failed on the way; its message may name what was sent. */
function codeOf(error: unknown): string | undefined {
  const { code } = error as { code?: unknown }
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code) ? code : undefined
}

/** `Retry-After` in milliseconds: seconds or a date. */
function parseRetryAfter(header: string | string[] | undefined): number | undefined {
  const value = (Array.isArray(header) ? header[0] : header)?.trim()
  if (value === undefined || value === '') return undefined
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now()
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), RETRY_AFTER_LIMIT_MS)
}
