import { say } from './fill'
import { euros } from './formats'
import type { Language, Sentence } from './language'

/** What the steps of a merge count, by the names that the ledger has; amounts are in euro cents. */
export const COUNTS = {
  bothRegistered: {
    en: 'both registered at {n:library|libraries}',
    nl: 'beide ingeschreven in {n:bib|bibs}',
  },
  historyOff: {
    en: 'loan history not kept at {n} of them',
    nl: 'leenhistoriek niet bewaard in {n} daarvan',
  },
  loans: { en: '{n:loan|loans}', nl: '{n:uitlening|uitleningen}' },
  holds: { en: '{n:hold|holds}', nl: '{n:reservering|reserveringen}' },
  collapsed: {
    en: '{n:double hold|double holds} cancelled',
    nl: '{n:dubbele reservering|dubbele reserveringen} geannuleerd',
  },
  loanHistory: { en: '{n:returned loan|returned loans}', nl: '{n:vroegere uitlening|vroegere uitleningen}' },
  erased: { en: '{n:returned loan|returned loans} erased', nl: '{n:vroegere uitlening|vroegere uitleningen} gewist' },
  preferences: { en: '{n:preference|preferences}', nl: '{n:voorkeur|voorkeuren}' },
  preferencesDropped: { en: '{n:preference|preferences} dropped', nl: '{n:voorkeur|voorkeuren} vervallen' },
  charges: { en: '{n:charge|charges}', nl: '{n:kost|kosten}' },
  open: { en: '{n} of them open', nl: '{n} daarvan openstaand' },
  openCents: { en: '{amount} to pay', nl: '{amount} te betalen' },
  payments: { en: '{n:payment|payments}', nl: '{n:betaling|betalingen}' },
  contacts: { en: '{n:contact|contacts}', nl: '{n:contactgegeven|contactgegevens}' },
  known: { en: '{n} known already', nl: '{n} al bekend' },
  messages: { en: '{n:notice or remark|notices and remarks}', nl: '{n:melding of opmerking|meldingen en opmerkingen}' },
  cards: { en: '{n:card|cards}', nl: '{n:pas|passen}' },
  subscriptions: { en: '{n:subscription|subscriptions}', nl: '{n:abonnement|abonnementen}' },
  stopped: { en: '{n} of them stopped', nl: '{n} daarvan stopgezet' },
  deleted: { en: '{n:expired one|expired ones} deleted', nl: '{n:vervallen abonnement|vervallen abonnementen} gewist' },
  details: { en: '{n:field|fields} changed', nl: '{n:gegeven|gegevens} gewijzigd' },
  blocked: { en: 'internet block put on', nl: 'internetblokkade gezet' },
  changed: { en: '{n:link|links} moved', nl: '{n:koppeling|koppelingen} overgezet' },
  removed: { en: '{n:double link|double links} removed', nl: '{n:dubbele koppeling|dubbele koppelingen} verwijderd' },
  goneAlready: { en: '{n:link|links} gone before', nl: '{n:koppeling was|koppelingen waren} al weg' },
  givenUp: { en: '{n:link|links} given up', nl: '{n:koppeling|koppelingen} opgegeven' },
  /** Of an undo. */
  portalLinks: { en: '{n:portal link|portal links}', nl: '{n:koppeling|koppelingen} in Mijn Bibliotheek' },
  notices: { en: '{n:notice|notices} left', nl: '{n:melding|meldingen} geplaatst' },
} as const satisfies Record<string, Sentence>

/** "2 loans, 1 double hold cancelled": what is 0 is left out, and so is what is no number. */
export function countsInWords(counts: object, language: Language): string {
  const order = Object.keys(COUNTS)
  return Object.entries(counts)
    .sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))
    .flatMap(([name, n]) => (typeof n === 'number' && n > 0 ? [countInWords(name, n, language)] : []))
    .join(', ')
}

function countInWords(name: string, n: number, language: Language): string {
  const sentence: Sentence | undefined = COUNTS[name as keyof typeof COUNTS]
  return sentence ? say(sentence, language, { n, amount: euros(n, language) }) : `${n} ${name}`
}
