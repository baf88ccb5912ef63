import type { ListedPair } from '../domain/campaign'
import { LIST_PROBLEMS } from '../domain/sentences'
import { badLine } from '../input/badLine'
import type { NumberedPair } from './pairList'

/**
 * All pairs of a list, in memory: some 100 MiB for a million.
 * Rejects with an OntdubbelError `bad-input` (exit code 2) where a pair stands there twice, naming both lines, or with the
 * error of `pairs`.
 */
export async function wholeList(pairs: AsyncIterable<NumberedPair>): Promise<ListedPair[]> {
  const lines = new Map<string, number>()
  const list: ListedPair[] = []
  for await (const { line, pair } of pairs) {
    const key = `${pair.keep} ${pair.remove}`
    const before = lines.get(key)
    if (before !== undefined) throw badLine({ line, path: '', says: LIST_PROBLEMS.samePair, about: { before } })
    lines.set(key, line)
    list.push(pair)
  }
  return list
}
