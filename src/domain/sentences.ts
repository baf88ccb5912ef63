import type { RefusalCode, StepName, WarningCode } from './codes'

/** What staff read, in Dutch and English, and nowhere else. Sentences hold ids, libraries, dates and counts, never values. */

export const LANGUAGES = ['en', 'nl'] as const
export type Language = (typeof LANGUAGES)[number]
type Sentence = Record<Language, string>

const WARNING_SENTENCES: Record<WarningCode, Sentence> = {
  'history-erased': {
    en: 'The loan history of the removed record is erased: {loans} loans ({libraries}). This cannot be undone.',
    nl: 'De leenhistoriek van het te verwijderen record wordt gewist: {loans} uitleningen ({libraries}). Dit kan niet ongedaan gemaakt worden.',
  },
  'valid-subscription-on-removed': {
    en: 'Only the removed record has a valid subscription ({libraries}). Swap the sides?',
    nl: 'Alleen het te verwijderen record heeft een geldig abonnement ({libraries}). Klanten omwisselen?',
  },
  'expired-subscriptions-deleted': {
    en: 'Expired subscriptions of the removed record are deleted: {subscriptions} ({libraries}).',
    nl: 'Vervallen abonnementen van het te verwijderen record worden gewist: {subscriptions} ({libraries}).',
  },
  'not-findable': {
    en: 'The patron administration of {libraries} will no longer find this person. Remedy: register the kept record there at once.',
    nl: 'De klantenadministratie van {libraries} vindt deze persoon niet meer. Oplossing: schrijf de klant die overblijft daar meteen opnieuw in.',
  },
  'subscription-stopped': {
    en: 'Both have a valid subscription at {libraries}: that of the removed record is stopped ({subscriptions}).',
    nl: 'Beide hebben een geldig abonnement bij {libraries}: dat van het te verwijderen record wordt gestopt ({subscriptions}).',
  },
  'membership-charged-twice': {
    en: 'Both have an open membership fee at {libraries}: the kept record will owe it twice.',
    nl: 'Beide hebben openstaande contributie bij {libraries}: de klant die overblijft is die twee keer verschuldigd.',
  },
  'hold-collapsed': {
    en: 'Both wait for the same title: one hold of the two is cancelled ({holds}, pickup {libraries}).',
    nl: 'Beide wachten op dezelfde titel: één van de twee reserveringen vervalt ({holds}, afhalen in {libraries}).',
  },
  'hold-on-own-loan': {
    en: 'The kept record will have a hold on a title that it has on loan ({holds}).',
    nl: 'De klant die overblijft heeft straks een reservering op een titel die hij zelf geleend heeft ({holds}).',
  },
  'ready-hold-moves': {
    en: 'Holds lie ready on the shelf with a label that shows the removed record: {holds}. Relabel them.',
    nl: 'Er liggen reserveringen klaar met een etiket van het te verwijderen record: {holds}. Druk een nieuw etiket af.',
  },
  'internet-block-applied': {
    en: 'Patron {patron} gets an internet block: registered online, and no national number is known.',
    nl: 'Klant {patron} krijgt een internetblokkade: online ingeschreven, en geen rijksregisternummer bekend.',
  },
  'internet-block-kept': {
    en: 'Patron {patron} keeps the block for online registration although the national number is known: you may lift it.',
    nl: 'Klant {patron} houdt de internetblokkade van de online inschrijving, hoewel het rijksregisternummer bekend is: u mag ze opheffen.',
  },
  'staff-block-not-carried': {
    en: 'Staff blocked patron {patron}; that block is not carried over to the kept record.',
    nl: 'Een medewerker blokkeerde klant {patron}; die blokkade gaat niet mee naar de klant die overblijft.',
  },
  'unverified-login-gains-access': {
    en: 'Patron {patron} was registered online and never showed an identity document: whoever made that registration gets access to the account of the kept record.',
    nl: 'Klant {patron} is online ingeschreven en toonde nooit een identiteitsbewijs: wie die inschrijving deed, krijgt toegang tot de gegevens van de klant die overblijft.',
  },
  'details-differ': {
    en: 'The removed record has other details: {fields}. They are not taken over unless you ask for it.',
    nl: 'Het te verwijderen record heeft andere gegevens: {fields}. Ze worden niet overgenomen tenzij u erom vraagt.',
  },
  'national-number-invalid': {
    en: 'The legitimation of {patrons} holds a national number with wrong check digits: it is not copied.',
    nl: 'De legitimatie van {patrons} bevat een rijksregisternummer met een fout controlegetal: het wordt niet overgenomen.',
  },
  'portal-links-collapse': {
    en: 'A portal account is linked to both records: {links} double links are removed.',
    nl: 'Een Mijn Bibliotheek-profiel is aan beide records gekoppeld: {links} dubbele koppelingen worden verwijderd.',
  },
  'portal-unreachable': {
    en: 'The portal could not be asked which links there are.',
    nl: 'Mijn Bibliotheek kon niet gevraagd worden welke koppelingen er zijn.',
  },
  'different-person': {
    en: 'These may be two people: {because}.',
    nl: 'Dit zijn misschien twee personen: {because}.',
  },
  'rejected-before': {
    en: 'Somebody decided before that {patrons} are not the same person.',
    nl: 'Iemand besliste eerder dat {patrons} niet dezelfde persoon zijn.',
  },
}

const REFUSAL_SENTENCES: Record<RefusalCode, Sentence> = {
  'same-record': {
    en: 'Patron {patron} is on both sides: give two different records.',
    nl: 'Klant {patron} staat aan beide kanten: geef twee verschillende records.',
  },
  'unknown-patron': { en: 'There is no patron {patrons}.', nl: 'Klant {patrons} bestaat niet.' },
  'merge-in-progress': {
    en: 'Patron {patron} is in merge {merge}, which is not finished ({difference}). See "ontdubbel merge show {merge}"; "merge resume {merge}" or "merge abandon {merge}" frees the record.',
    nl: 'Klant {patron} zit in ontdubbeling {merge}, die niet klaar is ({difference}). Zie "ontdubbel merge show {merge}"; "merge resume {merge}" of "merge abandon {merge}" maakt het record vrij.',
  },
  'already-merged': {
    en: 'Patron {patron} was merged before; it is now {mergedInto}.',
    nl: 'Klant {patron} is eerder ontdubbeld; dat is nu {mergedInto}.',
  },
  protected: {
    en: 'Patron {patron} is a protected record (an institution, a class, an administrative card) and is not merged.',
    nl: 'Klant {patron} is een beschermd record (een instelling, een klas, een administratieve pas) en wordt niet ontdubbeld.',
  },
  'different-national-numbers': {
    en: 'The two records have different valid national numbers: these are two people. If you are sure: --override different-national-numbers.',
    nl: 'De twee records hebben verschillende geldige rijksregisternummers: dit zijn twee personen. Bent u zeker: --override different-national-numbers.',
  },
  'charges-in-collection': {
    en: 'The removed record has open charges with the bailiff, who knows it by its number: {charges}. If you are sure: --override charges-in-collection.',
    nl: 'Het te verwijderen record heeft openstaande kosten bij de deurwaarder, die het bij zijn nummer kent: {charges}. Bent u zeker: --override charges-in-collection.',
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
    nl: 'Foute invoer bij {where}: verwacht {expected}.',
  },
  'unknown-merge': { en: 'There is no merge {merge}.', nl: 'Ontdubbeling {merge} bestaat niet.' },
}

const STEP_SENTENCES: Record<StepName, Sentence> = {
  openMerge: { en: 'Take both records', nl: 'Beide klanten vastnemen' },
  transferLoans: { en: 'Move loans', nl: 'Uitleningen overzetten' },
  transferHolds: { en: 'Move holds', nl: 'Reserveringen overzetten' },
  transferLoanHistory: { en: 'Move or erase loan history', nl: 'Leenhistoriek overzetten of wissen' },
  transferFees: { en: 'Move charges and payments', nl: 'Kosten en betalingen overzetten' },
  transferContacts: { en: 'Move contacts', nl: 'Contactgegevens overzetten' },
  transferMessages: { en: 'Move notices and remarks', nl: 'Meldingen en opmerkingen overzetten' },
  transferCards: { en: 'Move cards', nl: 'Passen overzetten' },
  transferSubscriptions: { en: 'Move subscriptions', nl: 'Abonnementen overzetten' },
  transferDetails: { en: 'National number and details', nl: 'Rijksregisternummer en gegevens' },
  applyInternetBlock: { en: 'Internet block', nl: 'Internetblokkade' },
  retireRecord: { en: 'Retire the removed record', nl: 'Klant verwijderen' },
  syncPortalLinks: { en: 'Update links at the portal', nl: 'Koppelingen in Mijn Bibliotheek bijwerken' },
}

/** The sentence of a warning, its details filled in. */
export function warningSentence(code: WarningCode, details: Record<string, unknown>, language: Language): string {
  return fill(WARNING_SENTENCES[code][language], details)
}

/** The sentence of a refusal, its details filled in. */
export function refusalSentence(code: RefusalCode, details: Record<string, unknown>, language: Language): string {
  return fill(REFUSAL_SENTENCES[code][language], details)
}

/** What a step does, in a few words: the summary in the Temporal UI and the line on the command line. */
export function stepSentence(step: StepName, language: Language): string {
  return STEP_SENTENCES[step][language]
}

/** Puts details in the place of {names}; a bracket whose name has no detail goes with it. */
function fill(sentence: string, details: Record<string, unknown>): string {
  return sentence
    .replace(/ \(\{(\w+)\}\)/g, (whole, name: string) => (details[name] === undefined ? '' : whole))
    .replace(/\{(\w+)\}/g, (_, name: string) => show(details[name]))
}

function show(value: unknown): string {
  if (value === null || value === undefined) return '?'
  if (Array.isArray(value)) return value.map(show).join(', ')
  if (typeof value === 'object') {
    const parts = Object.entries(value).map(([key, one]) =>
      key === 'hold' || key === 'library' ? show(one) : `${key}: ${show(one)}`,
    )
    return parts.join(' ')
  }
  return String(value as string | number | boolean)
}
