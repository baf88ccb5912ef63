import { say } from './fill'
import type { Language, Sentence } from './language'

/** One kind of failure of an activity, as Temporal stores it (its type is the code) and as people read it. */
interface Failure {
  /** Whether it is tried again by itself; else the merge needs attention. */
  retried: boolean
  says: Sentence
  /** What a person does about it. */
  remedy: Sentence
}

const DECIDE: Sentence = {
  en: 'When its cause is gone: "ontdubbel merge resume {merge}" goes on; "ontdubbel merge abandon {merge}" takes the merge back.',
  nl: 'Als de oorzaak weg is: "ontdubbel merge resume {merge}" gaat verder; "ontdubbel merge abandon {merge}" draait de ontdubbeling terug.',
}
const DECIDE_PORTAL: Sentence = {
  en: '"ontdubbel merge retry-portal {merge}" tries again; "ontdubbel merge skip-portal {merge} --reason …" gives the links up, with a notice for the desk.',
  nl: '"ontdubbel merge retry-portal {merge}" probeert opnieuw; "ontdubbel merge skip-portal {merge} --reason …" geeft de koppelingen op, met een melding voor de balie.',
}
const BY_ITSELF: Sentence = { en: 'It is tried again by itself.', nl: 'Het wordt vanzelf opnieuw geprobeerd.' }

/** What ops look at first when the portal refuses, by the HTTP status. */
export const PORTAL_REFUSED: Readonly<Record<number, Sentence>> = {
  401: { en: 'Check PORTAL_TOKEN.', nl: 'Kijk PORTAL_TOKEN na.' },
  403: { en: 'Ask the portal what this token may do.', nl: 'Vraag het portaal wat dit token mag.' },
  404: { en: 'Check PORTAL_URL.', nl: 'Kijk PORTAL_URL na.' },
}

/** Every way in which an activity can fail: nothing of pg, HTTP or zod passes activities/failures.ts. */
export const FAILURES = {
  'database-away': {
    retried: true,
    says: {
      en: 'The library database did not answer, or was busy.',
      nl: 'De databank antwoordde niet, of was bezet.',
    },
    remedy: BY_ITSELF,
  },
  'step-failed': {
    retried: false,
    says: {
      en: 'The database refuses the step "{step}" (SQLSTATE {sqlState}). Nothing of that step was done.',
      nl: 'De databank weigert de stap "{step}" (SQLSTATE {sqlState}). Van die stap is niets gedaan.',
    },
    remedy: DECIDE,
  },
  'record-not-empty': {
    retried: false,
    says: {
      en: 'Something still hangs on the removed record, so it is not retired.',
      nl: 'Er hangt nog iets aan het te verwijderen record: daarom wordt het niet verwijderd.',
    },
    remedy: DECIDE,
  },
  'undo-failed': {
    retried: false,
    says: {
      en: 'The database refuses to take the merge back (SQLSTATE {sqlState}). Nothing was changed.',
      nl: 'De databank weigert de ontdubbeling ongedaan te maken (SQLSTATE {sqlState}). Er is niets veranderd.',
    },
    remedy: {
      en: 'When its cause is gone: "ontdubbel merge resume {merge}" tries again; "ontdubbel merge abandon {merge}" leaves the merge as it is.',
      nl: 'Als de oorzaak weg is: "ontdubbel merge resume {merge}" probeert opnieuw; "ontdubbel merge abandon {merge}" laat de ontdubbeling zoals ze is.',
    },
  },
  'merge-not-open': {
    retried: false,
    says: {
      en: 'The merge is not open: it was abandoned, or has ended.',
      nl: 'De ontdubbeling is niet open: ze is teruggedraaid of al klaar.',
    },
    remedy: DECIDE,
  },
  'undo-under-way': {
    retried: true,
    says: {
      en: 'The merge is about to be undone: its links at the portal wait for what becomes of that.',
      nl: 'De ontdubbeling wordt ongedaan gemaakt: de koppelingen in Mijn Bibliotheek wachten af wat daarvan komt.',
    },
    remedy: BY_ITSELF,
  },
  'unknown-merge': {
    retried: false,
    says: { en: 'The merge is not in the database.', nl: 'De ontdubbeling staat niet in de databank.' },
    remedy: DECIDE,
  },
  unforeseen: {
    // a few times: what was a passing fault is gone by then
    retried: true,
    says: {
      en: 'Something failed that nobody foresaw (SQLSTATE {sqlState}): see the log of the worker.',
      nl: 'Er ging iets mis dat niemand voorzag (SQLSTATE {sqlState}): zie het logboek van de worker.',
    },
    remedy: DECIDE,
  },
  'portal-unreachable': {
    retried: true,
    says: {
      en: 'The portal did not answer (HTTP {status}), or not in time, or its answer broke off.',
      nl: 'Mijn Bibliotheek antwoordde niet (HTTP {status}), niet op tijd, of het antwoord brak af.',
    },
    remedy: BY_ITSELF,
  },
  'portal-busy': {
    retried: true,
    says: {
      en: 'The portal is busy (HTTP {status}) and asks us to come again.',
      nl: 'Mijn Bibliotheek is bezet (HTTP {status}) en vraagt om later terug te komen.',
    },
    remedy: BY_ITSELF,
  },
  'portal-bad-answer': {
    retried: true,
    says: {
      en: 'The portal gave an answer that its contract has not (HTTP {status}).',
      nl: 'Mijn Bibliotheek gaf een antwoord dat niet in het contract staat (HTTP {status}).',
    },
    remedy: BY_ITSELF,
  },
  'portal-refused': {
    retried: false,
    says: {
      en: 'The portal refused for good (HTTP {status}): asking again by itself would not help.',
      nl: 'Mijn Bibliotheek weigert definitief (HTTP {status}): vanzelf opnieuw proberen helpt niet.',
    },
    remedy: DECIDE_PORTAL,
  },
  'portal-gave-up': {
    retried: false,
    says: {
      en: 'The portal did not do its part for 30 days.',
      nl: 'Mijn Bibliotheek deed 30 dagen lang zijn deel niet.',
    },
    remedy: DECIDE_PORTAL,
  },
} as const satisfies Record<string, Failure>

export type FailureCode = keyof typeof FAILURES

export function isFailureCode(code: string): code is FailureCode {
  return code in FAILURES
}

/** What failed, its details filled in. */
export function failureSentence(code: FailureCode, details: Record<string, unknown>, language: Language): string {
  return say(FAILURES[code].says, language, details)
}

/** What a person does about it. Details: `merge`. */
export function failureRemedy(code: FailureCode, details: Record<string, unknown>, language: Language): string {
  return say(FAILURES[code].remedy, language, details)
}
