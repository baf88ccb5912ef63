import { statement } from '../database/statement'
import { hangsOnPatron, KINDS, namesLibrary, type Field, type Kind } from './fields'

/** The lines of an export, as the database writes them: keys in the order of the format, all of them, no blanks. */

/** Before this day the clocks of Brussels were off by minutes and seconds, which ISO 8601 cannot say: UTC then. */
const FIRST_WHOLE_OFFSET = '1892-05-02'

function valueOf({ column, type, optional }: Field): string {
  if (optional) return `nullif(t.${column}, '')`
  if (type !== 'timestamptz') return `t.${column}`
  // JSON has the session's time zone, and a fraction only where there is one
  return `case when t.${column} >= '${FIRST_WHOLE_OFFSET}' then to_json(t.${column})
    else to_json(to_char(t.${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) end`
}

/** One list of a record: the rows of all `members`. */
function listOf(kind: Kind): string {
  const columns = kind.fields.map((field) => `${valueOf(field)} as "${field.key}"`).join(', ')
  const from = hangsOnPatron(kind) ? `${kind.table} t` : `charge c join ${kind.table} t on t.charge = c.id`
  const patron = hangsOnPatron(kind) ? 't.patron' : 'c.patron'
  return `(select coalesce('[' || string_agg(row_to_json(r)::text, ',' order by ${kind.order}) || ']', '[]')::json
    from ${from}, lateral (select ${columns}) r where ${patron} = any(m.members)) as "${kind.list}"`
}

/**
 * $1 and $2: records that are being merged, and whom each leads to; the rows that they still have come under the latter.
 * $3: only these patrons, or null for all. One row a patron, by id; each is made when it is fetched.
 */
export const patronLines = statement<{ line: string }>(
  'export.patrons',
  `select case
     when p.merged_into is not null then
       (select row_to_json(r)::text from (select 'patron' as type, p.id, p.merged_into as "mergedInto") r)
     else (select row_to_json(r)::text from (select
       'patron' as type, p.id, p.last_name as "lastName", nullif(p.first_name, '') as "firstName", p.gender,
       p.birth_date as "birthDate",
       (select row_to_json(a) from (select nullif(p.street, '') as street, nullif(p.house_number, '') as number,
          nullif(p.box, '') as box, nullif(p.postcode, '') as postcode, nullif(p.city, '') as city) a
        where concat(p.street, p.house_number, p.box, p.postcode, p.city) <> '') as address,
       p.national_number as "nationalNumber", nullif(p.legitimation, '') as legitimation,
       p.registered_online as "registeredOnline", p.registered_on as "registeredOn",
       p.last_activity_on as "lastActivityOn", p.protected,
       (select row_to_json(b) from (select p.internet_block as reason) b where p.internet_block is not null) as "internetBlock",
       ${KINDS.map(listOf).join(',\n       ')},
       null as "mergedInto") r)
   end as line
   from (select t.*, array[t.id] || array(select u.removed from unnest($1::bigint[], $2::bigint[]) u (removed, live)
           where u.live = t.id) as members
         from patron t where $3::bigint[] is null or t.id = any($3) order by t.id) p,
     lateral (select p.members) m`,
)

/** $1: only these libraries, or null for all. */
export const libraryLines = statement<{ line: string }>(
  'export.libraries',
  `select row_to_json(r)::text as line from library t, lateral (select 'library' as type, t.id, t.name) r
   where $1::text[] is null or t.id = any($1) order by t.id collate "C"`,
)

/** The libraries that rows of these patrons name. */
export const librariesOf = statement<{ library: string }>(
  'export.librariesOf',
  KINDS.filter(namesLibrary)
    .map(({ table }) => `select library from ${table} where patron = any($1::bigint[]) and library is not null`)
    .join('\n   union '),
)

/** These patrons, and each that one of them leads to. */
export const chains = statement<{ id: number }>(
  'export.chains',
  `with recursive found as (
     select id, merged_into from patron where id = any($1::bigint[])
     union select p.id, p.merged_into from found f join patron p on p.id = f.merged_into)
   select id from found`,
)

/** Records that are being merged: they lead elsewhere, and may still have rows. */
export const beingMerged = statement<{ removed: number; live: number }>(
  'export.beingMerged',
  `select id as removed, live_patron(id) as live from patron where merged_into is not null and retired_at is null order by id`,
)
