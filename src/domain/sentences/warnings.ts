import type { WarningCode } from '../codes'
import { fill, type Language, type Sentence } from './fill'

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

/** The sentence of a warning, its details filled in. */
export function warningSentence(code: WarningCode, details: Record<string, unknown>, language: Language): string {
  return fill(WARNING_SENTENCES[code][language], details)
}
