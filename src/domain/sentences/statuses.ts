import type { MergeStatus } from '../codes'
import { fill, type Language, type Sentence } from './fill'

interface Status {
  /** One or two words, in a list; in English the code of cli.md itself. */
  word: string
  says: Sentence
}

const STATUSES: Record<MergeStatus, Status> = {
  running: {
    word: 'bezig',
    says: {
      en: 'Everything moves from the removed record to the kept one.',
      nl: 'Alles wordt van het te verwijderen record overgezet.',
    },
  },
  completed: {
    word: 'voltooid',
    says: {
      en: 'Everything has moved, and the portal is up to date.',
      nl: 'Alles is overgezet en Mijn Bibliotheek is bijgewerkt.',
    },
  },
  'waiting-for-portal': {
    word: 'wacht op Mijn Bibliotheek',
    says: {
      en: 'The records are merged. The portal does not do its part (since {since}): it is tried again each minute, for 30 days, by itself.\nDo it at once: "ontdubbel merge retry-portal {merge}". Give it up: "ontdubbel merge skip-portal {merge} --reason …".',
      nl: 'De records zijn ontdubbeld. Mijn Bibliotheek doet zijn deel niet (sinds {since}): er wordt elke minuut opnieuw geprobeerd, 30 dagen lang, vanzelf.\nMeteen proberen: "ontdubbel merge retry-portal {merge}". Opgeven: "ontdubbel merge skip-portal {merge} --reason …".',
    },
  },
  'portal-skipped': {
    word: 'zonder Mijn Bibliotheek',
    says: {
      en: 'The records are merged. The links at the portal were given up: a notice tells the desk what to ask the patron.',
      nl: 'De records zijn ontdubbeld. De koppelingen in Mijn Bibliotheek zijn opgegeven: een melding zegt de balie wat te vragen.',
    },
  },
  'needs-attention': {
    word: 'vraagt aandacht',
    says: { en: 'A person has to decide.', nl: 'Iemand moet beslissen.' },
  },
  abandoned: {
    word: 'teruggedraaid',
    says: {
      en: 'The unfinished merge was taken back: both records are as they were.',
      nl: 'De onafgewerkte ontdubbeling is teruggedraaid: beide records zijn zoals ze waren.',
    },
  },
  undoing: {
    word: 'wordt ongedaan gemaakt',
    says: { en: 'The merge is being undone.', nl: 'De ontdubbeling wordt ongedaan gemaakt.' },
  },
  'undo-waiting-for-portal': {
    word: 'ongedaan, wacht op Mijn Bibliotheek',
    says: {
      en: 'The records are apart again. The portal does not do its part (since {since}): it is tried again each minute, for 30 days, by itself.\nDo it at once: "ontdubbel merge retry-portal {merge}". Give it up: "ontdubbel merge skip-portal {merge} --reason …".',
      nl: 'De records staan weer apart. Mijn Bibliotheek doet zijn deel niet (sinds {since}): er wordt elke minuut opnieuw geprobeerd, 30 dagen lang, vanzelf.\nMeteen proberen: "ontdubbel merge retry-portal {merge}". Opgeven: "ontdubbel merge skip-portal {merge} --reason …".',
    },
  },
  undone: {
    word: 'ongedaan gemaakt',
    says: {
      en: 'The merge was undone: two records again.',
      nl: 'De ontdubbeling is ongedaan gemaakt: weer twee records.',
    },
  },
  refused: {
    word: 'geweigerd',
    says: { en: 'Refused: nothing was changed.', nl: 'Geweigerd: er is niets veranderd.' },
  },
}

/** A merge's status in a word or two. */
export function statusWord(status: MergeStatus, language: Language): string {
  return language === 'nl' ? STATUSES[status].word : status
}

/** What a merge's status means, and what can be done. Details: `merge`, `since`. */
export function statusSentence(status: MergeStatus, details: Record<string, unknown>, language: Language): string {
  return fill(STATUSES[status].says[language], details)
}
