import { InvalidArgumentError } from 'commander'

/** A figure as it is printed as JSON. */
export function rounded(value: number): number {
  return Number(value.toFixed(2))
}

/** Parses an option's value. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!Number.isSafeInteger(value) || value < least)
      throw new InvalidArgumentError(`A whole number from ${least} on.`)
    return value
  }
}
