import { isoDate } from './dates'
import type { Ids } from './ids'
import { at, Random } from './random'
import type { PatronRecord } from './records'
import type { World } from './world'

const STREAM_INSTITUTION = 11
const NAMES = ['De Regenboog', 'De Zonnebloem', 'Sint-Jozef', 'De Springplank', 'Het Kompas', 'Ter Eecken', 'De Klimop']
const KINDS = ['Basisschool', 'Kleuterschool', 'Woonzorgcentrum', 'Kinderdagverblijf', 'Klas 3B', 'Klas 6A', 'Leesclub']

/** A record that is no person: protected, with a card and a subscription that does not end. */
export function institutionRecord(world: World, id: number, slot: number, ids: Ids): PatronRecord {
  const random = new Random(world.seed, STREAM_INSTITUTION, slot)
  const library = random.pick(world.libraries)
  const [postcode, city] = at(library.localities, 0)
  const registered = world.today - random.between(400, 7_000)
  const startsOn = isoDate(registered)
  return {
    type: 'patron',
    id,
    lastName: `${random.pick(KINDS)} ${random.pick(NAMES)}`,
    firstName: null,
    gender: null,
    birthDate: null,
    address: { street: 'Schoolstraat', number: String(random.between(1, 60)), postcode, city },
    nationalNumber: null,
    legitimation: null,
    registeredOnline: false,
    registeredOn: startsOn,
    lastActivityOn: isoDate(world.today - random.below(200)),
    protected: true,
    internetBlock: null,
    contacts: [],
    cards: [{ number: ids.card(), library: library.code, status: 'active' }],
    subscriptions: [
      {
        id: ids.subscription(),
        library: library.code,
        product: 'institution',
        startsOn,
        endsOn: null,
        stoppedOn: null,
      },
    ],
    historyPreferences: [],
    loans: [],
    loanHistory: [],
    holds: [],
    charges: [],
    payments: [],
    messages: [],
    mergedInto: null,
  }
}
