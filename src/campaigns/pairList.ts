import { parse } from 'csv-parse/sync'
import { z } from 'zod'
import type { ListedPair } from '../domain/campaign'
import { OVERRIDES, TAKE_FIELDS, WARNINGS } from '../domain/codes'
import { OntdubbelError } from '../domain/errors'
import { LIST_PROBLEMS } from '../domain/sentences'
import { badLine } from '../input/badLine'
import { textLinesOf, type TextLine } from '../input/lines'
import { firstIssue, HARMLESS_KEY, id, jsonOf, object, oneOf, says } from '../input/values'

/** A pair has some hundred bytes; a longer line is a file of another kind. */
const LONGEST_LINE_BYTES = 1024 * 1024

/** A pair of a list, with where it stands. */
export interface NumberedPair {
  /** Of the file, from 1. */
  line: number
  pair: ListedPair
}

/** What stands twice in a list counts once. */
function listOf<const Codes extends readonly string[]>(codes: Codes) {
  return z
    .array(oneOf(codes), says('list'))
    .nullish()
    .transform((given) => [...new Set(given)])
}

const listedPair = object({
  keep: id,
  remove: id,
  take: listOf(TAKE_FIELDS),
  // accepting a warning that does not arise, or that need not be accepted, is no error
  accept: listOf(WARNINGS),
  override: listOf(OVERRIDES),
})

type Column = keyof typeof listedPair.shape
const COLUMNS = Object.keys(listedPair.shape) as Column[]

/** Undefined for a line that holds nothing. */
type Reader = (line: TextLine) => NumberedPair | undefined

/**
 * The pairs of a list in its order, one line at a time in memory: NDJSON where its first character that is not blank is a
 * `{`, else CSV with a header (its columns in any order, separated by commas or semicolons). Blank lines and rows of empty
 * fields are left out. The pairs are valid by themselves: their patrons need not exist, and a pair may stand there twice.
 *
 * Rejects with an OntdubbelError `bad-input` (exit code 2) that names line, place and reason, never a value; or that says
 * that there are no pairs.
 */
export async function* readPairs(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<NumberedPair> {
  let reader: Reader | undefined
  let some = false
  for await (const line of textLinesOf(input, LONGEST_LINE_BYTES)) {
    if (reader === undefined && !line.text.trimStart().startsWith('{')) {
      reader = csvReader(line)
      continue
    }
    reader ??= fromJson
    const pair = reader(line)
    if (pair === undefined) continue
    yield pair
    some = true
  }
  if (!some) throw new OntdubbelError('bad-input', LIST_PROBLEMS.noPairs, 2)
}

function fromJson({ line, text }: TextLine): NumberedPair {
  return pairOf(line, jsonOf(line, text))
}

/** Lists are separated by blanks. What stands in no column, as a spreadsheet leaves out the last empty ones, is left out. */
function csvReader(header: TextLine): Reader {
  const delimiter = header.text.includes(';') ? ';' : ','
  const columns = columnsOf(header.line, fieldsOf(header, delimiter))
  return (line) => {
    const given: Partial<Record<Column, unknown>> = {}
    for (const [at, field] of fieldsOf(line, delimiter).entries()) {
      if (field === '') continue
      const column = columns[at]
      if (column === undefined) {
        throw badLine({ line: line.line, path: '', says: LIST_PROBLEMS.outsideColumns, about: { column: at + 1 } })
      }
      given[column] = column === 'keep' || column === 'remove' ? idOf(field) : field.split(/\s+/)
    }
    return Object.keys(given).length === 0 ? undefined : pairOf(line.line, given)
  }
}

/** The column of each field; undefined where a spreadsheet has an empty column more. */
function columnsOf(line: number, names: readonly string[]): (Column | undefined)[] {
  const columns = names.map((name, at) => {
    if (name === '') return undefined
    const column = COLUMNS.find((known) => known === name)
    if (column !== undefined) return column
    const path = HARMLESS_KEY.test(name) ? name : ''
    throw badLine({ line, path, says: LIST_PROBLEMS.unknownColumn, about: { column: at + 1, columns: COLUMNS } })
  })
  for (const column of COLUMNS) {
    const times = columns.filter((each) => each === column).length
    if (times > 1) throw badLine({ line, path: column, says: LIST_PROBLEMS.columnTwice })
    const needed = column === 'keep' || column === 'remove'
    if (needed && times === 0) throw badLine({ line, path: column, says: LIST_PROBLEMS.missingColumn })
  }
  return columns
}

/** One line at a time, so that a quote that is not closed spoils one line and names it; no field of a list has two. */
function fieldsOf({ line, text }: TextLine, delimiter: string): string[] {
  // a list of a million without quotes is read in a third of the time
  if (!text.includes('"')) return trimmed(text.split(delimiter))
  try {
    const [fields = []] = parse(text.trim(), {
      delimiter,
      record_delimiter: '\n',
      trim: true,
      relax_column_count: true,
    })
    // the parser trims what stands around quotes, not what stands in them
    return trimmed(fields)
  } catch {
    // the error of the parser quotes the text
    throw badLine({ line, path: '', says: LIST_PROBLEMS.quotes })
  }
}

function trimmed(fields: readonly string[]): string[] {
  return fields.map((field) => field.trim())
}

/** A number where it looks like one; else what it is, which is then no id. */
function idOf(field: string): unknown {
  return /^\d+$/.test(field) ? Number(field) : field
}

function pairOf(line: number, given: unknown): NumberedPair {
  const parsed = listedPair.safeParse(given)
  if (!parsed.success) throw badLine({ line, ...firstIssue(parsed.error) })
  return { line, pair: parsed.data }
}
