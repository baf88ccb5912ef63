import type { Sentence } from './language'
import { REFUSAL_SENTENCES } from './refusals'

/** What ends a command, and what can be done about it. */
export const ERRORS = {
  badInput: REFUSAL_SENTENCES['bad-input'],
  unknownMerge: REFUSAL_SENTENCES['unknown-merge'],
  unknownPatron: { en: 'There is no patron {patron}.', nl: 'Klant {patron} bestaat niet.' },
  unknownPatronOrCard: {
    en: 'There is no patron and no card {asked}.',
    nl: 'Er is geen klant en geen pas {asked}.',
  },
  recordBusy: {
    en: 'The record that {asked} leads to is being merged. Ask again.',
    nl: 'Het record waar {asked} naar leidt, wordt net ontdubbeld. Vraag het opnieuw.',
  },
  unknownLibrary: {
    en: 'There is no library {library}. Give the id of one, as imported.',
    nl: 'Er is geen bib {library}. Geef de code van een bib, zoals ze ingeladen is.',
  },
  registeredAlready: {
    en: 'Patron {patron} has an active subscription at {library} already ({subscription}): nothing to do.',
    nl: 'Klant {patron} heeft al een geldig abonnement bij {library} ({subscription}): er is niets te doen.',
  },
  endsBeforeItStarts: {
    en: 'A subscription that starts today ({today}) cannot end on {until}.',
    nl: 'Een abonnement dat vandaag begint ({today}), kan niet eindigen op {until}.',
  },
  mergeNotOpen: {
    en: 'merge {merge} is not open: it was abandoned, or has ended',
    nl: 'ontdubbeling {merge} is niet open: ze is teruggedraaid of al klaar',
  },
  notBeingUndone: {
    en: 'merge {merge} is not being undone',
    nl: 'ontdubbeling {merge} wordt niet ongedaan gemaakt',
  },
  notTakenUp: { en: 'Merge {merge} could not be taken up.', nl: 'Ontdubbeling {merge} kon niet hervat worden.' },
  patronOrCampaign: {
    en: 'Give the id of a patron, or --campaign.',
    nl: 'Geef het nummer van een klant, of --campaign.',
  },
  oneMerge: { en: 'Give the id of a merge.', nl: 'Geef het nummer van een ontdubbeling.' },
  oneMergeOrMany: {
    en: 'Give the id of a merge, or one of: {options}.',
    nl: 'Geef het nummer van een ontdubbeling, of een van deze: {options}.',
  },
  sayWhy: {
    en: 'Say why the links are given up: --reason TEXT.',
    nl: 'Zeg waarom de koppelingen opgegeven worden: --reason TEKST.',
  },
  noStack: {
    en: 'No stack is running in {folder}. Start one with "ontdubbel up", name its folder with --data-dir, or set {variable}.',
    nl: 'Er draait niets in {folder}. Start met "ontdubbel up", geef de map met --data-dir, of stel {variable} in.',
  },
  noPortal: {
    en: 'No portal is known. Start one with "ontdubbel up", or set PORTAL_URL.',
    nl: 'Er is geen portaal bekend. Start er een met "ontdubbel up", of stel PORTAL_URL in.',
  },
  databaseUnreachable: {
    en: 'The library database cannot be reached ({why}). Is the stack running ("ontdubbel up")? Is DATABASE_URL right? "ontdubbel doctor" looks.',
    nl: 'De databank is niet bereikbaar ({why}). Draait alles ("ontdubbel up")? Klopt DATABASE_URL? "ontdubbel doctor" kijkt het na.',
  },
  temporalUnreachable: {
    en: '{message} {remedy}',
    nl: 'De Temporal-server is niet bereikbaar. Voor wie hem beheert (in het Engels): {message} {remedy}',
  },
  /** What is wrong with a connection is for ops, and English. */
  forOps: { en: '{message} {remedy}', nl: 'Voor wie hem beheert (in het Engels): {message} {remedy}' },
  unforeseenWithValues: {
    en: 'Something failed that nobody foresaw ({code}). ONTDUBBEL_DEBUG=1 shows the whole error, which may quote values of people.',
    nl: 'Er ging iets mis dat niemand voorzag ({code}). ONTDUBBEL_DEBUG=1 toont de hele fout, die gegevens van mensen kan bevatten.',
  },
  unforeseen: {
    en: 'Something failed that nobody foresaw ({code}): {message}',
    nl: 'Er ging iets mis dat niemand voorzag ({code}): {message}',
  },
  portalUrl: {
    en: 'PORTAL_URL is not an http or https address.',
    nl: 'PORTAL_URL is geen http- of https-adres.',
  },
  portalToken: {
    en: 'PORTAL_TOKEN holds white space or other characters that no token has.',
    nl: 'PORTAL_TOKEN bevat witruimte of andere tekens die in geen token staan.',
  },
  portalCall: {
    en: 'The call to the portal could not be put into HTTP.',
    nl: 'De vraag aan Mijn Bibliotheek kon niet in HTTP gezet worden.',
  },
  portalWithoutControl: {
    en: "PORTAL_URL is somebody else's portal: what it has and does is not ours to tell; only the reference portal can be told.",
    nl: 'PORTAL_URL is het portaal van een ander: wat het heeft en doet, bepalen wij niet; dat kan alleen bij het referentieportaal.',
  },
  portalBadAccount: {
    en: 'The portal does not take account line {line}: {reason}.',
    nl: 'Mijn Bibliotheek neemt profielregel {line} niet aan: {reason}.',
  },
} as const satisfies Record<string, Sentence>
