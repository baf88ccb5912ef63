import { locate, type Whereabouts } from './layout'
import type { Registration } from './patron'
import { at, Random } from './random'
import type { PortalAccountRecord } from './records'
import { idOf, slotOf, type World } from './world'

const STREAM_ACCOUNT = 12
const STREAM_SHARED_ACCOUNT = 13

/** With those who linked both of their records to one account, three in ten patrons have a link. */
const ACCOUNT_SHARE = 0.28
const ONLINE_ACCOUNT_SHARE = 0.6
const SHARED_SHARE = 0.2

/**
 * The accounts of the consortium, by id. Who has one follows from the patron's id, so that nothing is kept while the
 * patrons stream by; `describe` makes a record's registration again.
 */
export function* portalAccounts(
  world: World,
  describe: (whereabouts: Whereabouts) => Registration,
): Generator<PortalAccountRecord> {
  for (let id = world.firstId; id < world.firstId + world.patrons; id++) {
    const whereabouts = locate(world, slotOf(world, id))
    const { unit, member, record } = whereabouts
    if (unit.kind === 'institution') continue
    const { slot, records } = at(unit.members, member)
    if (records > 1 && new Random(world.seed, STREAM_SHARED_ACCOUNT, slot).chance(SHARED_SHARE)) {
      const others = Array.from({ length: records }, (_, other) => ({ unit, member, record: other }))
      if (others.some((other) => idOf(world, slot + other.record) < id)) continue
      yield accountOf(id, others.map(describe))
      continue
    }
    const random = new Random(world.seed, STREAM_ACCOUNT, slot + record)
    const share = random.fraction()
    if (share >= ONLINE_ACCOUNT_SHARE) continue
    const registration = describe(whereabouts)
    if (share < (registration.papers.registeredOnline ? ONLINE_ACCOUNT_SHARE : ACCOUNT_SHARE)) {
      yield accountOf(id, [registration])
    }
  }
}

/** One link for each library where the record is registered. */
function accountOf(id: number, registrations: readonly Registration[]): PortalAccountRecord {
  return {
    type: 'portalAccount',
    id: accountId(id),
    links: registrations.flatMap((registration) =>
      registration.standing.libraries.map((library) => ({ library, actorId: registration.id })),
    ),
  }
}

/** As long for every id, so that accounts sort by it as they do by their text. */
export function accountId(id: number): string {
  return `acc-${String(id).padStart(7, '0')}`
}
