import type { Appearance, PairKind } from './appearance'
import type { Day } from './dates'
import type { Person } from './people'
import { at, Random } from './random'
import type { World } from './world'

/** How a record is used: since when, until when, where. */
export interface Standing {
  registered: Day
  /** Null where it is not known. */
  lastActivity: Day | null
  /** Has an active subscription at the first of `libraries`; without, it has none that is active. */
  active: boolean
  /** Where it is registered, the library of registration first. */
  libraries: string[]
}

const STREAM_STANDING = 8

/** The library system has been in use this long; ids were given out in order since. */
const SYSTEM_DAYS = 7_300
/** Whoever was here within a year has a subscription still. */
export const YEAR_DAYS = 365
/** The latest that a record was made before today. */
const NEWEST_DAYS = 3

/** `isNewest` says whether this person has no record with a higher id. */
export function standingOf(
  world: World,
  person: Person,
  kind: PairKind | null,
  appearance: Pick<Appearance, 'library'>,
  record: number,
  id: number,
  siblings: 'none' | 'older' | 'newer',
): Standing {
  const random = new Random(world.seed, STREAM_STANDING, record)
  const since = Math.floor(((id - world.firstId) / Math.max(1, world.patrons)) * (SYSTEM_DAYS - 30))
  const latest = world.today - NEWEST_DAYS
  const earliest = person.birth + 3 * YEAR_DAYS
  const asGiven = Math.max(earliest, Math.min(latest, world.today - SYSTEM_DAYS + since + random.below(21)))
  const registered = Math.min(latest, asGiven)
  const share = siblings === 'none' ? 0.66 : siblings === 'older' ? 0.82 : kind === 'came-back' ? 0 : 0.3
  const isRecent = registered > world.today - YEAR_DAYS
  const active = isRecent || random.chance(share)
  const lastActivity = active
    ? Math.max(registered, world.today - random.below(300))
    : registered + random.below(world.today - YEAR_DAYS - registered)
  return {
    registered,
    lastActivity: random.chance(0.03) ? null : lastActivity,
    active,
    libraries: librariesOf(world, appearance.library, random),
  }
}

/** One in eight uses a neighbouring library as well. */
function librariesOf(world: World, home: number, random: Random): string[] {
  const libraries = [at(world.libraries, home).code]
  const others = world.libraries.length - 1
  if (others > 0 && random.chance(0.12)) {
    libraries.push(at(world.libraries, (home + 1 + random.below(Math.min(others, 3))) % world.libraries.length).code)
  }
  return libraries
}
