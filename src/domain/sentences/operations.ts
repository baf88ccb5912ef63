import type { Sentence } from './language'

/** What is told while something is asked of a merge: what is waited for, what was begun, what there is nothing to do about. */
export const OPERATIONS = {
  waits: {
    en: 'Waiting: a desk or another merge has one of the records. Goes on as soon as it lets go.',
    nl: 'Even wachten: een balie of een andere ontdubbeling heeft een van de records vast. Gaat verder zodra het vrijkomt.',
  },
  noWorker: {
    en: 'No worker is running: the merge is started, and runs when one comes ("ontdubbel worker", or "ontdubbel up").',
    nl: 'Er draait geen worker: de ontdubbeling is gestart en loopt zodra er een is ("ontdubbel worker" of "ontdubbel up").',
  },
  noWorkerTakenUp: {
    en: 'No worker is running: merge {merge} is taken up, and goes on when one comes ("ontdubbel worker", or "ontdubbel up").',
    nl: 'Er draait geen worker: ontdubbeling {merge} is hervat en gaat verder zodra er een is ("ontdubbel worker" of "ontdubbel up").',
  },
  noWorkerNotAsked: {
    en: 'No worker is running, so merge {merge} has not answered: it may still do this when a worker comes. Start one ("ontdubbel worker", or "ontdubbel up"), then look with "ontdubbel merge show {merge}".',
    nl: 'Er draait geen worker, dus ontdubbeling {merge} antwoordde niet: het kan nog gebeuren zodra er een worker is. Start er een ("ontdubbel worker" of "ontdubbel up") en kijk dan met "ontdubbel merge show {merge}".',
  },
  started: { en: 'The merge is started.', nl: 'De ontdubbeling is gestart.' },
  runningAlready: {
    en: 'A merge of this pair is running already: nothing was started.',
    nl: 'Deze twee klanten worden al ontdubbeld: er is niets gestart.',
  },
  mergedAlready: {
    en: 'This pair is merged already (merge {merge}): nothing would happen.',
    nl: 'Deze twee klanten zijn al ontdubbeld (ontdubbeling {merge}): er zou niets gebeuren.',
  },
  doesNotWait: {
    en: 'Merge {merge} is {status}: it does not wait for the portal.',
    nl: 'Ontdubbeling {merge} is niet aan het wachten op Mijn Bibliotheek (status: {status}).',
  },
  nothingToResume: {
    en: 'Merge {merge} is {status}: there is nothing to go on with.',
    nl: 'Aan ontdubbeling {merge} valt niets te hervatten (status: {status}).',
  },
  atIt: {
    en: 'Merge {merge} is {status}, and its workflow is at it: there is nothing to resume.',
    nl: 'Aan ontdubbeling {merge} wordt al gewerkt (status: {status}): er valt niets te hervatten.',
  },
  notAbandoned: {
    en: 'Merge {merge} is {status}: only an unfinished merge can be abandoned; a finished one can be undone.',
    nl: 'Ontdubbeling {merge} kan niet teruggedraaid worden (status: {status}): dat kan alleen zolang ze niet afgewerkt is; een afgewerkte ontdubbeling kan ongedaan gemaakt worden.',
  },
  /** By its workflow, which says in English why: `why`. */
  refused: { en: 'Merge {merge}: {why}', nl: 'Ontdubbeling {merge}: {why}' },
} as const satisfies Record<string, Sentence>

/** Why a merge's workflow does not take what was asked, by the code that it gives; its own sentence is English. */
export const UPDATE_REFUSALS: Readonly<Record<string, Sentence>> = {
  'retired-already': {
    en: 'The record is retired already: use undo.',
    nl: 'Het te verwijderen record is al verwijderd: maak de ontdubbeling ongedaan.',
  },
  'not-waiting': {
    en: 'This cannot be asked now.',
    nl: 'Dat kan nu niet gevraagd worden.',
  },
  'bad-input': {
    en: 'Give your name, and a reason of at most 200 characters without a national number or an e-mail address.',
    nl: 'Geef uw naam, en een reden van hoogstens 200 tekens zonder rijksregisternummer of e-mailadres.',
  },
}
