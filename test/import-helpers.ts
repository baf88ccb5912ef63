import type { Pool } from 'pg'
import type { OntdubbelError } from '../src/domain/errors'
import { exportRecords, type ExportOptions } from '../src/interchange/dump'
import { importFile, type ImportCounts, type ImportOptions } from '../src/interchange/load'

export type Json = Record<string, unknown>

export async function* inLines(records: readonly unknown[]): AsyncGenerator<string> {
  for (const record of records) yield `${JSON.stringify(record)}\n`
}

/** Takes accounts and keeps them, as a portal does: an account that is there gets these links. */
export function keptAccounts() {
  const kept = new Map<string, Json>()
  const sendAccounts = async (lines: AsyncIterable<string>) => {
    for await (const line of lines) {
      const account = JSON.parse(line) as Json
      kept.set(account.id as string, account)
    }
  }
  return { kept, sendAccounts }
}

export function load(pool: Pool, records: readonly unknown[], options: ImportOptions = {}): Promise<ImportCounts> {
  return importFile(pool, inLines(records), { sendAccounts: keptAccounts().sendAccounts, ...options })
}

export async function exported(pool: Pool, options: ExportOptions = {}): Promise<string[]> {
  const lines: string[] = []
  for await (const line of exportRecords(pool, options)) lines.push(line)
  return lines
}

/** The error of something that must fail. */
export async function failure(work: Promise<unknown>): Promise<OntdubbelError> {
  return work.then(
    () => {
      throw new Error('it did not fail')
    },
    (error: OntdubbelError) => error,
  )
}

export const ZOT = { type: 'library', id: 'ZOT', name: 'Bibliotheek Zottegem' }
export const OOS = { type: 'library', id: 'OOS', name: 'Bibliotheek Oosterzele' }

/** A patron with a row of every kind, as people write them: with what may be left out left out. */
export function fullPatron(id: number): Json {
  return {
    type: 'patron',
    id,
    lastName: 'Janssens',
    firstName: 'Mia',
    gender: 'F',
    birthDate: '1984-03-12',
    address: { street: 'Dorpsstraat', number: '12', postcode: '9620', city: 'Zottegem' },
    nationalNumber: '84031202245',
    legitimation: 'eID',
    registeredOnline: true,
    registeredOn: '2019-04-02',
    lastActivityOn: '2026-11-02',
    internetBlock: { reason: 'online-registration' },
    contacts: [
      { kind: 'phone', value: '09 360 11 22' },
      { kind: 'email', value: `mia${id}@example.org`, primary: true },
    ],
    cards: [{ number: `20000000${id}`, library: 'ZOT', status: 'active' }],
    subscriptions: [{ id: id * 10, library: 'ZOT', product: 'adult', startsOn: '2026-02-01' }],
    historyPreferences: [{ library: 'ZOT', enabled: true }],
    loans: [
      { id: id * 10, library: 'ZOT', item: '0300001', title: 'T77', loanedOn: '2026-11-02', dueOn: '2026-11-30' },
    ],
    loanHistory: [
      { id: id * 10, library: 'ZOT', item: '0300002', title: 'T12', loanedOn: '2026-05-01', returnedOn: '2026-05-20' },
    ],
    holds: [
      { id: id * 10, library: 'ZOT', title: 'T90', placedAt: '2026-11-01T10:00:00+01:00', status: 'waiting' },
      { id: id * 10 + 1, library: 'OOS', title: 'T90', placedAt: '2026-11-01T10:00:00+01:00', status: 'ready' },
    ],
    charges: [{ id: id * 10, library: 'ZOT', kind: 'membership', amount: 500, chargedOn: '2026-02-01' }],
    payments: [
      { id: id * 10, charge: id * 10, amount: 200, paidOn: '2026-02-03' },
      { id: id * 10 + 1, charge: id * 10, amount: 300, paidOn: '2026-02-04' },
    ],
    messages: [
      { id: id * 10, library: 'ZOT', kind: 'notice', text: 'Boek nat', createdAt: '2026-03-01T09:00:00+01:00' },
    ],
  }
}
