import { run, statement, type Queryable } from '../database/statement'
import { isDate } from '../domain/moments'
import { requireLibrary } from './library'

/** A patron as a library's patron administration lists it. */
export interface ListedPatron {
  id: number
  lastName: string
  firstName: string | null
  birthDate: string | null
  postcode: string | null
  city: string | null
  cards: string[]
  /** Those at this library; `active` today in Europe/Brussels. */
  subscriptions: {
    id: number
    product: string
    startsOn: string
    endsOn: string | null
    stoppedOn: string | null
    active: boolean
  }[]
}

/** A desk that finds more than this asks more exactly. */
export const MOST_LISTED = 50

/** Case, accents, blanks and what else stands between the parts of a name aside; for two texts that are compared. */
const folded = (text: string) =>
  `translate(normalize(lower(${text}), nfd), U&'\\0300\\0301\\0302\\0303\\0304\\0306\\0307\\0308\\030A\\030B\\030C\\0327\\0328 ''\\2019-.', '')`

const WORDS = `word as materialized (
  select text, day, ${folded('text')} as part,
    (select live_patron(c.patron) from card c where c.number = text) as holder
  from unnest($2::text[], $3::date[]) w (text, day))`

/** While a merge is under way the removed record's subscriptions already count for the kept one. */
const MEMBERS = `member as materialized (
  select distinct coalesce(p.merged_into, p.id) as id from subscription s join patron p on p.id = s.patron where s.library = $1)`

const ROWS_OF = `select p.id union all select r.id from patron r where r.merged_into = p.id and r.retired_at is null`

const search = statement<ListedPatron>(
  'patrons.search',
  `with ${WORDS}, ${MEMBERS},
   found as (
     select p.id, p.last_name, p.first_name, p.birth_date, p.postcode, p.city
     from member join patron p using (id)
       cross join lateral (select ${folded('p.last_name')} || ' ' || coalesce(${folded('p.first_name')}, '') as name) n
     where p.merged_into is null
       and not exists (select from word w
         where not ((w.part <> '' and position(w.part in n.name) > 0) or p.id::text = w.text
           or coalesce(p.birth_date = w.day, false) or coalesce(p.id = w.holder, false)))
     order by lower(p.last_name), lower(p.first_name), p.id limit $4)
   select p.id, p.last_name as "lastName", p.first_name as "firstName", p.birth_date as "birthDate", p.postcode, p.city,
     array(select c.number from card c where c.patron in (${ROWS_OF}) order by c.number) as cards,
     (select json_agg(json_build_object('id', s.id, 'product', s.product, 'startsOn', s.starts_on, 'endsOn', s.ends_on,
         'stoppedOn', s.stopped_on,
         'active', is_active(s.stopped_on, s.ends_on, (now() at time zone 'Europe/Brussels')::date)) order by s.id)
       from subscription s where s.library = $1 and s.patron in (${ROWS_OF})) as subscriptions
   from found p
   order by lower(p.last_name), lower(p.first_name), p.id`,
)

/** A date as people in Belgium write it, or as ISO has it: `12/3/1984`, `12.03.1984`, `1984-03-12`. */
const WRITTEN_DATE = /^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})$/

/**
 * A library's patron administration: the patrons who have a subscription there, expired or not, and whom every word of
 * `text` fits: a part of the name (case and accents aside), an actor id, a card number, a birth date. Never a record that
 * was merged away (R12). By name, at most MOST_LISTED; `more` says that there are others. Rejects with `unknown-library`.
 */
export async function searchPatrons(
  db: Queryable,
  library: string,
  text: string,
): Promise<{ patrons: ListedPatron[]; more: boolean }> {
  await requireLibrary(db, library)
  const words = text.split(/\s+/).filter((word) => /[\p{L}\p{N}]/u.test(word))
  if (words.length === 0) return { patrons: [], more: false }
  const found = await run(db, search, [library, words, words.map(dateIn), MOST_LISTED + 1])
  return { patrons: found.slice(0, MOST_LISTED), more: found.length > MOST_LISTED }
}

/** The date that a word is, as ISO has it, or null. */
function dateIn(word: string): string | null {
  const written = WRITTEN_DATE.exec(word)
  const iso = written ? `${written[3]}-${written[2]?.padStart(2, '0')}-${written[1]?.padStart(2, '0')}` : word
  return isDate(iso) ? iso : null
}
