import type { Sentence } from './language'

/** What an import counts, as its counts are called. */
export const IMPORTED = {
  libraries: { en: 'libraries', nl: 'bibs' },
  patrons: { en: 'patrons', nl: 'klanten' },
  merged: { en: 'records merged away', nl: 'weg ontdubbelde records' },
  contacts: { en: 'contacts', nl: 'contactgegevens' },
  cards: { en: 'cards', nl: 'passen' },
  subscriptions: { en: 'subscriptions', nl: 'abonnementen' },
  historyPreferences: { en: 'history preferences', nl: 'voorkeuren voor de leenhistoriek' },
  loans: { en: 'loans', nl: 'uitleningen' },
  loanHistory: { en: 'history entries', nl: 'vroegere uitleningen' },
  holds: { en: 'holds', nl: 'reserveringen' },
  charges: { en: 'charges', nl: 'kosten' },
  payments: { en: 'payments', nl: 'betalingen' },
  messages: { en: 'notices and remarks', nl: 'meldingen en opmerkingen' },
  portalAccounts: { en: 'portal accounts', nl: 'profielen in Mijn Bibliotheek' },
} as const satisfies Record<string, Sentence>

/** How far an import is. */
export const IMPORT_STAGES = {
  reading: { en: 'reading', nl: 'lezen' },
  checking: { en: 'checking references', nl: 'verwijzingen nakijken' },
  loading: { en: 'loading', nl: 'laden' },
  sending: { en: 'sending accounts to the portal', nl: 'profielen naar Mijn Bibliotheek sturen' },
  lines: { en: '{lines} lines', nl: '{lines} regels' },
} as const satisfies Record<string, Sentence>

/** What an import or an export says beside its result, and why it ended without one. */
export const IMPORT_SENTENCES = {
  cannotBeRead: { en: '{file} cannot be read ({why})', nl: '{file} kan niet gelezen worden ({why})' },
  isFolder: { en: '{file} is a folder', nl: '{file} is een map' },
  stopped: { en: 'stopped; nothing was loaded', nl: 'gestopt; er is niets geladen' },
  stoppedSending: { en: 'stopped', nl: 'gestopt' },
  portalNotReached: { en: 'the portal cannot be reached', nl: 'Mijn Bibliotheek is niet bereikbaar' },
  noReason: { en: 'no reason known', nl: 'reden onbekend' },
  refusedByTables: {
    en: 'the database refuses what is in the file ({what}); nothing was loaded',
    nl: 'de databank weigert wat in het bestand staat ({what}); er is niets geladen',
  },
  recordInUse: {
    en: 'a record that the file names is in use; nothing was loaded, import it again',
    nl: 'een record dat in het bestand staat, is in gebruik; er is niets geladen, laad het bestand opnieuw',
  },
  accountsNotSent: {
    en: 'The records are loaded. Not at the portal yet: {left} of {accounts} portal accounts ({why}). Import the same file again to send these, and nothing else.',
    nl: 'De records zijn geladen. Nog niet in Mijn Bibliotheek: {left} van de {accounts} profielen ({why}). Laad hetzelfde bestand opnieuw om die door te sturen, en niets anders.',
  },
  noPatrons: { en: 'there is no patron {patrons}', nl: 'klant {patrons} bestaat niet' },
  noPortalKnown: {
    en: 'no portal is known: the export holds no portal accounts',
    nl: 'er is geen portaal bekend: in de export staan geen profielen van Mijn Bibliotheek',
  },
  portalOfOthers: {
    en: "the portal is somebody else's: the export holds no portal accounts",
    nl: 'het portaal is van een ander: in de export staan geen profielen van Mijn Bibliotheek',
  },
  picture: {
    en: '{merging:record is|records are} being merged at this moment: this export is a picture, and need not be importable',
    nl: '{merging:record wordt|records worden} op dit moment ontdubbeld: deze export is een momentopname en is misschien niet in te laden',
  },
} as const satisfies Record<string, Sentence>
