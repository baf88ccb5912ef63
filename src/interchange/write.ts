import type { Writable } from 'node:stream'

/** Lines are written together up to this size: a write to a pipe costs more than a line. */
const PIECE_CHARS = 64 * 1024

/**
 * Writes lines to a stream, as fast as it takes them, and gives how many it took from `lines`. Ends early, without an
 * error, where the reader has gone away (EPIPE: `| head`). Does not end the stream.
 */
export async function writeLines(lines: AsyncIterable<string>, out: Writable): Promise<number> {
  let failure: NodeJS.ErrnoException | undefined
  const failed = (error: NodeJS.ErrnoException) => (failure = error)
  out.on('error', failed)
  let piece = ''
  let taken = 0
  const flush = async () => {
    if (piece !== '' && !out.destroyed && !out.write(piece)) await drained(out)
    piece = ''
  }
  try {
    for await (const line of lines) {
      piece += line
      taken += 1
      if (piece.length >= PIECE_CHARS) await flush()
      if (failure || out.destroyed) break
    }
    await flush()
  } finally {
    out.off('error', failed)
  }
  if (failure && failure.code !== 'EPIPE') throw failure
  return taken
}

/** The stream takes more, or will never take any more. */
function drained(out: Writable): Promise<void> {
  return new Promise((resolve) => {
    const events = ['drain', 'close', 'error'] as const
    const done = () => {
      for (const event of events) out.off(event, done)
      resolve()
    }
    for (const event of events) out.on(event, done)
  })
}
