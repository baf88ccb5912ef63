/** The languages of what staff read. The command line speaks English unless told otherwise; what goes into a record is Dutch. */
export const LANGUAGES = ['en', 'nl'] as const
export type Language = (typeof LANGUAGES)[number]
/** The same in each language. What stands in braces is filled in: see `fill`. */
export type Sentence = Readonly<Record<Language, string>>
