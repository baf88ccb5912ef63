import { randomUUID } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const FOLDER = 'TEST_STANDING'

/** For globalSetup: the folder in which each thing that must be gone at the end has a file. */
export function watchForLeftovers(): void {
  process.env[FOLDER] = mkdtempSync(path.join(tmpdir(), 'ontdubbel-standing-'))
}

/** Says that `what` (a worker, a process, a database) must be gone at the end; call the function returned when it is. */
export function expectGone(what: string): () => void {
  const file = path.join(process.env[FOLDER] ?? '', randomUUID())
  writeFileSync(file, `${what} of ${path.basename(expect.getState().testPath ?? '')}`)
  return () => rmSync(file, { force: true })
}

/** For globalTeardown: what test files left behind; the run fails when it is anything. */
export function leftBehind(): string[] {
  const folder = process.env[FOLDER] ?? ''
  const left = readdirSync(folder).map((file) => readFileSync(path.join(folder, file), 'utf8'))
  rmSync(folder, { recursive: true, force: true })
  return left
}
