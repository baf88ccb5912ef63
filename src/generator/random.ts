/** Spreads the bits of a 32-bit number (the finaliser of MurmurHash3). */
export function mix(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/**
 * Random numbers of a substream: `(seed, stream, index)` names the sequence, so that any patron can be made without
 * those before. The generator is sfc32: a state of 128 bits, since with 32 bits two of a million streams meet.
 */
export class Random {
  private a: number
  private b: number
  private c: number
  private counter = 1

  constructor(seed: number, stream: number, index: number) {
    this.a = mix(seed ^ 0x9e3779b9)
    this.b = mix(index ^ Math.imul(stream, 0x85ebca77))
    this.c = mix(this.a ^ this.b ^ stream)
    for (let round = 0; round < 10; round++) this.next()
  }

  /** The next 32 bits, as a number from 0. */
  next(): number {
    const t = (((this.a + this.b) | 0) + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = ((this.c << 21) | (this.c >>> 11)) + t
    return t >>> 0
  }

  /** A number from 0 up to, and without, 1. */
  fraction(): number {
    return this.next() / 4294967296
  }

  /** A whole number from 0 up to, and without, `bound`. */
  below(bound: number): number {
    return Math.floor((this.next() / 4294967296) * bound)
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1)
  }

  chance(probability: number): boolean {
    return this.next() < probability * 4294967296
  }

  pick<T>(list: readonly T[]): T {
    return at(list, this.below(list.length))
  }
}

/** The element at `index`, which the caller knows to be there. */
export function at<T>(list: readonly T[], index: number): T {
  const value = list[index]
  if (value === undefined) throw new RangeError(`no element ${index} in a list of ${list.length}`)
  return value
}

/**
 * A list whose earlier elements are drawn more often, as names are: the weight of place k is 1 / (k + `flatness`).
 * A table of `slots` places makes a draw one look-up.
 */
export class RankedList<T> {
  private readonly table: T[] = []

  constructor(
    readonly elements: readonly T[],
    flatness: number,
    slots = 8192,
  ) {
    const total = elements.reduce((sum, _, place) => sum + 1 / (place + flatness), 0)
    let reached = 0
    elements.forEach((element, place) => {
      reached += 1 / (place + flatness)
      while (this.table.length < Math.round((reached / total) * slots)) this.table.push(element)
    })
  }

  draw(random: Random): T {
    return random.pick(this.table)
  }
}

const FEISTEL_ROUNDS = 4

/** A seeded one-to-one mapping of 0 … size - 1 onto itself that needs no memory: a Feistel network, walked until inside. */
export class Permutation {
  private readonly keys: number[] = []
  private readonly bits: number
  private readonly mask: number

  constructor(
    readonly size: number,
    seed: number,
  ) {
    this.bits = Math.max(1, Math.ceil(Math.log2(Math.max(2, size)) / 2))
    this.mask = 2 ** this.bits - 1
    for (let round = 0; round < FEISTEL_ROUNDS; round++) this.keys.push(mix(seed + Math.imul(round + 1, 0x9e3779b1)))
  }

  forward(value: number): number {
    let result = value
    do {
      let left = result >>> this.bits
      let right = result & this.mask
      for (const key of this.keys) [left, right] = [right, left ^ (mix(right ^ key) & this.mask)]
      result = left * (this.mask + 1) + right
    } while (result >= this.size)
    return result
  }

  backward(value: number): number {
    let result = value
    do {
      let left = result >>> this.bits
      let right = result & this.mask
      for (let round = FEISTEL_ROUNDS - 1; round >= 0; round--) {
        ;[left, right] = [right ^ (mix(left ^ at(this.keys, round)) & this.mask), left]
      }
      result = left * (this.mask + 1) + right
    } while (result >= this.size)
    return result
  }
}
