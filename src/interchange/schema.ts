import { z } from 'zod'
import { isDate } from '../domain/moments'
import { id, object, oneOf, says } from '../input/values'

/**
 * The records of the interchange file, one a line. Strict: unknown keys are errors. What may be left out may be null too,
 * and comes out as null, false, 0 or an empty list; an empty optional text comes out as null.
 *
 * Every schema says in its error what was expected. None quotes what stands there: it may be personal data.
 */

/** A key of the store's indexes, and what the portal's contract takes as a library's or an account's id. */
const LONGEST_KEY_CHARS = 255
/** A contact is a key too: an index row of PostgreSQL holds 2,704 bytes. */
const LONGEST_CONTACT_CHARS = 600
const LARGEST_INT4 = 2_147_483_647

/** PostgreSQL stores no NUL, and half a surrogate pair is no text. */
const STORABLE_TEXT = /^[^\0\p{Cs}]*$/u
const KEY_TEXT = /^[^\p{Cc}\p{Cs}]+$/u
const ELEVEN_DIGITS_OR_NONE = /^([0-9]{11})?$/
const INSTANT =
  /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:0\d|1[0-5]):[0-5]\d)$/

/** In UTC, so that what an export writes in the time of Brussels is within them too: years of four digits either way. */
const FIRST_INSTANT_MS = Date.parse('0002-01-01T00:00:00Z')
const LAST_INSTANT_MS = Date.parse('9999-01-01T00:00:00Z')

function isInstant(text: string): boolean {
  const day = INSTANT.exec(text)?.[1]
  if (day === undefined || !isDate(day)) return false
  if (day > '0003' && day < '9998') return true
  const ms = Date.parse(text)
  return ms >= FIRST_INSTANT_MS && ms < LAST_INSTANT_MS
}

const ofKey = says('key', { most: LONGEST_KEY_CHARS })
const key = z.string(ofKey).regex(KEY_TEXT, ofKey).max(LONGEST_KEY_CHARS, ofKey)

const ofText = says('text')
const text = z.string(ofText).regex(STORABLE_TEXT, ofText)
const textOrNull = text.nullish().transform((value) => value || null)

const ofContact = says('contact', { most: LONGEST_CONTACT_CHARS })
const contactText = z.string(ofContact).regex(STORABLE_TEXT, ofContact).max(LONGEST_CONTACT_CHARS, ofContact)

const ofDate = says('date')
const date = z.string(ofDate).refine(isDate, ofDate)
const dateOrNull = date.nullish().transform((value) => value ?? null)

const ofInstant = says('instant')
const instant = z.string(ofInstant).refine(isInstant, ofInstant)

const ofCents = says('cents')
const cents = z.int(ofCents).min(0, ofCents)

const ofFlag = says('flag')
const flag = z.boolean(ofFlag)
const flagOrFalse = flag.nullish().transform((value) => value ?? false)

const ofCount = says('count', { most: LARGEST_INT4 })
const countOrZero = z
  .int(ofCount)
  .min(0, ofCount)
  .max(LARGEST_INT4, ofCount)
  .nullish()
  .transform((value) => value ?? 0)

function listOf<Row extends z.ZodType>(row: Row) {
  return z
    .array(row, says('list'))
    .nullish()
    .transform((rows): z.output<Row>[] => rows ?? [])
}

const addressKeys = object({
  street: textOrNull,
  number: textOrNull,
  box: textOrNull,
  postcode: textOrNull,
  city: textOrNull,
})

/** An address of which nothing is known is none. */
const address = addressKeys.nullish().transform((given) => (given && Object.values(given).some(Boolean) ? given : null))

const ofNationalNumber = says('nationalNumber')
const nationalNumber = z
  .string(ofNationalNumber)
  .regex(ELEVEN_DIGITS_OR_NONE, ofNationalNumber)
  .nullish()
  .transform((value) => value || null)

export const contact = object({
  kind: oneOf(['email', 'phone', 'mobile']),
  value: contactText,
  primary: flagOrFalse,
})

export const card = object({
  number: key,
  library: key.nullish().transform((value) => value ?? null),
  status: oneOf(['active', 'blocked', 'lost']),
})

export const subscription = object({
  id,
  library: key,
  product: text,
  startsOn: date,
  endsOn: dateOrNull,
  stoppedOn: dateOrNull,
})

export const historyPreference = object({ library: key, enabled: flag })

export const loan = object({
  id,
  library: key,
  item: text,
  title: text,
  loanedOn: date,
  dueOn: date,
  renewals: countOrZero,
  card: textOrNull,
})

export const historyEntry = object({
  id,
  library: key,
  item: text,
  title: text,
  loanedOn: date,
  returnedOn: date,
  card: textOrNull,
})

export const hold = object({
  id,
  library: key,
  title: text,
  placedAt: instant,
  status: oneOf(['waiting', 'ready', 'suspended', 'cancelled']),
  reason: textOrNull,
  card: textOrNull,
})

export const charge = object({
  id,
  library: key,
  kind: oneOf(['membership', 'overdue', 'hold', 'lost', 'other']),
  amount: cents,
  chargedOn: date,
  inCollection: flagOrFalse,
})

export const payment = object({ id, charge: id, amount: cents, paidOn: date })

export const message = object({
  id,
  library: key,
  kind: oneOf(['notice', 'remark']),
  text,
  createdAt: instant,
  author: textOrNull,
})

export const libraryRecord = object({ type: z.literal('library'), id: key, name: text })

export const patronRecord = object({
  type: z.literal('patron'),
  id,
  /** May be left out by a record that was merged away only: see `contradiction`. */
  lastName: text.nullish().transform((value) => value ?? null),
  firstName: textOrNull,
  gender: oneOf(['F', 'M', 'X'])
    .nullish()
    .transform((value) => value ?? null),
  birthDate: dateOrNull,
  address,
  nationalNumber,
  legitimation: textOrNull,
  registeredOnline: flagOrFalse,
  registeredOn: dateOrNull,
  lastActivityOn: dateOrNull,
  protected: flagOrFalse,
  internetBlock: object({ reason: oneOf(['online-registration', 'staff']) })
    .nullish()
    .transform((value) => value ?? null),
  contacts: listOf(contact),
  cards: listOf(card),
  subscriptions: listOf(subscription),
  historyPreferences: listOf(historyPreference),
  loans: listOf(loan),
  loanHistory: listOf(historyEntry),
  holds: listOf(hold),
  charges: listOf(charge),
  payments: listOf(payment),
  messages: listOf(message),
  mergedInto: id.nullish().transform((value) => value ?? null),
})

export const portalAccountRecord = object({
  type: z.literal('portalAccount'),
  id: key,
  links: z.array(object({ library: key, actorId: id }), says('list')),
})

export type LibraryRecord = z.output<typeof libraryRecord>
export type PatronRecord = z.output<typeof patronRecord>
export type PortalAccountRecord = z.output<typeof portalAccountRecord>
export type InterchangeRecord = LibraryRecord | PatronRecord | PortalAccountRecord
