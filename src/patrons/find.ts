import { run, runOne, statement, type Queryable } from '../database/statement'

/** One step on the way from a record that was merged away to the one that is left. */
export interface MergedFrom {
  patron: number
  into: number
  /** Null where no merge of ours did it: the record was imported as merged. */
  merge: number | null
  /** How far that merge's portal part is: pending, waiting, done, skipped, refused, gave-up; null before retirement. */
  portal: string | null
  /** Libraries with portal links that are known and were not moved. */
  linksLeftAt: string[]
}

/** A look-up's answer: the record at the end of the chain, and the way there (empty where it was asked for itself). */
export interface FoundPatron {
  id: number
  mergedFrom: MergedFrom[]
}

const byId = statement<{ id: number }>('patrons.byId', `select id from patron where id = $1`)

// A card that came with a removed record still says so: it is asked for as that record.
const byCard = statement<{ id: number }>(
  'patrons.byCard',
  `select case when live_patron(written_for) = live_patron(patron) then written_for else patron end as id
   from card where number = $1`,
)

const wayOf = statement<Omit<MergedFrom, 'into'> & { into: number | null }>(
  'patrons.way',
  `with recursive way as (
     select id, merged_into, 0 as place from patron where id = $1
     union all select p.id, p.merged_into, w.place + 1 from way w join patron p on p.id = w.merged_into)
   select w.id as patron, w.merged_into as into, m.id as merge, m.portal,
     array(select distinct i.library from portal_intent i where i.merge = m.id and i.outcome is null order by 1) as "linksLeftAt"
   from way w left join lateral (
     select id, portal from merge
     where removed = w.id and kept = w.merged_into and status in ('open', 'retired', 'undoing')
     order by id desc limit 1) m on true
   order by w.place`,
)

/**
 * The record that an actor id or a card number leads to (R12), or undefined where there is neither. Digits are an actor id
 * where a record has it, else a card number.
 */
export async function findPatron(db: Queryable, asked: string): Promise<FoundPatron | undefined> {
  const text = asked.trim()
  const id = idIn(text)
  const start = (id === null ? undefined : await runOne(db, byId, [id])) ?? (await runOne(db, byCard, [text]))
  return start && findById(db, start.id)
}

/** The record that an actor id leads to, or undefined where there is none. */
export async function findById(db: Queryable, id: number): Promise<FoundPatron | undefined> {
  const way = await run(db, wayOf, [id])
  const last = way.at(-1)
  if (last === undefined) return undefined
  const mergedFrom = way.flatMap((step) => (step.into === null ? [] : [{ ...step, into: step.into }]))
  return { id: last.patron, mergedFrom }
}

/** An actor id as it is written, without a zero before it: `0012` is a card number. */
function idIn(text: string): number | null {
  const value = Number(text)
  return /^[1-9]\d*$/.test(text) && Number.isSafeInteger(value) ? value : null
}
