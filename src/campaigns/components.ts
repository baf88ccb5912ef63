import type { ListedPair } from '../domain/campaign'

/**
 * The pairs of a list that hang together, since they share patrons or are joined by pairs that do: lists of places in the
 * list, from 0, each in the list's order; by their first places.
 */
export function componentsOf(pairs: readonly Pick<ListedPair, 'keep' | 'remove'>[]): number[][] {
  // of each patron the first pair in which it stands; of each pair one that it hangs together with, itself at the end
  const first = new Map<number, number>()
  const joined = new Int32Array(pairs.length).map((_, at) => at)
  const rootOf = (at: number): number => {
    let root = at
    while (joined[root] !== root) root = joined[root] as number
    while (joined[at] !== root) [joined[at], at] = [root, joined[at] as number]
    return root
  }
  for (const [at, { keep, remove }] of pairs.entries()) {
    for (const patron of [keep, remove]) {
      const other = first.get(patron)
      if (other === undefined) {
        first.set(patron, at)
        continue
      }
      const [one, two] = [rootOf(other), rootOf(at)]
      joined[Math.max(one, two)] = Math.min(one, two)
    }
  }
  const components = new Map<number, number[]>()
  for (const at of pairs.keys()) {
    const root = rootOf(at)
    const component = components.get(root)
    if (component) component.push(at)
    else components.set(root, [at])
  }
  return [...components.values()]
}

/** A sample of whole components, some `most` pairs in all: always the same one of the same list. */
export function sampleOf(components: readonly number[][], most: number): number[][] {
  const byChance = [...components].sort((a, b) => scattered(a[0] ?? 0) - scattered(b[0] ?? 0))
  let pairs = 0
  return byChance.filter(({ length }) => {
    if (pairs + length > most) return false
    pairs += length
    return true
  })
}

/** A place as a number that tells nothing of it (the finalizer of MurmurHash3). */
function scattered(place: number): number {
  let h = place + 1
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
