import type { Personal } from './people'

/** Letters and digits of a word are one word, whatever stands between words: a number with dots is found without them. */
const WORDS = /[\p{L}\p{N}]+/gu
/** A shorter value may stand anywhere by chance, or is a word of the product's own. */
const LEAST_CHARACTERS = 6
/** Ids and times are digits too. */
const LEAST_DIGITS = 11
/** Short texts come again and again in every history: each is looked at once. */
const REMEMBERED_CHARACTERS = 100

interface Sought {
  kind: string
  words: string[]
}

/** Looks for many values in many texts, word by word and in any case, in one pass over each text. */
export class SearchForPeople {
  private readonly byFirstWord = new Map<string, Sought[]>()
  private readonly found = new Set<string>()
  private readonly known = new Set<string>()
  /** Texts that hold none of them. */
  private readonly innocent = new Set<string>()

  constructor(people: Iterable<Personal>) {
    for (const { kind, value } of people) {
      const words = wordsOf(value)
      this.seek(kind, words)
      // as people write numbers, and as they are stored
      if (words.length > 1) this.seek(kind, [words.join('')])
      if (kind === 'national number') this.seek(kind, nationalNumberGroups(words.join('')))
    }
  }

  /** How many different values are sought: those that are distinctive enough. */
  get sought(): number {
    return this.known.size
  }

  /** `where` says in which text; it is told, so it holds no value itself. */
  look(where: string, text: string): void {
    if (this.innocent.has(text)) return
    const words = wordsOf(text)
    let isInnocent = true
    for (const [at, word] of words.entries()) {
      for (const sought of this.byFirstWord.get(word) ?? []) {
        if (!sought.words.every((one, n) => words[at + n] === one)) continue
        this.found.add(`${where}: a ${sought.kind}`)
        isInnocent = false
      }
    }
    if (isInnocent && text.length <= REMEMBERED_CHARACTERS) this.innocent.add(text)
  }

  /** Where something was found, and which kind of value it is. */
  findings(): string[] {
    return [...this.found].sort()
  }

  private seek(kind: string, words: string[]): void {
    const whole = words.join('')
    const key = words.join(' ')
    const least = /^\d+$/.test(whole) ? LEAST_DIGITS : LEAST_CHARACTERS
    const [first] = words
    if (first === undefined || whole.length < least || this.known.has(key)) return
    this.known.add(key)
    this.byFirstWord.set(first, [...(this.byFirstWord.get(first) ?? []), { kind, words }])
  }
}

function wordsOf(text: string): string[] {
  return text.normalize('NFC').toLowerCase().match(WORDS) ?? []
}

/** `84 03 12 022 45`: as it stands on the identity card. */
function nationalNumberGroups(digits: string): string[] {
  return /^(\d\d)(\d\d)(\d\d)(\d{3})(\d\d)$/.exec(digits)?.slice(1) ?? []
}
