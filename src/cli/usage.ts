import type { CommanderError } from 'commander'
import { say, USAGE, type Language, type Sentence } from '../domain/sentences'

/** What is wrong with a command line, by commander's codes. Its own sentences are English: names are taken out of them. */
const BY_CODE: Readonly<Record<string, Sentence>> = {
  'commander.missingArgument': USAGE.missingArgument,
  'commander.excessArguments': USAGE.tooMany,
  'commander.unknownOption': USAGE.unknownOption,
  'commander.unknownCommand': USAGE.unknownCommand,
  'commander.optionMissingArgument': USAGE.missingValue,
  'commander.missingMandatoryOptionValue': USAGE.missingOption,
}

/** `error: option '--on <date>' argument 'x' is invalid. Why.`, and the same of an argument of the command. */
const WRONG_OPTION = /^error: option '(.*?)' argument '(.*)' is invalid\. (.*)$/s
const WRONG_ARGUMENT = /^error: command-argument value '(.*)' is invalid for argument '(.*?)'\. (.*)$/s
const GUESS = /\(Did you mean (.*)\?\)/

/** What was wrong with the command line, in a language; what commander may say in later versions comes as it is. */
export function usageInWords({ code, message }: CommanderError, language: Language): string {
  const [, option, given, because] = WRONG_OPTION.exec(message) ?? []
  if (option !== undefined) return say(USAGE.wrongValue, language, { what: option, value: given, why: because })
  const [, value, argument, why] = WRONG_ARGUMENT.exec(message) ?? []
  if (argument !== undefined) return say(USAGE.wrongValue, language, { what: `<${argument}>`, value, why })
  const sentence = BY_CODE[code]
  if (!sentence) return message
  const named = /'(.*?)'/.exec(message)?.[1]
  const what = code === 'commander.missingArgument' ? `<${named}>` : named
  const guess = GUESS.exec(message)?.[1]
  const hint = guess === undefined ? '' : ` ${say(USAGE.didYouMean, language, { guess })}`
  return `${say(sentence, language, { what })}${hint}`
}
