/** A pair of records to be merged. */
export interface Pair {
  keep: number
  remove: number
}

/** One way of merging many pairs. */
export interface Way {
  readonly name: 'raw' | 'group'
  /** What the table says beside the name. */
  readonly note: string
  /** Connections that merge at once. */
  readonly lanes: number
  readonly pairsPerTransaction: number
  /** False: for information, not part of the result. */
  readonly inResult: boolean
  /**
   * Merges all pairs (no two share a patron) in the database at `url`. `underWay` hears which pairs a transaction takes
   * up, when it does. `again` is how many transactions were rolled back and came again. Rejects with an error that means
   * anything else.
   */
  merge(url: string, pairs: readonly Pair[], underWay: (pairs: readonly Pair[]) => void): Promise<{ again: number }>
}

/** `items` in pieces of `size`, the last one smaller. */
export function piecesOf<T>(items: readonly T[], size: number): T[][] {
  const pieces: T[][] = []
  for (let from = 0; from < items.length; from += size) pieces.push(items.slice(from, from + size))
  return pieces
}
