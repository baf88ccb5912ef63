import { z } from 'zod'
import { OntdubbelError } from '../domain/errors'
import { ERRORS } from '../domain/sentences'
import { portalAccountLine } from './contract'
import { badAnswer, errorOfStatus } from './errors'
import { openHttp, parseJson, type Http } from './http'
import type { PortalAccount } from './links'

/** Of one call that loads, and of a dump between two pieces: a portal that is silent for longer has stopped. */
const TIMEOUT_MS = 60_000

/** Lines sent in one call, and their size: a call takes the portal a second or so. */
const LOAD_LINES = 5_000
const LOAD_CHARS = 4 * 1024 * 1024

const loadAnswer = z.object({ accounts: z.int().min(0), links: z.int().min(0) })
const loadRefusal = z.object({ line: z.int().min(1), reason: z.string().max(200) })

/**
 * Loads accounts into the reference portal, lines of the interchange file, in the order given and a few thousand at a
 * time. An account that is there gets exactly these links; doing it again changes nothing, so that after a failure all
 * of it is sent once more.
 *
 * @returns how many accounts, and links of them, were sent
 * @throws OntdubbelError `portal-has-no-control` where it is somebody else's portal, `portal-bad-account` for a line
 *   that it does not take (with its number, from 1, among the lines given); PortalError where it cannot be reached
 */
export async function loadAccounts(
  url: string,
  token: string,
  lines: AsyncIterable<string>,
  signal?: AbortSignal,
): Promise<{ accounts: number; links: number }> {
  const http = openHttp({ url, token, timeoutMs: TIMEOUT_MS, connections: 1 })
  const total = { accounts: 0, links: 0 }
  let batch: string[] = []
  let chars = 0
  let sent = 0
  const send = async () => {
    const loaded = await sendLines(http, batch, sent, signal)
    total.accounts += loaded.accounts
    total.links += loaded.links
    sent += batch.length
    batch = []
    chars = 0
  }
  try {
    for await (const line of lines) {
      batch.push(line)
      chars += line.length
      if (batch.length === LOAD_LINES || chars >= LOAD_CHARS) await send()
    }
    if (batch.length > 0) await send()
    return total
  } finally {
    await http.close()
  }
}

async function sendLines(
  http: Http,
  lines: readonly string[],
  sentBefore: number,
  signal?: AbortSignal,
): Promise<z.infer<typeof loadAnswer>> {
  const answer = await http.call({
    method: 'PUT',
    path: '/control/accounts',
    body: lines.map((line) => `${line}\n`).join(''),
    contentType: 'application/x-ndjson',
    signal,
  })
  checkHasControl(answer.status)
  const json = parseJson(answer.text)
  if (answer.status === 400) {
    const refusal = loadRefusal.safeParse(json)
    if (refusal.success) {
      const line = sentBefore + refusal.data.line
      const { reason } = refusal.data
      throw new OntdubbelError('portal-bad-account', ERRORS.portalBadAccount, 2, { line, reason })
    }
  }
  if (answer.status !== 200) throw errorOfStatus(answer.status, undefined, answer.retryAfterMs)
  const loaded = loadAnswer.safeParse(json)
  if (!loaded.success) throw badAnswer(answer.status)
  return loaded.data
}

/**
 * All accounts of the reference portal, by id (by code point), with their links by library and actor id; streamed, as
 * of one moment. Throws as `loadAccounts` does, half-way too where the portal breaks off.
 */
export async function* dumpAccounts(url: string, token: string, signal?: AbortSignal): AsyncGenerator<PortalAccount> {
  const http = openHttp({ url, token, timeoutMs: TIMEOUT_MS, connections: 1 })
  try {
    const { status, pieces } = await http.stream({ method: 'GET', path: '/control/accounts', signal })
    checkHasControl(status)
    if (status !== 200) throw errorOfStatus(status)
    for await (const line of linesOf(pieces)) {
      const account = portalAccountLine.safeParse(parseJson(line))
      if (!account.success) throw badAnswer(status)
      yield account.data
    }
  } finally {
    await http.close()
  }
}

/** How the reference portal can be told to behave, and what it does then. */
export const BEHAVIOURS = {
  ok: 'as it should',
  error: '500',
  down: '503',
  busy: '503 with Retry-After',
  'too-many': '429 with Retry-After',
  slow: "past the client's timeout",
  'lose-answers': 'work done, answer lost',
  cut: 'work done, connection cut half-way through the answer',
  unauthorized: '401',
  refuse: '403',
  unprocessable: '422',
} as const
export type BehaviourMode = keyof typeof BEHAVIOURS

const behaveAnswer = z.object({
  rules: z.array(z.object({ mode: z.string(), account: z.string().optional(), times: z.number().optional() })),
})

/**
 * Tells the reference portal how to behave, and gives the rules that hold then (none: it behaves well).
 * @throws OntdubbelError `portal-has-no-control` where it is somebody else's portal; PortalError where it cannot be reached
 */
export async function tellBehaviour(
  url: string,
  token: string,
  instruction: { mode: BehaviourMode; account?: string; times?: number },
): Promise<z.infer<typeof behaveAnswer>['rules']> {
  const http = openHttp({ url, token, timeoutMs: TIMEOUT_MS, connections: 1 })
  try {
    const { status, text } = await http.call({
      method: 'POST',
      path: '/control/behave',
      body: JSON.stringify(instruction),
    })
    checkHasControl(status)
    if (status !== 200) throw errorOfStatus(status)
    const answer = behaveAnswer.safeParse(parseJson(text))
    if (!answer.success) throw badAnswer(status)
    return answer.data.rules
  } finally {
    await http.close()
  }
}

/** Only the reference portal can be told anything. */
function checkHasControl(status: number): void {
  if (status !== 404 && status !== 405) return
  throw new OntdubbelError('portal-has-no-control', ERRORS.portalWithoutControl, 2)
}

async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const piece of pieces) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}
