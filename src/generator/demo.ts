import { benchPairIds, benchPairsBeside } from './benchPairs'
import { accountRecords, libraryRecords, patronRecords } from './consortium'
import { demoStories, type DemoPairs } from './demoStories'
import { Ids } from './ids'
import type { InterchangeRecord } from './records'
import { createWorld, DEFAULT_TODAY } from './world'

export interface DemoOptions {
  /** `YYYY-MM-DD` (default 2026-11-24): the day on which the pairs are to be merged. */
  today?: string
  /** Of the patrons who are only there to fill the shelves (default 9620). */
  seed?: number
}

export interface DemoConsortium {
  /** In the order of an interchange file. */
  records: InterchangeRecord[]
  /** The pairs that are worth showing, each named for what its preview shows. */
  pairs: DemoPairs
  /** Some hundred pairs more, for a campaign. */
  list: { keep: number; remove: number }[]
}

/** Two patrons each, from 1 on. */
const LISTED_PAIRS = 300
/** Beside those of the stories, whose ids start at 2001. */
const FILLING_PATRONS = 64
const FIRST_FILLING_ID = 1001
const DEFAULT_SEED = 9620

/** Zottegem, Oosterzele and Gavere with 64 generated patrons, 300 generated pairs, and a few pairs written by hand. */
export function demoConsortium(options: DemoOptions = {}): DemoConsortium {
  const { today = DEFAULT_TODAY, seed = DEFAULT_SEED } = options
  const world = createWorld({
    seed,
    today,
    patrons: FILLING_PATRONS,
    firstId: FIRST_FILLING_ID,
    libraries: 3,
    childRows: 9,
    duplicates: 0.2,
  })
  const ids = new Ids()
  const filling = [...patronRecords(world, ids)]
  const { patrons, accounts, pairs } = demoStories(world.today, ids)
  const listed = { seed, today, pairs: LISTED_PAIRS, childRows: 9, libraries: 3 }
  const records = [...filling, ...patrons, ...accountRecords(world), ...accounts, ...benchPairsBeside(listed, ids)]
  const ofType = (type: InterchangeRecord['type']) => records.filter((record) => record.type === type)
  return {
    records: [
      ...libraryRecords(world),
      ...ofType('patron').sort((a, b) => Number(a.id) - Number(b.id)),
      ...ofType('portalAccount').sort((a, b) => (a.id < b.id ? -1 : 1)),
    ],
    pairs,
    list: [...benchPairIds(listed)],
  }
}
