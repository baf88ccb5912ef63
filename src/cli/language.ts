import { LANGUAGES, type Language } from '../domain/sentences'

/** The language that `--lang` names, before the command line is parsed: what is wrong with it is said in that language too. */
export function languageAsked(argv: readonly string[] = process.argv): Language {
  const named = argv.flatMap((word, n) =>
    word === '--lang' ? [argv[n + 1]] : word.startsWith('--lang=') ? [word.slice('--lang='.length)] : [],
  )
  const last = named[named.length - 1]
  return LANGUAGES.find((language) => language === last) ?? 'en'
}
