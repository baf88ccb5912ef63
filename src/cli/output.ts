import { once } from 'node:events'
import { styleText } from 'node:util'
import { OPERATIONS, say, type Language } from '../domain/sentences'

/** Whether people look at this stream and want colour. */
function coloured(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && !process.env.NO_COLOR && process.env.TERM !== 'dumb'
}

type Style = Parameters<typeof styleText>[0]

/** Colours a text for standard output; without a terminal, or with NO_COLOR, it stays plain. */
export function styled(style: Style, text: string): string {
  return coloured(process.stdout) ? styleText(style, text) : text
}

/** A line of a result. */
export function print(line = ''): void {
  process.stdout.write(`${line}\n`)
}

/** Writes what may be long, as fast as whoever reads takes it: it is never in memory whole. */
export async function printAll(pieces: AsyncIterable<unknown>): Promise<void> {
  for await (const piece of pieces) if (!process.stdout.write(String(piece))) await once(process.stdout, 'drain')
}

/** A line about what happens: progress, hints, errors. Never part of a result. */
export function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Somebody else has one of the records at this moment. */
export function tellWaiting(language: Language): void {
  tell(say(OPERATIONS.waits, language))
}

/** One JSON document on one line: a result, or one line of an NDJSON list. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value))
}

/** Whoever reads our lines may be gone before we are (`… | head`): that is the end, not an error. */
export function stopWhenNobodyReads(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0)
      throw error
    })
  }
}
