/** What must stand in no history, log, metric or error message: values of the people in a library database. */
import type { Queryable } from '../../src/database/statement'

export interface Personal {
  /** Which kind of value it is: told of what is found, the value is not. */
  kind: string
  value: string
}

/** Names of libraries are no secret, and neither is a town that has one. */
const PEOPLE = `
  with p as (
    select 'name' as kind, last_name as value from patron
    union select 'name', first_name from patron
    union select 'name', concat_ws(' ', first_name, last_name) from patron
    union select 'address', street from patron
    union select 'address', concat_ws(' ', street, house_number) from patron
    union select 'address', city from patron
    union select 'address', concat_ws(' ', postcode, city) from patron
    union select 'national number', national_number from patron
    union select 'national number', first_national_number_written_in(legitimation) from patron
    union select 'legitimation', legitimation from patron
    union select 'contact', value from contact
    union select 'contact', split_part(key, ':', 2) from contact
    union select 'title', title from loan
    union select 'title', title from loan_history
    union select 'title', title from hold
    union select 'message', text from message
    union select 'card', number from card)
  select kind, value from p where value is not null
    and not exists (select from library l where position(lower(p.value) in lower(l.name || ' ' || l.id)) > 0)`

/** All personal values of a library database. */
export async function peopleIn(database: Queryable): Promise<Personal[]> {
  return (await database.query<Personal>(PEOPLE)).rows
}
