import { isUtf8 } from 'node:buffer'
import { IMPORT_PROBLEMS } from '../domain/sentences'
import { badLine } from './badLine'

const LINE_FEED = 10
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf])

/** A line of a file that is not blank. */
export interface TextLine {
  /** Of the file, from 1. */
  line: number
  text: string
}

/**
 * The lines of a file that are not blank, with their numbers, one at a time in memory. Rejects with an OntdubbelError
 * `bad-input` (exit code 2) that names the line where one is not UTF-8, or longer than `mostBytes`.
 */
export async function* textLinesOf(
  input: AsyncIterable<Uint8Array | string>,
  mostBytes: number,
): AsyncGenerator<TextLine> {
  for await (const { line, bytes } of linesOf(input, mostBytes)) {
    if (!isUtf8(bytes)) throw badLine({ line, path: '', says: IMPORT_PROBLEMS.notUtf8 })
    const text = bytes.toString('utf8')
    if (text.trim() !== '') yield { line, text }
  }
}

/**
 * Lines, with their numbers from 1, end with \n alone; a \r before it is blank to JSON. Bytes are not decoded. Rejects with
 * an OntdubbelError `bad-input` (exit code 2) at a line of more than `mostBytes`, before it fills the memory.
 */
export async function* linesOf(
  input: AsyncIterable<Uint8Array | string>,
  mostBytes: number,
): AsyncGenerator<{ line: number; bytes: Buffer }> {
  let line = 1
  let pieces: Buffer[] = []
  let length = 0
  const add = (piece: Buffer) => {
    length += piece.length
    if (length > mostBytes) {
      throw badLine({
        line,
        path: '',
        says: IMPORT_PROBLEMS.lineTooLong,
        about: { most: mostBytes / 1024 / 1024 },
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
