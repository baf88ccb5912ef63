import { IMPORT_PROBLEMS, IMPORT_WANTS } from '../domain/sentences'
import { badLine } from '../input/badLine'
import { textLinesOf } from '../input/lines'
import { firstIssue, jsonOf } from '../input/values'
import { contradictionIn } from './contradiction'
import { libraryRecord, patronRecord, portalAccountRecord, type InterchangeRecord } from './schema'

/** A patron with 200,000 rows needs some 30 MB; a longer line is a file of another kind, and would fill the memory. */
export const LONGEST_LINE_BYTES = 64 * 1024 * 1024

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
  for await (const { line, text } of textLinesOf(input, LONGEST_LINE_BYTES))
    yield { line, record: recordOf(line, text) }
}

function recordOf(line: number, text: string): InterchangeRecord {
  const value = jsonOf(line, text)
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
