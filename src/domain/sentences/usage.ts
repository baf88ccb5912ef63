import type { Sentence } from './language'

/** What is wrong with a command as it was typed. */
export const USAGE = {
  missingArgument: { en: 'An argument is missing: {what}.', nl: 'Er ontbreekt een argument: {what}.' },
  tooMany: { en: 'There are too many arguments.', nl: 'Er staan te veel argumenten.' },
  unknownOption: { en: 'There is no option {what}.', nl: 'De optie {what} bestaat niet.' },
  unknownCommand: { en: 'There is no command {what}.', nl: 'De opdracht {what} bestaat niet.' },
  missingValue: { en: 'The option {what} wants a value.', nl: 'De optie {what} vraagt een waarde.' },
  missingOption: { en: 'The option {what} must be given.', nl: 'De optie {what} is verplicht.' },
  wrongValue: { en: '{what}: "{value}" is wrong. {why}', nl: '{what}: "{value}" is fout. {why}' },
  didYouMean: { en: '(Did you mean {guess}?)', nl: '(Bedoelde u {guess}?)' },
  help: {
    en: '("{command} --help" says what there is)',
    nl: '("{command} --help" toont wat er kan, in het Engels)',
  },
} as const satisfies Record<string, Sentence>

/** What a value must be. */
export const VALUES_WANTED = {
  id: { en: 'It is a positive whole number.', nl: 'Het moet een positief geheel getal zijn.' },
  date: { en: 'It is a date YYYY-MM-DD.', nl: 'Het moet een datum JJJJ-MM-DD zijn.' },
  hours: {
    en: 'It is two different times of the day, HH:MM-HH:MM, as 20:00-06:00.',
    nl: 'Het moeten twee verschillende tijdstippen zijn, UU:MM-UU:MM, zoals 20:00-06:00.',
  },
  oneOf: { en: 'It is one of {choices}.', nl: 'Het moet een van deze zijn: {choices}.' },
  cursor: {
    en: 'It is a whole number: the cursor of the last change that was read.',
    nl: 'Het moet een geheel getal zijn: de cursor van de laatste wijziging die gelezen werd.',
  },
} as const satisfies Record<string, Sentence>
