import type { Sentence } from './language'

/** Why a list of pairs cannot be taken, beside what is wrong with the lines of any file. None quotes what stands there. */
export const LIST_PROBLEMS = {
  noPairs: { en: 'There are no pairs in the list.', nl: 'In de lijst staan geen paren.' },
  samePair: { en: 'the same pair stands in line {before} already', nl: 'hetzelfde paar staat al in regel {before}' },
  quotes: {
    en: 'quotes that do not enclose one whole field of this line',
    nl: 'aanhalingstekens die niet één heel veld van deze regel omsluiten',
  },
  unknownColumn: {
    en: 'column {column} is none of {columns}',
    nl: 'kolom {column} is geen van {columns}',
  },
  columnTwice: { en: 'this column stands there twice', nl: 'deze kolom staat er twee keer' },
  missingColumn: { en: 'this column is missing', nl: 'deze kolom ontbreekt' },
  outsideColumns: {
    en: 'column {column} has no name, and something stands in it',
    nl: 'kolom {column} heeft geen naam, en er staat iets in',
  },
} as const satisfies Record<string, Sentence>
