import type { MergeStatus } from '../codes'
import { say } from './fill'
import type { Language, Sentence } from './language'
import { valueWord } from './values'

/** The portal is tried again each minute, for 30 days: domain.md. */
export const STATUS_SENTENCES: Record<MergeStatus, Sentence> = {
  running: {
    en: 'Everything moves from the removed record to the kept one.',
    nl: 'Alles wordt overgezet van het te verwijderen record naar het record dat overblijft.',
  },
  completed: {
    en: 'Everything has moved, and the portal is up to date.',
    nl: 'Alles is overgezet en Mijn Bibliotheek is bijgewerkt.',
  },
  'waiting-for-portal': {
    en: 'The records are merged. The portal does not do its part (since {since}): it is tried again each minute, for 30 days, by itself.\nDo it at once: "ontdubbel merge retry-portal {merge}". Give it up: "ontdubbel merge skip-portal {merge} --reason …".',
    nl: 'De records zijn ontdubbeld. Mijn Bibliotheek doet zijn deel niet (sinds {since}): er wordt elke minuut vanzelf opnieuw geprobeerd, 30 dagen lang.\nMeteen proberen: "ontdubbel merge retry-portal {merge}". Opgeven: "ontdubbel merge skip-portal {merge} --reason …".',
  },
  'portal-skipped': {
    en: 'The records are merged. The links at the portal were given up: a notice tells the desk what to ask the patron.',
    nl: 'De records zijn ontdubbeld. De koppelingen in Mijn Bibliotheek zijn opgegeven: een melding zegt aan de balie wat ze de klant moet vragen.',
  },
  'needs-attention': { en: 'A person has to decide.', nl: 'Iemand moet beslissen.' },
  abandoned: {
    en: 'The unfinished merge was taken back: both records are as they were.',
    nl: 'De onafgewerkte ontdubbeling is teruggedraaid: beide records zijn zoals ze waren.',
  },
  undoing: { en: 'The merge is being undone.', nl: 'De ontdubbeling wordt ongedaan gemaakt.' },
  'undo-waiting-for-portal': {
    en: 'The records are apart again. The portal does not do its part (since {since}): it is tried again each minute, for 30 days, by itself.\nDo it at once: "ontdubbel merge retry-portal {merge}". Give it up: "ontdubbel merge skip-portal {merge} --reason …".',
    nl: 'De records staan weer apart. Mijn Bibliotheek doet zijn deel niet (sinds {since}): er wordt elke minuut vanzelf opnieuw geprobeerd, 30 dagen lang.\nMeteen proberen: "ontdubbel merge retry-portal {merge}". Opgeven: "ontdubbel merge skip-portal {merge} --reason …".',
  },
  undone: {
    en: 'The merge was undone: two records again.',
    nl: 'De ontdubbeling is ongedaan gemaakt: er zijn weer twee records.',
  },
  refused: { en: 'Refused: nothing was changed.', nl: 'Geweigerd: er is niets veranderd.' },
}

/** A merge's status, or a preview's, in a word or two; in English the code itself. */
export function statusWord(status: MergeStatus | 'preview', language: Language): string {
  return valueWord('status', status, language)
}

/** What a merge's status means, and what can be done. Details: `merge`, `since`. */
export function statusSentence(status: MergeStatus, details: Record<string, unknown>, language: Language): string {
  return say(STATUS_SENTENCES[status], language, details)
}
