import type { Sentence } from './language'

/** The labels and lines of a patron as the desk sees it. */
export const PATRON_LINES = {
  birthDate: { en: 'birth date', nl: 'geboortedatum' },
  gender: { en: 'gender', nl: 'geslacht' },
  address: { en: 'address', nl: 'adres' },
  nationalNumber: { en: 'national number', nl: 'rijksregisternummer' },
  legitimation: { en: 'legitimation', nl: 'legitimatie' },
  registered: { en: 'registered', nl: 'ingeschreven' },
  online: { en: 'online', nl: 'online' },
  lastActivity: { en: 'last activity', nl: 'laatste activiteit' },
  internetBlock: { en: 'internet block', nl: 'internetblokkade' },
  box: { en: 'box {box}', nl: 'bus {box}' },
  protected: { en: 'a protected record: not a person', nl: 'een beschermd record: geen persoon' },

  contacts: { en: 'Contacts', nl: 'Contactgegevens' },
  primary: { en: '(primary)', nl: '(voorkeur)' },
  cards: { en: 'Cards', nl: 'Passen' },
  subscriptions: { en: 'Subscriptions', nl: 'Abonnementen' },
  period: { en: '{from} to {to}', nl: '{from} tot {to}' },
  openPeriod: { en: 'from {from}', nl: 'vanaf {from}' },
  stopped: { en: 'stopped on {on}', nl: 'stopgezet op {on}' },
  loans: { en: 'Loans', nl: 'Uitleningen' },
  loaned: { en: 'since {on}', nl: 'sinds {on}' },
  due: { en: 'due {on}', nl: 'terug tegen {on}' },
  renewed: { en: 'renewed {n}x', nl: '{n}x verlengd' },
  holds: { en: 'Holds', nl: 'Reserveringen' },
  placed: { en: 'placed {on}', nl: 'geplaatst {on}' },
  openCharges: { en: 'Open charges', nl: 'Openstaande kosten' },
  openOf: { en: '{open} of {amount}', nl: '{open} van {amount}' },
  inCollection: { en: 'in collection', nl: 'bij de deurwaarder' },
  balances: { en: 'Balances', nl: 'Saldo per bib' },
  toPay: { en: '{open} to pay', nl: '{open} te betalen' },
  messages: { en: 'Notices and remarks', nl: 'Meldingen en opmerkingen' },
  loanHistory: { en: 'Loan history', nl: 'Leenhistoriek' },
  historyKept: { en: 'kept', nl: 'wordt bewaard' },
  historyNotKept: { en: 'not kept', nl: 'wordt niet bewaard' },
  returnedLoans: { en: '{n:returned loan|returned loans}', nl: '{n:vroegere uitlening|vroegere uitleningen}' },
  merges: { en: 'Merges', nl: 'Ontdubbelingen' },
  merge: {
    en: '{merge}  {removed} into {kept}, on {on}, by {by}: {status}',
    nl: '{merge}  {removed} naar {kept}, {on}, door {by}: {status}',
  },

  mergedFrom: {
    en: '{patron} was merged into {into} (merge {merge}).',
    nl: '{patron} is ontdubbeld en is nu {into} (ontdubbeling {merge}).',
  },
  linksGivenUp: {
    en: 'The portal links of {patron} ({libraries}) were given up: ask the patron to unlink in Mijn Bibliotheek and link again.',
    nl: 'De koppelingen van {patron} in Mijn Bibliotheek ({libraries}) zijn opgegeven: vraag de klant om daar te ontkoppelen en opnieuw te koppelen.',
  },
  linksRefused: {
    en: 'The portal links of {patron} ({libraries}) could not be moved: the portal refused. Ask the patron to unlink in Mijn Bibliotheek and link again.',
    nl: 'De koppelingen van {patron} in Mijn Bibliotheek ({libraries}) konden niet overgezet worden: Mijn Bibliotheek weigerde. Vraag de klant om daar te ontkoppelen en opnieuw te koppelen.',
  },
  linksGaveUp: {
    en: 'The portal links of {patron} ({libraries}) could not be moved: the portal did not answer for 30 days. Ask the patron to unlink in Mijn Bibliotheek and link again.',
    nl: 'De koppelingen van {patron} in Mijn Bibliotheek ({libraries}) konden niet overgezet worden: Mijn Bibliotheek antwoordde 30 dagen lang niet. Vraag de klant om daar te ontkoppelen en opnieuw te koppelen.',
  },

  nobodyFound: {
    en: 'The patron administration of {library} finds nobody.',
    nl: 'De klantenadministratie van {library} vindt niemand.',
  },
  moreFound: {
    en: 'There are more than {most}: these are the first by name. Ask for more words, a card number or a birth date.',
    nl: 'Er zijn er meer dan {most}: dit zijn de eerste op naam. Geef meer woorden, een pasnummer of een geboortedatum.',
  },
  registeredAt: {
    en: 'Patron {patron} is registered at {library}: subscription {subscription} ({product}), from {from}.',
    nl: 'Klant {patron} is ingeschreven bij {library}: abonnement {subscription} ({product}), vanaf {from}.',
  },
  registeredUntil: {
    en: 'Patron {patron} is registered at {library}: subscription {subscription} ({product}), from {from} to {until}.',
    nl: 'Klant {patron} is ingeschreven bij {library}: abonnement {subscription} ({product}), van {from} tot {until}.',
  },
} as const satisfies Record<string, Sentence>
