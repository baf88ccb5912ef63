import { once } from 'node:events'
import type { Writable } from 'node:stream'

/** Lines are written together up to this size: a write to a pipe costs more than a line. */
const PIECE_CHARS = 64 * 1024

/**
 * Writes lines to a stream, as fast as it takes them, and gives how many. Ends early, without an error, where the reader
 * has gone away (EPIPE: `| head`). Does not end the stream.
 */
export async function writeLines(lines: AsyncIterable<string>, out: Writable): Promise<number> {
  let failure: NodeJS.ErrnoException | undefined
  const failed = (error: NodeJS.ErrnoException) => (failure = error)
  out.on('error', failed)
  let piece = ''
  let written = 0
  const flush = async () => {
    if (piece !== '' && !out.write(piece)) await Promise.race([once(out, 'drain'), once(out, 'close')])
    piece = ''
  }
  try {
    for await (const line of lines) {
      piece += line
      written += 1
      if (piece.length >= PIECE_CHARS) await flush()
      if (failure) break
    }
    if (!failure) await flush()
  } catch (error) {
    // `once` rejects with the stream's own error
    if (error !== failure) throw error
  } finally {
    out.off('error', failed)
  }
  if (failure && failure.code !== 'EPIPE') throw failure
  return written
}
