import type { MergeStatus, Refusal } from '../domain/codes'
import type { Opened } from '../merges/openSingle'
import type { OpenAnswer } from './messages'

/**
 * What a caller is told who joins a merge: its id, or, where its database part is under way and they ask for other options
 * than it has, a refusal that names the difference. An option left out is no difference; who asks, why, and what is accepted
 * never are.
 */
export function answerTo(asked: unknown, opened: Opened, status: MergeStatus, underWay: boolean): OpenAnswer {
  const { merge, keep, remove } = opened
  const difference = opened.options && underWay ? differenceOf(asked, opened.options) : null
  if (difference !== null && opened.refusal === null) {
    const refusal: Refusal = { code: 'merge-in-progress', details: { merge, patron: remove, difference } }
    return { merge, keep, remove, status, refusal }
  }
  return { merge, keep, remove, refusal: opened.refusal, status: opened.refusal ? 'refused' : status }
}

/** Of a list that is empty: it is read in two languages. */
const NONE = '–'

function differenceOf(asked: unknown, options: NonNullable<Opened['options']>): string | null {
  if (typeof asked !== 'object' || asked === null) return null
  const { on, take, override } = asked as { on?: unknown; take?: unknown; override?: unknown }
  const differing = [
    ...(on !== undefined && on !== null && on !== options.on ? [`on: ${options.on}`] : []),
    ...(differs(take, options.take) ? [`take: ${options.take.join(' ') || NONE}`] : []),
    ...(differs(override, options.override) ? [`override: ${options.override.join(' ') || NONE}`] : []),
  ]
  return differing.length === 0 ? null : differing.join(', ')
}

function differs(asked: unknown, has: string[]): boolean {
  if (!Array.isArray(asked)) return false
  const wanted = new Set(asked)
  return wanted.size !== new Set(has).size || has.some((one) => !wanted.has(one))
}
