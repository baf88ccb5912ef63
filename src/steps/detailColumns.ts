/**
 * The columns of a patron's row that transferDetails may change: their type, and the value of domain.md that each is (part of).
 * R9: an address is one value, so are last and first name.
 */
export const DETAIL_COLUMNS = [
  { column: 'last_name', type: 'text', value: 'name' },
  { column: 'first_name', type: 'text', value: 'name' },
  { column: 'gender', type: 'text', value: 'gender' },
  { column: 'birth_date', type: 'date', value: 'birth-date' },
  { column: 'street', type: 'text', value: 'address' },
  { column: 'house_number', type: 'text', value: 'address' },
  { column: 'box', type: 'text', value: 'address' },
  { column: 'postcode', type: 'text', value: 'address' },
  { column: 'city', type: 'text', value: 'address' },
  { column: 'national_number', type: 'text', value: 'national-number' },
  { column: 'registered_on', type: 'date', value: 'registered-on' },
  { column: 'last_activity_on', type: 'date', value: 'last-activity-on' },
] as const
