import type { PatronRecord } from '../interchange/schema'
import { openCharges, type Balance } from '../patrons/balances'
import type { MergedFrom } from '../patrons/find'
import type { MergeOfPatron } from '../patrons/merges'
import type { ListedPatron } from '../patrons/search'
import { print, styled } from './output'

/** The object of `patron show --json`. */
export interface ShownPatron {
  id: number
  /** As it was typed: an actor id or a card number. */
  asked: string
  /** How the id or card leads to the record; empty where it is the record's own. */
  mergedFrom: (MergedFrom & { remedy: string | null })[]
  /** As the interchange file has it. */
  patron: Omit<PatronRecord, 'type'>
  /** In euro cents. */
  balances: Balance[]
  merges: MergeOfPatron[]
}

/** Adds what to do where the portal part of a merge was given up (domain.md). */
export function withRemedies(way: readonly MergedFrom[]): ShownPatron['mergedFrom'] {
  return way.map((step) => ({ ...step, remedy: remedyFor(step) }))
}

const GIVEN_UP: Record<string, string> = {
  skipped: 'were given up',
  refused: 'could not be moved (the portal refused)',
  'gave-up': 'could not be moved (the portal did not answer for 30 days)',
}

function remedyFor({ patron, portal, linksLeftAt }: MergedFrom): string | null {
  const how = GIVEN_UP[portal ?? '']
  if (how === undefined) return null
  const at = linksLeftAt.length > 0 ? ` (${linksLeftAt.join(', ')})` : ''
  return `The portal links of ${patron}${at} ${how}: ask the patron to unlink in Mijn Bibliotheek and link again.`
}

/** "1002 was merged into 1001 (merge 7)." */
export function mergedSentence({ patron, into, merge }: MergedFrom): string {
  return `${patron} was merged into ${into}${merge === null ? '' : ` (merge ${merge})`}.`
}

/** A patron as the desk sees it. */
export function printPatron({ mergedFrom, patron, balances, merges }: ShownPatron): void {
  for (const step of mergedFrom) {
    print(styled('yellow', mergedSentence(step)))
    if (step.remedy) print(styled('yellow', `  ! ${step.remedy}`))
  }
  print(styled('bold', `${patron.id}  ${nameOf(patron)}`))
  const lines = { ...details(patron), ...(patron.internetBlock && { 'internet block': patron.internetBlock.reason }) }
  for (const [name, value] of Object.entries(lines)) if (value) print(`  ${name.padEnd(16)} ${value}`)
  if (patron.protected) print('  a protected record: not a person')

  const { contacts, cards, subscriptions, loans, holds, charges, payments, messages, historyPreferences, loanHistory } =
    patron
  section(
    'Contacts',
    contacts,
    ({ kind, value, primary }) => `${kind.padEnd(8)} ${value}${primary ? '  (primary)' : ''}`,
  )
  section('Cards', cards, ({ number, library, status }) => `${number}  ${library ?? ''}  ${status}`)
  section('Subscriptions', subscriptions, subscriptionLine)
  section('Loans', loans, ({ id, library, title, loanedOn, dueOn, renewals }) =>
    [`${id}`, library, title, `since ${loanedOn}`, `due ${dueOn}`, renewals > 0 ? `renewed ${renewals}x` : ''].join(
      '  ',
    ),
  )
  section('Holds', holds, ({ id, library, title, placedAt, status, reason }) =>
    [`${id}`, library, title, `placed ${placedAt.slice(0, 10)}`, status, reason ?? ''].join('  '),
  )
  section(
    'Open charges',
    openCharges(charges, payments),
    ({ id, library, kind, chargedOn, open, amount, inCollection }) =>
      [
        `${id}`,
        library,
        kind,
        chargedOn,
        `${euros(open)}${open === amount ? '' : ` of ${euros(amount)}`}`,
        inCollection ? 'in collection' : '',
      ].join('  '),
  )
  section('Balances', balances, ({ library, open }) => `${library}  ${euros(open)} to pay`)
  section('Notices and remarks', messages, ({ kind, library, createdAt, author, text }) =>
    [kind, library, createdAt.slice(0, 10), author ?? '', text].join('  '),
  )
  section('Loan history', historyPreferences, ({ library, enabled }) => `${library}  ${enabled ? 'kept' : 'not kept'}`)
  if (loanHistory.length > 0) print(`  ${loanHistory.length} returned loans`)
  section(
    'Merges',
    merges,
    ({ id, removed, kept, on, status, by }) => `${id}  ${removed} into ${kept}, on ${on}, by ${by}: ${status}`,
  )
}

function section<Row>(title: string, rows: readonly Row[], line: (row: Row) => string): void {
  if (rows.length === 0) return
  print(styled('bold', `  ${title}`))
  for (const row of rows) print(`    ${line(row).trimEnd()}`)
}

function details(patron: ShownPatron['patron']): Record<string, string | null> {
  const { address } = patron
  const street = [address?.street, address?.number, address?.box && `box ${address.box}`].filter(Boolean).join(' ')
  const place = [address?.postcode, address?.city].filter(Boolean).join(' ')
  return {
    'birth date': patron.birthDate,
    gender: patron.gender,
    address: [street, place].filter(Boolean).join(', '),
    'national number': patron.nationalNumber,
    legitimation: patron.legitimation,
    registered: [patron.registeredOn, patron.registeredOnline ? 'online' : ''].filter(Boolean).join(', '),
    'last activity': patron.lastActivityOn,
  }
}

function nameOf({ lastName, firstName }: { lastName: string | null; firstName: string | null }): string {
  return [lastName, firstName].filter(Boolean).join(', ')
}

function subscriptionLine({
  id,
  library,
  product,
  startsOn,
  endsOn,
  stoppedOn,
}: PatronRecord['subscriptions'][number]): string {
  const today = todayInBrussels()
  const active = (stoppedOn === null || stoppedOn > today) && (endsOn === null || endsOn >= today)
  const stopped = stoppedOn === null ? '' : `  stopped on ${stoppedOn}`
  return `${id}  ${library}  ${product}  ${startsOn} to ${endsOn ?? '…'}${stopped}  ${active ? 'active' : 'expired'}`
}

/** A patron as the patron administration lists it, on one line. */
export function listedLine({ id, lastName, firstName, birthDate, city, cards, subscriptions }: ListedPatron): string {
  const active = subscriptions.some((subscription) => subscription.active)
  return [
    String(id).padStart(8),
    nameOf({ lastName, firstName }),
    birthDate,
    city,
    cards.join(' '),
    active ? 'active' : 'expired',
  ]
    .filter(Boolean)
    .join('  ')
}

function euros(cents: number): string {
  return `€ ${(cents / 100).toFixed(2)}`
}

/** `YYYY-MM-DD`: Swedish dates are ISO's. */
function todayInBrussels(): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Brussels' }).format()
}
