import { z } from 'zod'
import { OVERRIDES, TAKE_FIELDS, WARNINGS, type Refusal } from '../domain/codes'
import { MAX_REASON_CHARACTERS, type MergeRequest, type UndoRequest } from '../domain/request'
import type { Expected } from '../domain/sentences'

const id = z.int().min(1)
const codes = (allowed: readonly string[]) => z.array(z.enum(allowed as [string, ...string[]])).optional()
const date = z.iso.date()
const by = z.string().trim().min(1).max(MAX_REASON_CHARACTERS)
const reason = z.string().max(MAX_REASON_CHARACTERS).optional()

const newMerge = z.strictObject({
  keep: id,
  remove: id,
  on: date.optional(),
  take: z.array(z.enum(TAKE_FIELDS)).optional(),
  // accepting a warning that does not arise, or that need not be accepted, is no error
  accept: codes(WARNINGS),
  override: codes(OVERRIDES),
  ifToken: z.string().min(1).max(MAX_REASON_CHARACTERS).optional(),
  by,
  reason,
})
const existingMerge = z.strictObject({ merge: id })
const undo = z.strictObject({ merge: id, by: by.optional(), reason })

/**
 * Parses what a Temporal client sent, whoever it was. A refusal with the code `bad-input` names the place and what was
 * expected there, never the value. null counts as left out: some languages send it so.
 */
export function parseRequest(input: unknown): { request: MergeRequest } | { refusal: Refusal } {
  const given = withoutNulls(input)
  const existing = typeof given === 'object' && given !== null && 'merge' in given
  const parsed = existing ? existingMerge.safeParse(given) : newMerge.safeParse(given)
  return parsed.success ? { request: parsed.data as MergeRequest } : badInput(parsed.error)
}

/** The same of what undoMerge was sent. */
export function parseUndo(input: unknown): { request: UndoRequest } | { refusal: Refusal } {
  const parsed = undo.safeParse(withoutNulls(input))
  return parsed.success ? { request: parsed.data } : badInput(parsed.error)
}

function badInput({ issues: [issue] }: z.ZodError): { refusal: Refusal } {
  const where = issue?.code === 'unrecognized_keys' ? keysNamed(issue.keys) : (issue?.path.join('.') ?? '')
  return { refusal: { code: 'bad-input', details: { where, ...expectation(issue) } } }
}

/** What looks like a key of ours; whatever else stands in its place may be anything, somebody's name too, and is not repeated. */
const LIKE_A_KEY = /^[a-z][a-zA-Z_-]{0,23}$/

function keysNamed(keys: readonly string[]): string {
  return keys.map((key) => (LIKE_A_KEY.test(key) ? key : '…')).join(', ')
}

/** What was expected, as a code of domain/sentences/expected.ts with its details. */
function expectation(issue: z.core.$ZodIssue | undefined): { expected: Expected } & Record<string, unknown> {
  const ofText = issue !== undefined && 'origin' in issue && issue.origin === 'string'
  switch (issue?.code) {
    case 'unrecognized_keys':
      return { expected: 'no-such-key' }
    case 'invalid_value':
      return { expected: 'one-of', values: issue.values }
    case 'too_big':
      return { expected: ofText ? 'at-most-characters' : 'at-most', most: Number(issue.maximum) }
    case 'too_small':
      return { expected: ofText ? 'at-least-characters' : 'at-least', least: Number(issue.minimum) }
    case 'invalid_format':
      return { expected: issue.format === 'date' ? 'date' : 'something-else' }
    case 'invalid_type':
      return { expected: isExpectedType(issue.expected) ? issue.expected : 'request' }
    default:
      return { expected: 'something-else' }
  }
}

const TYPES = ['number', 'int', 'string', 'array'] as const

function isExpectedType(type: string): type is (typeof TYPES)[number] {
  return (TYPES as readonly string[]).includes(type)
}

function withoutNulls(input: unknown): unknown {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return input
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null))
}
