import { isUtf8 } from 'node:buffer'
import type { ZodError } from 'zod'
import { IMPORT_PROBLEMS, IMPORT_WANTS } from '../domain/sentences'
import { badLine, type Contradiction } from './badInput'
import { contradictionIn } from './contradiction'
import { libraryRecord, patronRecord, portalAccountRecord, wantedBy, type InterchangeRecord } from './schema'

/** A patron with 200,000 rows needs some 30 MB; a longer line is a file of another kind, and would fill the memory. */
export const LONGEST_LINE_BYTES = 64 * 1024 * 1024

const LINE_FEED = 10
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])
const SCHEMAS = { library: libraryRecord, patron: patronRecord, portalAccount: portalAccountRecord }

export interface NumberedRecord {
  /** Of the file, from 1. */
  line: number
  record: InterchangeRecord
}

/**
 * The records of an interchange file, each by itself valid, in the file's order; blank lines are left out. Holds one line
 * at a time. Rejects with an OntdubbelError `bad-input` (exit code 2) that names line, path and reason.
 */
export async function* readRecords(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<NumberedRecord> {
  for await (const { line, bytes } of linesOf(input)) {
    if (!isUtf8(bytes)) throw badLine({ line, path: '', says: IMPORT_PROBLEMS.notUtf8 })
    const text = bytes.toString('utf8')
    if (text.trim() !== '') yield { line, record: recordOf(line, text) }
  }
}

/** Lines, with their numbers from 1, end with \n alone; a \r before it is blank to JSON. Bytes are not decoded. */
export async function* linesOf(
  input: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<{ line: number; bytes: Buffer }> {
  let line = 1
  let pieces: Buffer[] = []
  let length = 0
  const add = (piece: Buffer) => {
    length += piece.length
    if (length > LONGEST_LINE_BYTES) {
      throw badLine({
        line,
        path: '',
        says: IMPORT_PROBLEMS.lineTooLong,
        about: { most: LONGEST_LINE_BYTES / 1024 / 1024 },
      })
    }
    if (piece.length > 0) pieces.push(piece)
  }
  const take = () => {
    const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
    pieces = []
    length = 0
    return line === 1 && bytes.subarray(0, 3).equals(BYTE_ORDER_MARK) ? bytes.subarray(3) : bytes
  }
  for await (const given of input) {
    const chunk =
      typeof given === 'string' ? Buffer.from(given) : Buffer.from(given.buffer, given.byteOffset, given.byteLength)
    let from = 0
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, from)) {
      add(chunk.subarray(from, end))
      yield { line, bytes: take() }
      line += 1
      from = end + 1
    }
    add(chunk.subarray(from))
  }
  yield { line, bytes: take() }
}

function recordOf(line: number, text: string): InterchangeRecord {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // the error of JSON.parse quotes the text
    throw badLine({ line, path: '', says: IMPORT_PROBLEMS.notJson })
  }
  const type = (value as { type?: unknown } | null)?.type
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badLine({ line, path: '', says: IMPORT_PROBLEMS.expected, about: { wanted: IMPORT_WANTS.object } })
  }
  if (type !== 'library' && type !== 'patron' && type !== 'portalAccount') {
    const about = { wanted: IMPORT_WANTS.oneOf, values: Object.keys(SCHEMAS) }
    throw badLine({ line, path: 'type', says: IMPORT_PROBLEMS.expected, about })
  }
  const parsed = SCHEMAS[type].safeParse(value)
  if (!parsed.success) throw badLine({ line, ...firstIssue(parsed.error) })
  const contradiction = contradictionIn(parsed.data)
  if (contradiction) throw badLine({ line, ...contradiction })
  return parsed.data
}

/** A key that somebody made up is named only where it cannot be a person's data. */
const HARMLESS_KEY = /^[A-Za-z][A-Za-z_]{0,39}$/

function firstIssue(error: ZodError): Contradiction {
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
