/** What the whole run says, and of whom: searched when it ends. */
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Client } from '@temporalio/client'
import { textsOfAllWorkflows } from './histories'
import type { Personal } from './people'
import { SearchForPeople } from './searchForPeople'

const FOLDER = 'TEST_SAID'
const PEOPLE = 'people.ndjson'

/** For globalSetup. */
export function listen(): void {
  process.env[FOLDER] = mkdtempSync(path.join(tmpdir(), 'ontdubbel-said-'))
}

/** The file for what one kind of program says, by test process: worker logs, what commands say on standard error. */
export function saidFile(what: string): string {
  return path.join(process.env[FOLDER] ?? '', `${what}-${process.pid}.log`)
}

/** Keeps what a program has said. */
export function noteSaid(what: string, text: string): void {
  if (text !== '') appendFileSync(saidFile(what), `${path.basename(expect.getState().testPath ?? '')} ${text}\n`)
}

/** Keeps whom nothing may name. */
export function notePeople(people: readonly Personal[]): void {
  if (people.length === 0) return
  const lines = people.map((one) => JSON.stringify(one)).join('\n')
  appendFileSync(path.join(process.env[FOLDER] ?? '', PEOPLE), `${lines}\n`)
}

/**
 * For globalTeardown, while the Temporal server still runs: searches every history of the run and everything that was said
 * for the people in it. Gives where something was found and of which kind it is, never the value.
 */
export async function peopleNamed(client: Client, since: Date): Promise<string[]> {
  const folder = process.env[FOLDER] ?? ''
  try {
    const files = readdirSync(folder)
    const read = (file: string) => readFileSync(path.join(folder, file), 'utf8')
    const people = files.includes(PEOPLE) ? new Set(read(PEOPLE).split('\n').filter(Boolean)) : []
    const search = new SearchForPeople([...people].map((line) => JSON.parse(line) as Personal))
    for (const file of files) {
      if (file === PEOPLE) continue
      for (const [n, line] of read(file).split('\n').entries()) search.look(`${file}, line ${n + 1}`, line)
    }
    for await (const texts of textsOfAllWorkflows(client, since)) {
      for (const { where, text } of texts) search.look(where, text)
    }
    return search.findings()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
