import { z, type ZodError } from 'zod'
import { IMPORT_PROBLEMS, IMPORT_WANTS, type ImportWant } from '../domain/sentences'
import { badLine, type Contradiction, type Reason } from './badLine'

/** What is asked of a line's values. Every schema says in its error what was expected; none quotes what stands there. */

/** What an issue's message says. */
interface Wanted {
  missing: boolean
  wants: ImportWant
  about: Record<string, unknown>
}

/** The error of a schema: what it wants. Zod has texts only, and ours are in two languages. */
export function says(wants: ImportWant, about: Record<string, unknown> = {}) {
  return {
    error: ({ input }: { input?: unknown }) =>
      JSON.stringify({ missing: input === undefined, wants, about } satisfies Wanted),
  }
}

/** The reason that the message of an issue of these schemas stands for. */
function wantedBy(message: string): Reason {
  const { missing, wants, about } = JSON.parse(message) as Wanted
  const sentence = missing ? IMPORT_PROBLEMS.missing : IMPORT_PROBLEMS.expected
  return { says: sentence, about: { ...about, wanted: IMPORT_WANTS[wants] } }
}

const anId = says('id')
/** A positive safe integer. */
export const id = z.int(anId).min(1, anId)

export function oneOf<const Values extends readonly string[]>(values: Values) {
  return z.enum(values, says('oneOf', { values }))
}

/** Unknown keys are errors. */
export function object<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, says('object'))
}

/**
 * A line's JSON.
 * @throws OntdubbelError `bad-input` (exit code 2) where it is none
 */
export function jsonOf(line: number, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // the error of JSON.parse quotes the text
    throw badLine({ line, path: '', says: IMPORT_PROBLEMS.notJson })
  }
}

/** A key that somebody made up is named only where it cannot be a person's data. */
export const HARMLESS_KEY = /^[A-Za-z][A-Za-z_]{0,39}$/

/** Where a line is not as a schema wants it, and why. */
export function firstIssue(error: ZodError): Contradiction {
  const issue = error.issues[0]
  if (!issue) return { path: '', says: IMPORT_PROBLEMS.notRecord }
  const path = issue.path.reduce<string>(
    (before, part) =>
      typeof part === 'number' ? `${before}[${part}]` : before === '' ? String(part) : `${before}.${String(part)}`,
    '',
  )
  if (issue.code !== 'unrecognized_keys') return { path, ...wantedBy(issue.message) }
  const known = issue.keys[0] ?? ''
  if (!HARMLESS_KEY.test(known)) return { path, says: IMPORT_PROBLEMS.unknownKey }
  return { path: path === '' ? known : `${path}.${known}`, says: IMPORT_PROBLEMS.unknownKey }
}
