import { fill } from './fill'

const LINKS_GIVEN_UP =
  'Mijn Bibliotheek: de koppeling met klant {removed}, die met deze klant ontdubbeld is, kon niet bijgewerkt worden. Vraag de klant om in Mijn Bibliotheek de koppeling met {library} te verwijderen en opnieuw te koppelen.'

/** What the product writes into a record, in Dutch: the portal's links at one library were given up. */
export function givenUpNotice(details: { removed: number; library: string }): string {
  return fill(LINKS_GIVEN_UP, details)
}
