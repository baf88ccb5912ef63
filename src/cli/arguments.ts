import { InvalidArgumentError, Option, type Command } from 'commander'
import { parseHours } from '../domain/hours'
import { isDate, isMoment } from '../domain/moments'
import { CAMPAIGN_WANTED, say, UNDO_MANY_WANTED, VALUES_WANTED, type Sentence } from '../domain/sentences'
import { languageAsked } from './language'

/** An actor id, or a merge's id: a positive whole number. */
export function id(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < 1) throw wrong(VALUES_WANTED.id)
  return value
}

/** A date `YYYY-MM-DD` that exists. */
export function date(text: string): string {
  if (!isDate(text)) throw wrong(VALUES_WANTED.date)
  return text
}

/** A date, or a moment with its zone: `2026-11-27`, `2026-11-27T14:30+01:00`. */
export function moment(text: string): string {
  if (!isDate(text) && !isMoment(text)) throw wrong(UNDO_MANY_WANTED.moment)
  return text
}

/** The cursor of a change of the feed: a whole number. */
export function cursor(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) throw wrong(VALUES_WANTED.cursor)
  return value
}

/** A whole number from 1 to `most`. */
export function upTo(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d+$/.test(text) || value < 1 || value > most) throw wrong(CAMPAIGN_WANTED.upTo, { most })
    return value
  }
}

/** Hours `HH:MM-HH:MM` of a day, over midnight too. */
export function hours(text: string): string {
  return checkedHours(text, VALUES_WANTED.hours)
}

/** The same, or `any`. */
export function hoursOrAny(text: string): string {
  return text === ANY_HOUR ? text : checkedHours(text, CAMPAIGN_WANTED.hoursOrAny)
}

/** What is typed to lift a campaign's hours. */
export const ANY_HOUR = 'any'

function checkedHours(text: string, wanted: Sentence): string {
  try {
    parseHours(text)
  } catch {
    throw wrong(wanted)
  }
  return text
}

/** An option that takes one of some codes and may be repeated. */
export function oneOf(codes: readonly string[]): (text: string, before: string[] | undefined) => string[] {
  return (text, before = []) => [...before, checkedChoice(text, codes)]
}

/** An option that takes one of some codes. */
export function choice(flags: string, description: string, codes: readonly string[]): Option {
  // choices() for the help; it would say what is wrong in English only
  return new Option(flags, description).choices(codes).argParser((text) => checkedChoice(text, codes))
}

/** One of some codes. */
export function checkedChoice(text: string, codes: readonly string[]): string {
  if (!codes.includes(text)) throw wrong(VALUES_WANTED.oneOf, { choices: codes })
  return text
}

function wrong(sentence: Sentence, details: Record<string, unknown> = {}): InvalidArgumentError {
  return new InvalidArgumentError(say(sentence, languageAsked(), details))
}

/** What a pair is merged with: shared by preview and merge. */
export function withPairOptions(command: Command): Command {
  return command
    .argument('<keep>', 'the actor id of the record that stays', id)
    .argument('<remove>', 'the actor id of the record that goes', id)
    .option('--on <date>', 'the merge date; default: today in Europe/Brussels', date)
}
