import { aligned } from './aligned'
import type { DeskFigures } from './desk'
import type { Way } from './way'

/** What came of one way, over all rounds. */
export interface WayFigures {
  way: Way
  mergesPerSecond: number
  /** 1 is raw. */
  ofRaw: number
  /** Transactions that met a desk, or each other, and came again. */
  again: number
  /** The share of the machine (0 to 1) that others used meanwhile; 0 where the system does not say. */
  others: number
  desk: DeskFigures
}

const HEAD = [
  'way',
  'merges/s',
  'of raw',
  'again',
  'others %',
  'desk writes',
  'desk p50 ms',
  'desk p99 ms',
  'desk errors',
]

/** The figures for people: a line a way. */
export function table(idle: DeskFigures, ways: readonly WayFigures[]): string {
  const deskCells = ({ writes, p50Ms, p99Ms, errors }: DeskFigures) => [
    String(writes),
    p50Ms.toFixed(1),
    p99Ms.toFixed(1),
    String(errors),
  ]
  const rows = [
    HEAD,
    ['the desk alone', '', '', '', '', ...deskCells(idle)],
    ...ways.map(({ way, mergesPerSecond, ofRaw, again, others, desk }) => [
      describe(way),
      mergesPerSecond.toFixed(0),
      ofRaw.toFixed(2),
      String(again),
      (others * 100).toFixed(0),
      ...deskCells(desk),
    ]),
  ]
  return aligned(rows)
}

/** A way in words. */
export function describe({ name, lanes, pairsPerTransaction, note }: Way): string {
  return `${name}, ${lanes} lanes, ${pairsPerTransaction} pairs a transaction${note ? `, ${note}` : ''}`
}
