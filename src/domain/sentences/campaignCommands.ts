import type { FollowUpCode } from '../campaign'
import type { Sentence } from './language'

/** What is told while something is asked of a campaign, and while it is followed. */
export const CAMPAIGN_OPERATIONS = {
  reading: { en: 'reading the list: {pairs:pair|pairs}', nl: 'lijst lezen: {pairs:paar|paren}' },
  ordering: { en: 'putting {pairs:pair|pairs} in order', nl: '{pairs:paar|paren} op volgorde zetten' },
  started: {
    en: 'Campaign {campaign} is started: "ontdubbel campaign status {campaign}" says how far it is.',
    nl: 'Campagne {campaign} is gestart: "ontdubbel campaign status {campaign}" zegt hoe ver ze is.',
  },
  noWorker: {
    en: 'No worker is running: campaign {campaign} is started, and runs when one comes ("ontdubbel worker", or "ontdubbel up").',
    nl: 'Er draait geen worker: campagne {campaign} is gestart en loopt zodra er een is ("ontdubbel worker" of "ontdubbel up").',
  },
  noWorkerNotAsked: {
    en: 'No worker is running, so campaign {campaign} has not answered: it may still do this when a worker comes. Start one ("ontdubbel worker", or "ontdubbel up"), then look with "ontdubbel campaign status {campaign}".',
    nl: 'Er draait geen worker, dus campagne {campaign} antwoordde niet: het kan nog gebeuren zodra er een worker is. Start er een ("ontdubbel worker" of "ontdubbel up") en kijk dan met "ontdubbel campaign status {campaign}".',
  },
  notFollowed: {
    en: 'No longer followed; campaign {campaign} goes on. "ontdubbel campaign status {campaign}" says how far it is, "ontdubbel campaign pause {campaign}" stops it.',
    nl: 'Wordt niet meer gevolgd; campagne {campaign} gaat verder. "ontdubbel campaign status {campaign}" zegt hoe ver ze is, "ontdubbel campaign pause {campaign}" houdt haar tegen.',
  },
  isSo: {
    en: 'Campaign {campaign} is {stands} already: there is nothing to do.',
    nl: 'Er is niets te doen: de status van campagne {campaign} is al {stands}.',
  },
  notNow: {
    en: 'Campaign {campaign} is {stands}: this cannot be asked of it.',
    nl: 'Dat kan niet gevraagd worden: de status van campagne {campaign} is {stands}.',
  },
  nothingSetAside: {
    en: 'No pair of campaign {campaign} is set aside: there is nothing to try again.',
    nl: 'Geen enkel paar van campagne {campaign} is opzij gezet: er valt niets opnieuw te proberen.',
  },
  /** By its workflow, which says in English why: `why`. */
  refused: { en: 'Campaign {campaign}: {why}', nl: 'Campagne {campaign}: {why}' },
} as const satisfies Record<string, Sentence>

/** What ends a command about campaigns. */
export const CAMPAIGN_ERRORS = {
  unknown: { en: 'There is no campaign {campaign}.', nl: 'Campagne {campaign} bestaat niet.' },
  onlyOnAPair: {
    en: '{option} {code} is given on the pair itself, in the list, never for a whole campaign.',
    nl: '{option} {code} geeft u bij het paar zelf, in de lijst, nooit voor een hele campagne.',
  },
  setWhat: { en: 'Say what to set: {options}.', nl: 'Zeg wat u wilt instellen: {options}.' },
  whichOne: {
    en: 'More than one campaign is under way: give the id of the one to follow.',
    nl: 'Er lopen verschillende campagnes: geef het nummer van de campagne die u wilt volgen.',
  },
  csvOrJson: { en: 'Give --csv or --json, not both.', nl: 'Geef --csv of --json, niet allebei.' },
} as const satisfies Record<string, Sentence>

/** What a campaign's options must be. */
export const CAMPAIGN_WANTED = {
  upTo: { en: 'It is a whole number from 1 to {most}.', nl: 'Het moet een geheel getal van 1 tot {most} zijn.' },
  hoursOrAny: {
    en: 'It is HH:MM-HH:MM in Europe/Brussels, as 22:00-06:00, or "any".',
    nl: 'Het moet UU:MM-UU:MM zijn, Brusselse tijd, zoals 22:00-06:00, of "any" voor elk uur.',
  },
} as const satisfies Record<string, Sentence>

/** What a campaign would do. */
export const CAMPAIGN_PREVIEW = {
  looking: { en: 'looking at the pairs', nl: 'paren bekijken' },
  all: { en: '{pairs:pair|pairs}: what a campaign would do', nl: '{pairs:paar|paren}: wat een campagne zou doen' },
  sample: {
    en: '{pairs:pair|pairs}, of which a sample of {previewed} was looked at ("--all" looks at all): what a campaign would do',
    nl: '{pairs:paar|paren}, waarvan een steekproef van {previewed} bekeken is ("--all" bekijkt alles): wat een campagne zou doen',
  },
  widely: {
    en: 'Not looked at, since too many others hang together with them: {widely:pair|pairs}.',
    nl: 'Niet bekeken, omdat er te veel andere mee samenhangen: {widely:paar|paren}.',
  },
  moves: { en: 'would move: {counts}', nl: 'zou overgezet worden: {counts}' },
} as const satisfies Record<string, Sentence>

/** What people have to do after a campaign. Details: `patron`, `removed`, `library`, `hold`. */
export const FOLLOW_UP_SENTENCES: Record<FollowUpCode, Sentence> = {
  'relabel-hold': {
    en: '{library}: hold {hold} lies ready with the label of {removed}: put the name of {patron} on it.',
    nl: '{library}: reservering {hold} ligt klaar met het etiket van {removed}: zet er {patron} op.',
  },
  register: {
    en: '{library}: patron {patron} is no longer found there: "ontdubbel register {patron} --library {library}".',
    nl: '{library}: klant {patron} wordt er niet meer gevonden: "ontdubbel register {patron} --library {library}".',
  },
  'look-at-block': {
    en: 'Look at the internet block of patron {patron} (merged with {removed}).',
    nl: 'Kijk de internetblokkade van klant {patron} na (ontdubbeld met {removed}).',
  },
  'link-given-up': {
    en: 'The link at the portal still points to {removed}: ask patron {patron} to unlink and link again ({library}).',
    nl: 'De koppeling in Mijn Bibliotheek wijst nog naar {removed}: vraag klant {patron} om te ontkoppelen en opnieuw te koppelen ({library}).',
  },
}

/** What is told when a whole campaign's patrons are registered again. */
export const REGISTERED_MANY = {
  done: {
    en: '{registered:patron was|patrons were} registered again at {library}.',
    nl: 'Opnieuw ingeschreven bij {library}: {registered:klant|klanten}.',
  },
} as const satisfies Record<string, Sentence>
