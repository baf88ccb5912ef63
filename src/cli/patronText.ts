import { todayInBrussels } from '../domain/moments'
import { dayIn, euros, PATRON_LINES, say, statusWord, valueWord, type Language } from '../domain/sentences'
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
export function withRemedies(way: readonly MergedFrom[], language: Language): ShownPatron['mergedFrom'] {
  return way.map((step) => ({ ...step, remedy: remedyFor(step, language) }))
}

const GIVEN_UP = {
  skipped: PATRON_LINES.linksGivenUp,
  refused: PATRON_LINES.linksRefused,
  'gave-up': PATRON_LINES.linksGaveUp,
}

function remedyFor({ patron, portal, linksLeftAt }: MergedFrom, language: Language): string | null {
  if (portal === null || !(portal in GIVEN_UP)) return null
  const libraries = linksLeftAt.length > 0 ? linksLeftAt : null
  return say(GIVEN_UP[portal as keyof typeof GIVEN_UP], language, { patron, libraries })
}

/** "1002 was merged into 1001 (merge 7)." */
export function mergedSentence({ patron, into, merge }: MergedFrom, language: Language): string {
  return say(PATRON_LINES.mergedFrom, language, { patron, into, merge })
}

/** A patron as the desk sees it. */
export function printPatron({ mergedFrom, patron, balances, merges }: ShownPatron, language: Language): void {
  const words = (name: keyof typeof PATRON_LINES, details = {}) => say(PATRON_LINES[name], language, details)
  const day = (date: string) => dayIn(date, language)
  const euro = (cents: number) => euros(cents, language)
  const section = <Row>(title: keyof typeof PATRON_LINES, rows: readonly Row[], line: (row: Row) => string[]) => {
    if (rows.length > 0) print(styled('bold', `  ${words(title)}`))
    for (const row of rows) print(`    ${line(row).join('  ').trimEnd()}`)
  }

  for (const step of mergedFrom) {
    print(styled('yellow', mergedSentence(step, language)))
    if (step.remedy) print(styled('yellow', `  ! ${step.remedy}`))
  }
  print(styled('bold', `${patron.id}  ${nameOf(patron)}`))
  const details = detailsOf(patron, language).filter(([, value]) => value)
  for (const [name, value] of details) print(`  ${words(name).padEnd(19)} ${value}`)
  if (patron.protected) print(`  ${words('protected')}`)

  const { contacts, cards, subscriptions, loans, holds, charges, payments, messages, historyPreferences, loanHistory } =
    patron
  section('contacts', contacts, ({ kind, value, primary }) => [
    `${valueWord('contact', kind, language).padEnd(8)} ${value}`,
    primary ? words('primary') : '',
  ])
  section('cards', cards, ({ number, library, status }) => [number, library ?? '', valueWord('card', status, language)])
  section('subscriptions', subscriptions, (one) => subscriptionCells(one, language))
  section('loans', loans, ({ id, library, title, loanedOn, dueOn, renewals }) => [
    `${id}`,
    library,
    title,
    words('loaned', { on: loanedOn }),
    words('due', { on: dueOn }),
    renewals > 0 ? words('renewed', { n: renewals }) : '',
  ])
  section('holds', holds, ({ id, library, title, placedAt, status, reason }) => [
    `${id}`,
    library,
    title,
    words('placed', { on: dayOf(placedAt) }),
    valueWord('hold', status, language),
    valueWord('holdReason', reason ?? '', language),
  ])
  section(
    'openCharges',
    openCharges(charges, payments),
    ({ id, library, kind, chargedOn, open, amount, inCollection }) => [
      `${id}`,
      library,
      valueWord('charge', kind, language),
      day(chargedOn),
      open === amount ? euro(open) : words('openOf', { open: euro(open), amount: euro(amount) }),
      inCollection ? words('inCollection') : '',
    ],
  )
  section('balances', balances, ({ library, open }) => [library, words('toPay', { open: euro(open) })])
  section('messages', messages, ({ kind, library, createdAt, author, text }) => [
    valueWord('message', kind, language),
    library,
    day(dayOf(createdAt)),
    author ?? '',
    text,
  ])
  section('loanHistory', historyPreferences, ({ library, enabled }) => [
    library,
    words(enabled ? 'historyKept' : 'historyNotKept'),
  ])
  if (loanHistory.length > 0) print(`  ${words('returnedLoans', { n: loanHistory.length })}`)
  section('merges', merges, ({ id: merge, removed, kept, on, status, by }) => [
    words('merge', { merge, removed, kept, on, by, status: statusWord(status, language) }),
  ])
}

type Detail = [name: keyof typeof PATRON_LINES, value: string | null]

function detailsOf(patron: ShownPatron['patron'], language: Language): Detail[] {
  const { address, birthDate, gender, registeredOn, lastActivityOn, internetBlock } = patron
  const day = (date: string | null) => date && dayIn(date, language)
  const box = address?.box && say(PATRON_LINES.box, language, { box: address.box })
  const street = [address?.street, address?.number, box].filter(Boolean).join(' ')
  const place = [address?.postcode, address?.city].filter(Boolean).join(' ')
  const online = patron.registeredOnline ? say(PATRON_LINES.online, language) : ''
  return [
    ['birthDate', day(birthDate)],
    ['gender', gender && valueWord('gender', gender, language)],
    ['address', [street, place].filter(Boolean).join(', ')],
    ['nationalNumber', patron.nationalNumber],
    ['legitimation', patron.legitimation],
    ['registered', [day(registeredOn), online].filter(Boolean).join(', ')],
    ['lastActivity', day(lastActivityOn)],
    ['internetBlock', internetBlock && valueWord('internetBlock', internetBlock.reason, language)],
  ]
}

function nameOf({ lastName, firstName }: { lastName: string | null; firstName: string | null }): string {
  return [lastName, firstName].filter(Boolean).join(', ')
}

function subscriptionCells(
  { id, library, product, startsOn, endsOn, stoppedOn }: PatronRecord['subscriptions'][number],
  language: Language,
): string[] {
  const today = todayInBrussels()
  // as is_active() in the database says
  const active = (stoppedOn === null || stoppedOn > today) && (endsOn === null || endsOn >= today)
  const period = { from: startsOn, to: endsOn }
  return [
    `${id}`,
    library,
    product,
    say(endsOn === null ? PATRON_LINES.openPeriod : PATRON_LINES.period, language, period),
    ...(stoppedOn === null ? [] : [say(PATRON_LINES.stopped, language, { on: stoppedOn })]),
    valueWord('subscription', active ? 'active' : 'expired', language),
  ]
}

/** A patron as the patron administration lists it, on one line. */
export function listedLine(
  { id, lastName, firstName, birthDate, city, cards, subscriptions }: ListedPatron,
  language: Language,
): string {
  const active = subscriptions.some((subscription) => subscription.active)
  return [
    String(id).padStart(8),
    nameOf({ lastName, firstName }),
    birthDate && dayIn(birthDate, language),
    city,
    cards.join(' '),
    valueWord('subscription', active ? 'active' : 'expired', language),
  ]
    .filter(Boolean)
    .join('  ')
}

/** The day of a moment in the record, which is written in Brussels' time. */
function dayOf(moment: string): string {
  return moment.slice(0, 10)
}
