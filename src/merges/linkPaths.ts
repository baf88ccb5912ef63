import type { AppliedIntent } from '../portal/intent'
import type { LinkIntent } from '../portal/links'

/** An intent of a merge that an undo has not brought back, with what the database says of its records now. */
export interface StandingIntent extends LinkIntent {
  merge: number
  round: number
  outcome: AppliedIntent['outcome'] | null
  /** With which targets it was asked for at the portal. */
  asked: number[]
  /** The records at the ends of the chains of these. */
  askedHomes: number[]
  /** The record at the end of the chain of `from`: whom the link belongs to. */
  home: number
  /** The same of `to`. */
  toHome: number
  /** Whether its merge is undone. */
  undone: boolean
  /** Whether it moved a link of the records that are taken apart. */
  concerned: boolean
  /** Whether an intent of another merge did what this one found done. */
  doneByOther: boolean
}

/**
 * What an undo has to do at the portal for one link: learn what became of an intent; bring back what the intents of `path`,
 * one after the other, made of it; or tell that there is nothing to bring back.
 */
export interface Bringing {
  is: 'learn' | 'bring-back' | 'tell'
  /** One intent alone, but to bring back. */
  path: readonly StandingIntent[]
  last: StandingIntent
  /** The record that the link belongs to now. */
  home: number
  /** Where `last` removed the link, since the account had one to its target too: to which records later merges took that one. */
  movedOn: readonly number[]
}

/**
 * What has to be done for the links of one account at one library. It goes by where each link is and whose it is now, not by
 * which merge moved it: at a slow portal later merges move what earlier ones were to, and undos come in any order. What no
 * undo has to do with is left: the merges that stand see to it.
 */
export function toBringBack(intents: readonly StandingIntent[]): Bringing[] {
  // of a merge that stands too, where it was asked to bring the link to one who is somebody else by now
  const unknown = intents.filter(
    (intent) => isUnknown(intent) && (intent.undone || intent.askedHomes.some((asked) => asked !== intent.home)),
  )
  if (unknown.length > 0) return unknown.map((intent) => bringing('learn', [intent]))
  const back = whatIsKnown(intents)
  // one that a merge is moving at this moment may be further than is known
  const onTheWay = intents.filter(({ outcome, asked }) => outcome === null && asked.length > 0)
  if (back.some(({ is }) => is === 'bring-back') && onTheWay.length > 0)
    return onTheWay.map((intent) => bringing('learn', [intent]))
  return back
}

/** The same where nobody asks the portal any more: what an undo was to learn, and what is known. */
export function toGiveUp(intents: readonly StandingIntent[]): Bringing[] {
  const unknown = intents.filter((intent) => isUnknown(intent) && intent.undone)
  return [...unknown.map((intent) => bringing('learn', [intent])), ...whatIsKnown(intents)]
}

function isUnknown({ outcome, concerned }: StandingIntent): boolean {
  return outcome === null && concerned
}

/** The links that are not where they belong, and those that were gone already. */
function whatIsKnown(intents: readonly StandingIntent[]): Bringing[] {
  const paths = pathsOf(intents).filter(
    (path) => path.some(({ concerned }) => concerned) && path[0].home !== path.at(-1)?.toHome,
  )
  const gone = intents.filter(
    ({ outcome, concerned, undone, home, toHome }) =>
      outcome === 'gone-already' && concerned && undone && home !== toHome,
  )
  return [
    ...paths.map((path) => bringing('bring-back', path, onwardFrom(path, intents))),
    ...gone.map((intent) => bringing('tell', [intent])),
  ]
}

type Path = [StandingIntent, ...StandingIntent[]]

function bringing(is: Bringing['is'], path: Path, movedOn: number[] = []): Bringing {
  return { is, path, last: path.at(-1) ?? path[0], home: path[0].home, movedOn }
}

/**
 * The way of each link, from record to record. One that became one with another link of its account ends its path: from there
 * on it is the other's.
 */
function pathsOf(intents: readonly StandingIntent[]): Path[] {
  const moved = intents.filter(hasMoved)
  const reached = new Set(moved.flatMap(({ outcome, to }) => (outcome === 'changed' ? to : [])))
  const left = new Set(moved)
  const paths: Path[] = []
  // those that no other leads to come first; in a circle whichever comes
  for (const first of [...moved.filter(({ from }) => !reached.has(from)), ...moved]) {
    if (!left.delete(first)) continue
    const path: Path = [first]
    for (let last: StandingIntent | undefined = first; last?.outcome === 'changed';) {
      const { to }: StandingIntent = last
      last = [...left].find(({ from }) => from === to)
      if (last && left.delete(last)) path.push(last)
    }
    paths.push(path)
  }
  return paths
}

/** Whether its call did something to the link. */
function hasMoved({ outcome }: StandingIntent): boolean {
  return outcome === 'changed' || outcome === 'removed'
}

/** To which records the link that the last of a path met was taken since, and those whose it may be again. */
function onwardFrom(path: readonly StandingIntent[], intents: readonly StandingIntent[]): number[] {
  const records: number[] = []
  const homes: number[] = []
  const left = new Set(intents.filter(hasMoved).filter((intent) => !path.includes(intent)))
  for (let at = path.at(-1)?.to; at !== undefined; at = records.at(-1)) {
    const onward = [...left].find(({ from }) => from === at)
    if (onward === undefined) break
    left.delete(onward)
    records.push(onward.to)
    homes.push(onward.home)
  }
  return [...records, ...homes]
}

/** How many of a path's intents still hold when its link is where it belongs: those up to the record that is there again. */
export function stillHolding(path: readonly StandingIntent[]): number {
  const home = path[0]?.home
  const first = path.findIndex((intent) => intent.from === home || intent.home !== home)
  return first === -1 ? path.length : first
}
