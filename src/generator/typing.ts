import { civil, dayOf, type Day } from './dates'
import { SHORT_FORMS } from './names'
import type { Random } from './random'

/** A name with one slip of the finger: two letters swapped, one lost, one doubled, or its neighbour on the keyboard. */
export function mistypeName(name: string, random: Random): string {
  if (name.length < 3) return name + name.slice(-1)
  const place = random.between(1, name.length - 2)
  const before = name.slice(0, place)
  const letter = name.charAt(place)
  const after = name.slice(place + 1)
  switch (random.below(4)) {
    case 0: {
      const next = after.charAt(0)
      if (next !== letter && next !== ' ' && letter !== ' ') return before + next + letter + after.slice(1)
      return before + letter + letter + after
    }
    case 1:
      return before + after
    case 2:
      return before + letter + letter + after
    default:
      return before + (NEIGHBOURS[letter] ?? 'e') + after
  }
}

/** On an azerty keyboard. */
const NEIGHBOURS: Readonly<Record<string, string>> = Object.fromEntries(
  'az bv cv ds er fg gh hg io jk kl lm ml nb op po qs rt sd tr uy vb wx xc yu za'
    .split(' ')
    .map((pair) => [pair.charAt(0), pair.charAt(1)]),
)

/** A name as another clerk writes it: the short form, no accents, one word or two, an initial. */
export function respellFirstName(name: string, random: Random): string {
  const short = SHORT_FORMS[name]
  if (short && random.chance(0.75)) return random.pick(short)
  const plain = withoutAccents(name)
  if (plain !== name && random.chance(0.7)) return plain
  const [first = name, second] = name.split(/[- ]/)
  if (second !== undefined) return random.chance(0.5) ? first : `${first} ${second}`
  return random.chance(0.3) ? `${name.charAt(0)}.` : name
}

export function respellLastName(name: string, random: Random): string {
  const plain = withoutAccents(name)
  if (plain !== name) return plain
  if (/^(Van|De|El) /.test(name)) {
    const parts = name.split(' ')
    switch (random.below(4)) {
      case 0:
        return parts.map((part, place) => (place === 0 ? part : part.toLowerCase())).join('')
      case 1:
        return parts.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join(' ')
      case 2:
        return [...parts.slice(0, -1).map((part) => part.toLowerCase()), ...parts.slice(-1)].join(' ')
      default:
        return `${parts.slice(0, -1).join('')} ${parts.slice(-1).join('')}`
    }
  }
  return random.chance(0.15) ? name.toUpperCase() : name
}

function withoutAccents(name: string): string {
  return name
    .normalize('NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/ı/g, 'i')
}

/** A birth date with day and month swapped, or one digit wrong; one in eight is the 1 January of those who did not know. */
export function mistypeDate(day: Day, random: Random): Day {
  const date = civil(day)
  if (date.day <= 12 && date.day !== date.month && random.chance(0.55)) return dayOf(date.year, date.day, date.month)
  switch (random.below(8)) {
    case 0:
      return dayOf(date.year, 1, 1)
    case 1:
    case 2:
      return dayOf(date.year - 10, date.month, Math.min(date.day, 28))
    case 3:
      return dayOf(date.year - 1, date.month, Math.min(date.day, 28))
    case 4:
      return dayOf(date.year, date.month === 12 ? 11 : date.month + 1, Math.min(date.day, 28))
    case 5:
      return dayOf(date.year, date.month, date.day > 10 ? date.day - 10 : date.day + 10)
    default:
      return date.day === 1 ? day + 1 : day - 1
  }
}
