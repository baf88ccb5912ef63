import type { RefusalCode } from '../codes'
import { say } from './fill'
import type { Language, Sentence } from './language'

export const REFUSAL_SENTENCES: Record<RefusalCode, Sentence> = {
  'same-record': {
    en: 'Patron {patron} is on both sides: give two different records.',
    nl: 'Klant {patron} staat aan beide kanten: geef twee verschillende records.',
  },
  'unknown-patron': { en: 'There is no patron {patrons}.', nl: 'Klant {patrons} bestaat niet.' },
  'merge-in-progress': {
    en: 'Patron {patron} is in merge {merge}, which is not finished (it has {difference}). See "ontdubbel merge show {merge}"; "ontdubbel merge resume {merge}" or "ontdubbel merge abandon {merge}" frees the record.',
    nl: 'Klant {patron} zit in ontdubbeling {merge}, die nog niet klaar is (met {difference}). Zie "ontdubbel merge show {merge}"; "ontdubbel merge resume {merge}" of "ontdubbel merge abandon {merge}" maakt het record vrij.',
  },
  'already-merged': {
    en: 'Patron {patron} was merged before; it is now {mergedInto}.',
    nl: 'Klant {patron} is al ontdubbeld en is nu klant {mergedInto}.',
  },
  protected: {
    en: 'Patron {patron} is a protected record (an institution, a class, an administrative card) and is not merged.',
    nl: 'Klant {patron} is een beschermd record (een instelling, een klas, een administratieve pas) en wordt niet ontdubbeld.',
  },
  'different-national-numbers': {
    en: 'The two records have different valid national numbers: these are two people. If you are sure: --override different-national-numbers.',
    nl: 'De twee records hebben verschillende geldige rijksregisternummers: dit zijn twee personen. Als u zeker bent: --override different-national-numbers.',
  },
  'charges-in-collection': {
    en: 'The removed record has open charges with the bailiff, who knows it by its number: {charges}. If you are sure: --override charges-in-collection.',
    nl: 'Het te verwijderen record heeft openstaande kosten bij de deurwaarder, die het onder zijn nummer kent: {charges}. Als u zeker bent: --override charges-in-collection.',
  },
  'changed-since-preview': {
    en: 'Something about the two records has changed since the preview. Look at a new preview first.',
    nl: 'Er is iets aan de twee records veranderd sinds het voorbeeld. Bekijk eerst een nieuw voorbeeld.',
  },
  'needs-acceptance': {
    en: 'These warnings must be accepted by name first (--accept): {warnings}.',
    nl: 'Deze waarschuwingen moet u eerst uitdrukkelijk aanvaarden (--accept): {warnings}.',
  },
  'bad-input': {
    en: 'Wrong input at {where}: expected {expected}.',
    nl: 'Foute invoer bij {where}: verwacht wordt {expected}.',
  },
  'unknown-merge': { en: 'There is no merge {merge}.', nl: 'Ontdubbeling {merge} bestaat niet.' },
  'not-merged': {
    en: 'Merge {merge} is {status}: there is nothing to undo. An unfinished merge is taken back by "ontdubbel merge abandon {merge}".',
    nl: 'Ontdubbeling {merge} is {status}: er is niets om ongedaan te maken. Een onafgewerkte ontdubbeling draait u terug met "ontdubbel merge abandon {merge}".',
  },
  'later-merge': {
    en: 'Patron {patron} was merged once more since: undo merge {later} first, then this one.',
    nl: 'Klant {patron} is daarna nog eens ontdubbeld: maak eerst ontdubbeling {later} ongedaan, dan deze.',
  },
  'undo-window-over': {
    en: 'Merge {merge} can no longer be undone: its old values were stripped when its undo window ended.',
    nl: 'Ontdubbeling {merge} kan niet meer ongedaan gemaakt worden: de oude waarden zijn gewist toen de termijn om was.',
  },
}

/** The sentence of a refusal, its details filled in. */
export function refusalSentence(code: RefusalCode, details: Record<string, unknown>, language: Language): string {
  return say(REFUSAL_SENTENCES[code], language, details)
}
