import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { OntdubbelError } from '../domain/errors'
import { IMPORT_SENTENCES } from '../domain/sentences'

/**
 * Opens a file to read, `-` for standard input. `bytes` is its length, where that is known.
 * @throws OntdubbelError `bad-input` (exit code 2) where it cannot be read
 */
export async function openInput(file: string): Promise<{ input: Readable; bytes: number | undefined }> {
  if (file === '-') return { input: process.stdin, bytes: undefined }
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    throw cannotBeRead(file, error)
  })
  if (found.isDirectory()) throw new OntdubbelError('bad-input', IMPORT_SENTENCES.isFolder, 2, { file })
  const input = createReadStream(file)
  await new Promise<void>((resolve, reject) => {
    input.once('open', () => resolve())
    input.once('error', (error: NodeJS.ErrnoException) => reject(cannotBeRead(file, error)))
  })
  return { input, bytes: found.isFile() ? found.size : undefined }
}

function cannotBeRead(file: string, { code }: NodeJS.ErrnoException): OntdubbelError {
  const details = { file, why: code ?? IMPORT_SENTENCES.noReason }
  return new OntdubbelError('bad-input', IMPORT_SENTENCES.cannotBeRead, 2, details)
}
