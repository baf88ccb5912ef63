import type { WarningCode } from '../codes'
import { say } from './fill'
import type { Language, Sentence } from './language'

export const WARNING_SENTENCES: Record<WarningCode, Sentence> = {
  'history-erased': {
    en: 'The loan history of the removed record is erased: {loans:loan|loans} ({libraries}). This cannot be undone.',
    nl: 'De leenhistoriek van het te verwijderen record wordt gewist: {loans:uitlening|uitleningen} ({libraries}). Dit kan niet ongedaan gemaakt worden.',
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
    en: 'The patron administration of {libraries} no longer finds this person. Remedy: register the kept record there at once ("ontdubbel register").',
    nl: 'De klantenadministratie van {libraries} vindt deze persoon niet meer. Oplossing: schrijf de klant die overblijft daar meteen opnieuw in ("ontdubbel register").',
  },
  'subscription-stopped': {
    en: 'Both have a valid subscription at {libraries}: that of the removed record is stopped ({subscriptions}).',
    nl: 'Beide records hebben een geldig abonnement bij {libraries}: dat van het te verwijderen record wordt stopgezet ({subscriptions}).',
  },
  'membership-charged-twice': {
    en: 'Both have an open membership fee at {libraries}: the kept record owes it twice then.',
    nl: 'Beide records hebben openstaande contributie bij {libraries}: de klant die overblijft is die dan twee keer verschuldigd.',
  },
  'hold-collapsed': {
    en: 'Both wait for the same title: one hold of the two is cancelled ({holds}, pickup {libraries}).',
    nl: 'Beide records wachten op dezelfde titel: één van de twee reserveringen vervalt ({holds}, af te halen in {libraries}).',
  },
  'hold-on-own-loan': {
    en: 'The kept record gets a hold on a title that it has on loan ({holds}).',
    nl: 'De klant die overblijft krijgt een reservering op een titel die al aan die klant uitgeleend is ({holds}).',
  },
  'ready-hold-moves': {
    en: 'Holds lie ready on the shelf with a label that shows the removed record: {holds}. Relabel them.',
    nl: 'Er liggen reserveringen klaar met een etiket van het te verwijderen record: {holds}. Kleef er een nieuw etiket op.',
  },
  'internet-block-applied': {
    en: 'Patron {patron} gets an internet block: registered online, and no national number is known.',
    nl: 'Klant {patron} krijgt een internetblokkade: online ingeschreven, en er is geen rijksregisternummer bekend.',
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
    en: 'The removed record has other details: {fields}. They are not taken over unless you ask for it (--take).',
    nl: 'Het te verwijderen record heeft andere gegevens: {fields}. Ze worden niet overgenomen, tenzij u erom vraagt (--take).',
  },
  'national-number-invalid': {
    en: 'The legitimation of {patrons} holds a national number with wrong check digits: it is not copied.',
    nl: 'De legitimatie van klant {patrons} bevat een rijksregisternummer met een fout controlegetal: het wordt niet overgenomen.',
  },
  'portal-links-collapse': {
    en: 'A portal account is linked to both records: {links:double link is|double links are} removed.',
    nl: 'Een profiel in Mijn Bibliotheek is aan beide records gekoppeld: {links:dubbele koppeling wordt|dubbele koppelingen worden} verwijderd.',
  },
  'portal-unreachable': {
    en: 'The portal could not be asked which links there are.',
    nl: 'Aan Mijn Bibliotheek kon niet gevraagd worden welke koppelingen er zijn.',
  },
  'different-person': {
    en: 'These may be two people: {because}.',
    nl: 'Dit zijn misschien twee personen: {because}.',
  },
  'rejected-before': {
    en: 'Somebody decided before that patrons {patrons} are not the same person.',
    nl: 'Iemand besliste eerder dat klanten {patrons} niet dezelfde persoon zijn.',
  },
}

/** The sentence of a warning, its details filled in. */
export function warningSentence(code: WarningCode, details: Record<string, unknown>, language: Language): string {
  return say(WARNING_SENTENCES[code], language, details)
}
