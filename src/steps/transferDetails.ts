import { DETAIL_COLUMNS } from './detailColumns'
import { ledger, lockRows, MERGES } from './sql'
import { step } from './step'

/** The columns of a row as texts, in the order of DETAIL_COLUMNS. */
function textsOf(row: string): string {
  return DETAIL_COLUMNS.map(({ column, type }) =>
    type === 'date' ? `to_char(${row}.${column}, 'YYYY-MM-DD')` : `${row}.${column}`,
  ).join(', ')
}

/** The columns of one value, each with its place in DETAIL_COLUMNS, from 1. */
function columnsOf(value: string) {
  return DETAIL_COLUMNS.map((one, n) => ({ ...one, at: n + 1 })).filter((one) => one.value === value)
}

const NAMES = DETAIL_COLUMNS.map(({ column }) => `'${column}'`).join(', ')

/** A value of several columns that the step changes in part, the whole as it is then: `after` has all columns. */
const wholeValues = ['name', 'address']
  .map((value) => {
    const columns = columnsOf(value)
    const names = columns.map(({ column }) => `'${column}'`).join(', ')
    const pairs = columns.map(({ column, at }) => `'${column}', d.after[${at}]`).join(', ')
    return `case when d.now ?| array[${names}] then jsonb_build_object(${pairs}) else '{}' end`
  })
  .join(' || ')

/** Each value goes back by itself, where nothing changed any of its columns since. */
const putBack = DETAIL_COLUMNS.map(({ column, type, value }) => {
  const unchanged = columnsOf(value).map(
    (one) =>
      `(not c.whole ? '${one.column}' or p.${one.column} is not distinct from (c.whole ->> '${one.column}')::${one.type})`,
  )
  return `${column} = case when c.now ? '${column}' and ${unchanged.join(' and ')}
      then (c.was ->> '${column}')::${type} else p.${column} end`
}).join(',\n      ')

/**
 * R9 and R14, all that stands on the kept record's own row but the block. Details stay, blanks too, unless taken by name; a
 * value is taken whole (an address is one; a blank first name never replaces one) and never where the removed record lacks
 * it. The national number: R9 names the fields before the legitimations, but where they could differ the merge is refused,
 * or overridden, and then the kept record's own (field, else legitimation) is the one: so this order serves both.
 */
export const transferDetails = step('transferDetails', {
  lock: lockRows('patron', 'm.kept'),
  forward: [
    `with ${MERGES},
    changed as (
      update patron k set
        last_name = case when not is_blank(r.last_name) and ('name' = any(m.take) or ('blanks' = any(m.take) and is_blank(k.last_name)))
          then r.last_name else k.last_name end,
        first_name = case when not is_blank(r.first_name) and ('name' = any(m.take) or ('blanks' = any(m.take) and is_blank(k.first_name)))
          then r.first_name else k.first_name end,
        gender = case when r.gender is not null and ('gender' = any(m.take) or ('blanks' = any(m.take) and k.gender is null))
          then r.gender else k.gender end,
        birth_date = case when r.birth_date is not null and ('birth-date' = any(m.take) or ('blanks' = any(m.take) and k.birth_date is null))
          then r.birth_date else k.birth_date end,
        street = case when address.taken then r.street else k.street end,
        house_number = case when address.taken then r.house_number else k.house_number end,
        box = case when address.taken then r.box else k.box end,
        postcode = case when address.taken then r.postcode else k.postcode end,
        city = case when address.taken then r.city else k.city end,
        national_number = coalesce(k.national_number, national_number_in(k.legitimation), r.national_number,
          national_number_in(r.legitimation)),
        registered_on = least(k.registered_on, r.registered_on),
        last_activity_on = greatest(k.last_activity_on, r.last_activity_on)
      from m join patron r on r.id = m.removed join patron k0 on k0.id = m.kept,
        lateral (select has_address(r) and ('address' = any(m.take) or ('blanks' = any(m.take) and not has_address(k0))) as taken) address
      where k.id = m.kept
      returning m.id as merge, k.id, array[${textsOf('old')}] as was, array[${textsOf('new')}] as now),
    differing as (
      select c.merge, c.id, c.now as after, x.n, x.was, x.now from changed c cross join lateral (
        select count(*) as n, jsonb_object(array_agg(x.name), array_agg(x.was)) as was,
          jsonb_object(array_agg(x.name), array_agg(x.now)) as now
        from unnest(array[${NAMES}], c.was, c.now) as x (name, was, now)
        where x.was is distinct from x.now) x where x.n > 0)
    ${ledger(
      'transferDetails',
      `select m.id, jsonb_build_object('details', coalesce(d.n, 0)),
        case when d.merge is not null then jsonb_build_array(jsonb_build_object('table', 'patron', 'id', d.id, 'was', d.was, 'now', d.now)) end,
        nullif(${wholeValues}, '{}')
       from m left join differing d on d.merge = m.id`,
    )}`,
  ],
  reverse: [
    `with changes as (
      select m.kept, c -> 'was' as was, c -> 'now' as now, coalesce(s.noted, '{}') || (c -> 'now') as whole
      from merge m join merge_step s on s.merge = m.id and s.step = 'transferDetails', jsonb_array_elements(s.was) c
      where m.id = any($1) and c ->> 'table' = 'patron')
    update patron p set
      ${putBack}
    from changes c where p.id = c.kept`,
  ],
})
