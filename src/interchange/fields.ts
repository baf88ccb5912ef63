/** Which key of the interchange file is which column, once, for import and export. */

export interface Field {
  readonly key: string
  readonly column: string
  readonly type: 'bigint' | 'int' | 'text' | 'date' | 'timestamptz' | 'boolean'
  /** A text that may be left out: an empty one is none. */
  readonly optional: boolean
}

/** The rows that hang on a patron, one list of its record. */
export interface Kind {
  readonly list:
    | 'contacts'
    | 'cards'
    | 'subscriptions'
    | 'historyPreferences'
    | 'loans'
    | 'loanHistory'
    | 'holds'
    | 'charges'
    | 'payments'
    | 'messages'
  readonly table: string
  readonly fields: readonly Field[]
  /** The key that is unique in the consortium. */
  readonly unique: { readonly key: string; readonly column: string } | null
  /** How the rows of a record are ordered. */
  readonly order: string
}

function field(
  key: string,
  type: Field['type'],
  column = key.replace(/[A-Z]/g, (upper) => `_${upper.toLowerCase()}`),
): Field {
  return { key, column, type, optional: false }
}

function optional(key: string): Field {
  return { ...field(key, 'text'), optional: true }
}

function kind(list: Kind['list'], table: string, fields: readonly Field[]): Kind {
  return {
    list,
    table,
    fields: [field('id', 'bigint'), ...fields],
    unique: { key: 'id', column: 'id' },
    order: 't.id',
  }
}

const library = field('library', 'text')

/** In the order in which a record has them. */
export const KINDS: readonly Kind[] = [
  {
    list: 'contacts',
    table: 'contact',
    fields: [field('kind', 'text'), field('value', 'text'), field('primary', 'boolean', 'is_primary')],
    unique: null,
    // contact ids are given out in the order in which they were added
    order: 't.is_primary desc, t.id',
  },
  {
    list: 'cards',
    table: 'card',
    fields: [field('number', 'text'), optional('library'), field('status', 'text')],
    unique: { key: 'number', column: 'number' },
    order: 't.number collate "C"',
  },
  kind('subscriptions', 'subscription', [
    library,
    field('product', 'text'),
    field('startsOn', 'date'),
    field('endsOn', 'date'),
    field('stoppedOn', 'date'),
  ]),
  {
    list: 'historyPreferences',
    table: 'history_preference',
    fields: [library, field('enabled', 'boolean')],
    unique: null,
    order: 't.library collate "C"',
  },
  kind('loans', 'loan', [
    library,
    field('item', 'text'),
    field('title', 'text'),
    field('loanedOn', 'date'),
    field('dueOn', 'date'),
    field('renewals', 'int'),
    optional('card'),
  ]),
  kind('loanHistory', 'loan_history', [
    library,
    field('item', 'text'),
    field('title', 'text'),
    field('loanedOn', 'date'),
    field('returnedOn', 'date'),
    optional('card'),
  ]),
  kind('holds', 'hold', [
    library,
    field('title', 'text'),
    field('placedAt', 'timestamptz'),
    field('status', 'text'),
    optional('reason'),
    optional('card'),
  ]),
  kind('charges', 'charge', [
    library,
    field('kind', 'text'),
    field('amount', 'bigint'),
    field('chargedOn', 'date'),
    field('inCollection', 'boolean'),
  ]),
  kind('payments', 'payment', [field('charge', 'bigint'), field('amount', 'bigint'), field('paidOn', 'date')]),
  kind('messages', 'message', [
    library,
    field('kind', 'text'),
    field('text', 'text'),
    field('createdAt', 'timestamptz'),
    optional('author'),
  ]),
]

/** Payments hang on their charge, all else on the patron. */
export function hangsOnPatron(kind: Kind): boolean {
  return kind.table !== 'payment'
}

export function namesLibrary(kind: Kind): boolean {
  return kind.fields.some(({ column }) => column === 'library')
}
