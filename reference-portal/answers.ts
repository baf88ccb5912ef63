/** What the portal answers: a status, a JSON body, and headers beside the content type. */
export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
  readonly headers?: Readonly<Record<string, string>>
}

/** The problems of the contract, each with its status and the words a person reads. */
const PROBLEMS = {
  'bad-request': [400, 'The request does not fit the contract'],
  unauthorized: [401, 'No token, or not one that is known'],
  forbidden: [403, 'This token may not do this'],
  'account-gone': [404, 'There is no such account'],
  'link-gone': [404, 'There is no such link'],
  'unknown-path': [404, 'There is nothing at this address'],
  'method-not-allowed': [405, 'This method is not allowed here'],
  'link-exists-already': [409, 'The account has a link to this actor id already'],
  'too-large': [413, 'The request is too large'],
  'unsupported-media-type': [415, 'The body must be application/json'],
  'idempotency-key-reused': [422, 'This idempotency key was used for another request'],
  refused: [422, 'The portal will not do this'],
  'too-many-requests': [429, 'Too many requests'],
  'internal-error': [500, 'Something went wrong in the portal'],
  unavailable: [503, 'The portal is not available now'],
} as const satisfies Record<string, readonly [number, string]>

export type ProblemCode = keyof typeof PROBLEMS

/** An error of the contract. `detail` must not quote what was sent: it may be read by anybody, and be logged. */
export function problem(code: ProblemCode, detail?: string, headers?: Readonly<Record<string, string>>): Answer {
  const [status, title] = PROBLEMS[code]
  return {
    status,
    body: { type: 'about:blank', title, status, code, ...(detail === undefined ? {} : { detail }) },
    ...(headers === undefined ? {} : { headers }),
  }
}

export function done(): Answer {
  return { status: 200, body: { outcome: 'done' } }
}

export function already(): Answer {
  return { status: 200, body: { outcome: 'already' } }
}

/** The content type an answer goes out with. */
export function contentType(answer: Answer): string {
  return answer.status >= 400 ? 'application/problem+json' : 'application/json'
}
