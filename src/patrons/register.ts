import type { Pool, PoolClient } from 'pg'
import { againWhereTaken, nextId } from '../database/nextIds'
import { run, runOne, statement } from '../database/statement'
import { inPlainTransaction } from '../database/transaction'
import { OntdubbelError } from '../domain/errors'
import { ERRORS } from '../domain/sentences'
import { findById, type FoundPatron } from './find'
import { requireLibrary } from './library'

export interface Registration {
  patron: number
  library: string
  /** Default: that of the patron's latest subscription, else DEFAULT_PRODUCT. */
  product?: string | undefined
  /** The last day, `YYYY-MM-DD`; default: none. */
  until?: string | undefined
  by: string
  /** At most 200 characters, without national numbers or e-mail addresses. */
  reason?: string | undefined
}

export interface Registered extends FoundPatron {
  subscription: {
    id: number
    library: string
    product: string
    startsOn: string
    endsOn: string | null
    stoppedOn: null
  }
}

/** What a patron without any subscription gets. */
const DEFAULT_PRODUCT = 'adult'
const lockRecord = statement<{ live: boolean }>(
  'patrons.register.lockRecord',
  `select merged_into is null as live from patron where id = $1 for key share`,
)

const TODAY = `(now() at time zone 'Europe/Brussels')::date`
const ROWS = `patron in (select $1::bigint union all select id from patron where merged_into = $1 and retired_at is null)`

const standing = statement<{ today: string; active: number | null; product: string | null }>(
  'patrons.register.standing',
  `select ${TODAY} as today,
     (select min(id) from subscription where ${ROWS} and library = $2 and is_active(stopped_on, ends_on, ${TODAY})) as active,
     (select product from subscription where ${ROWS} order by starts_on desc, id desc limit 1) as product`,
)

const insert = statement<Registered['subscription']>(
  'patrons.register.insert',
  `insert into subscription (id, patron, library, product, starts_on, ends_on)
   values ($6, $1, $2, $3, $4, $5)
   returning id, library, product, starts_on as "startsOn", ends_on as "endsOn", stopped_on as "stoppedOn"`,
)

const record = statement(
  'patrons.register.record',
  `insert into registration (subscription, by, reason) values ($1, $2, $3)
  on conflict (subscription) do update set by = excluded.by, reason = excluded.reason, at = now()`,
)

/**
 * A new subscription from today (Europe/Brussels) for the record that the id leads to: the remedy for `not-findable`.
 * Rejects with `unknown-patron`, `unknown-library` or `bad-input` (exit code 2), or with `registered-already` (3) where the
 * patron has an active subscription there.
 */
export async function registerPatron(pool: Pool, asked: Registration): Promise<Registered> {
  await requireLibrary(pool, asked.library)
  for (;;) {
    const found = await findById(pool, asked.patron)
    if (!found) throw new OntdubbelError('unknown-patron', ERRORS.unknownPatron, 2, { patron: asked.patron })
    const subscription = await againWhereTaken(() =>
      inPlainTransaction(pool, (client) => registerRecord(client, found.id, asked)),
    )
    if (subscription !== 'merged-meanwhile') return { ...found, subscription }
  }
}

async function registerRecord(
  client: PoolClient,
  patron: number,
  { library, product, until, by, reason }: Registration,
): Promise<Registered['subscription'] | 'merged-meanwhile'> {
  // a merge that has the record at this moment is waited for; from here on it waits for us
  if (!(await runOne(client, lockRecord, [patron]))?.live) return 'merged-meanwhile'
  const id = await nextId(client, 'subscription')
  const now = await runOne(client, standing, [patron, library])
  if (!now) throw new Error('a select without a table gives a row')
  if (now.active !== null) {
    const details = { patron, library, subscription: now.active }
    throw new OntdubbelError('registered-already', ERRORS.registeredAlready, 3, details)
  }
  if (until !== undefined && until < now.today) {
    throw new OntdubbelError('bad-input', ERRORS.endsBeforeItStarts, 2, { today: now.today, until })
  }
  const made = await runOne(client, insert, [
    patron,
    library,
    product ?? now.product ?? DEFAULT_PRODUCT,
    now.today,
    until ?? null,
    id,
  ])
  if (!made) throw new Error('an insert of one row gives one')
  await run(client, record, [made.id, by, reason ?? null])
  return made
}
