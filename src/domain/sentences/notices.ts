import { fill } from './fill'

const LINKS_GIVEN_UP =
  'Mijn Bibliotheek: de koppeling met klant {removed}, die met deze klant ontdubbeld is, kon niet bijgewerkt worden. Vraag de klant om in Mijn Bibliotheek de koppeling met {library} te verwijderen en opnieuw te koppelen.'

/** What the product writes into a record, in Dutch: the portal's links at one library were given up. */
export function givenUpNotice(details: { removed: number; library: string }): string {
  return fill(LINKS_GIVEN_UP, details)
}

const UNDO_LINKS_GIVEN_UP =
  'Mijn Bibliotheek: een ontdubbeling van deze klant met klant {kept} is ongedaan gemaakt, maar een koppeling wijst nog naar klant {kept}. Vraag de klant om in Mijn Bibliotheek de koppeling met {library} te verwijderen en opnieuw te koppelen.'

/** As above, for an undo: on the record that is there again, whose links still point to the other one. */
export function undoGivenUpNotice(details: { kept: number; library: string }): string {
  return fill(UNDO_LINKS_GIVEN_UP, details)
}
