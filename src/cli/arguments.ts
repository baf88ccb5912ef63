import { InvalidArgumentError, type Command } from 'commander'

/** An actor id, or a merge's id: a positive whole number. */
export function id(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1) {
    throw new InvalidArgumentError('It is a positive whole number.')
  }
  return value
}

/** A date `YYYY-MM-DD` that exists. */
export function date(text: string): string {
  const parsed = new Date(`${text}T00:00:00Z`)
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || Number.isNaN(parsed.getTime()) || !parsed.toISOString().startsWith(text)) {
    throw new InvalidArgumentError('It is a date YYYY-MM-DD.')
  }
  return text
}

/** An option that takes one of some codes and may be repeated. */
export function oneOf(codes: readonly string[]): (text: string, before: string[] | undefined) => string[] {
  return (text, before = []) => {
    if (!codes.includes(text)) throw new InvalidArgumentError(`It is one of ${codes.join(', ')}.`)
    return [...before, text]
  }
}

/** What a pair is merged with: shared by preview and merge. */
export function withPairOptions(command: Command): Command {
  return command
    .argument('<keep>', 'the actor id of the record that stays', id)
    .argument('<remove>', 'the actor id of the record that goes', id)
    .option('--on <date>', 'the merge date; default: today in Europe/Brussels', date)
}
