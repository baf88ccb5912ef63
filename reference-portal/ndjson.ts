/** A line that cannot be taken: its number, from 1, and why, without quoting it. */
export class BadLine extends Error {
  constructor(
    readonly line: number,
    readonly reason: string,
  ) {
    super(`line ${line}: ${reason}`)
  }
}

/** One account with some thousands of links; a longer line is somebody's mistake and would fill the memory. */
const LINE_LIMIT_CHARS = 1_048_576

/** The lines of a UTF-8 stream, one at a time, with their numbers; empty ones are left out. Only \n ends a line. */
export async function* readLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<{ line: number; text: string }> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let line = 1
  let rest = ''
  const decode = (chunk?: Uint8Array): string => {
    try {
      return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true })
    } catch {
      throw new BadLine(line, 'not UTF-8')
    }
  }
  for await (const chunk of stream) {
    const parts = (rest + decode(chunk)).split('\n')
    rest = parts.pop() ?? ''
    for (const text of parts) {
      if (text.trim() !== '') yield { line, text }
      line += 1
    }
    if (rest.length > LINE_LIMIT_CHARS) throw new BadLine(line, `longer than ${LINE_LIMIT_CHARS} characters`)
  }
  rest += decode()
  if (rest.trim() !== '') yield { line, text: rest }
}

/** Parses a line; throws `BadLine` where it is no JSON. */
export function parseLine({ line, text }: { line: number; text: string }): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new BadLine(line, 'not JSON')
  }
}
