import type { Sentence } from './language'

/** What stands around a merge's steps and warnings on the command line, and in the lists of merges. */
export const MERGE_LINES = {
  title: {
    en: 'Merge {merge}: {remove} into {keep}, on {on} — {status}',
    nl: 'Ontdubbeling {merge}: {remove} naar {keep}, {on} — {status}',
  },
  /** Before it has an id. */
  titleWithoutId: {
    en: 'Merge: {remove} into {keep} — {status}',
    nl: 'Ontdubbeling: {remove} naar {keep} — {status}',
  },
  /** Of a merge that has no row: who asked knows which pair. */
  titleWithoutPair: { en: 'Merge — {status}', nl: 'Ontdubbeling — {status}' },
  preview: { en: 'Preview: {remove} into {keep}, on {on}', nl: 'Voorbeeld: {remove} naar {keep}, {on}' },
  pair: { en: '{remove} into {keep}', nl: '{remove} naar {keep}' },
  refused: { en: 'refused ({code}): {message}', nl: 'geweigerd ({code}): {message}' },
  attention: { en: 'needs attention ({code}): {message}', nl: 'vraagt aandacht ({code}): {message}' },
  attempt: { en: 'attempt {n}', nl: 'poging {n}' },
  deleted: { en: 'deleted', nl: 'gewist' },
  by: { en: 'by {by}', nl: 'door {by}' },
  byWhy: { en: 'by {by}: {reason}', nl: 'door {by}: {reason}' },
  asked: { en: 'asked for on {at}', nl: 'gevraagd op {at}' },
  command: { en: '{command} by {by} ({at})', nl: '{command} door {by} ({at})' },
  commandWhy: { en: '{command} by {by}: {reason} ({at})', nl: '{command} door {by}: {reason} ({at})' },
  token: {
    en: 'token {token}   (merge … --if {begin}… merges only what this preview saw; give it whole)',
    nl: 'token {token}   (merge … --if {begin}… ontdubbelt alleen wat dit voorbeeld zag; geef het hele token)',
  },
  feedEndsBefore: {
    en: 'The feed ends at {last}, before the cursor {cursor}: this is another database, or one restored from before that. What it tells under numbers up to the cursor is not shown; read again from the last number that both agree on.',
    nl: 'De lijst van wijzigingen eindigt bij {last}, voor de cursor {cursor}: dit is een andere databank, of een die van voordien is teruggezet. Wat ze onder nummers tot aan de cursor vertelt, wordt niet getoond; lees opnieuw vanaf het laatste nummer waarover beide het eens zijn.',
  },
  inList: { en: '(merge {merge})', nl: '(ontdubbeling {merge})' },
} as const satisfies Record<string, Sentence>
