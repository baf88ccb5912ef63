/** The languages of what staff read. The command line speaks English unless told otherwise; what goes into a record is Dutch. */
export const LANGUAGES = ['en', 'nl'] as const
export type Language = (typeof LANGUAGES)[number]
export type Sentence = Record<Language, string>

/** Puts details in the place of {names}; a bracket whose name has no detail goes with it. */
export function fill(sentence: string, details: Record<string, unknown>): string {
  return sentence
    .replace(/ \(\{(\w+)\}\)/g, (whole, name: string) => ((details[name] ?? null) === null ? '' : whole))
    .replace(/\{(\w+)\}/g, (_, name: string) => show(details[name]))
}

function show(value: unknown): string {
  if (value === null || value === undefined) return '?'
  if (Array.isArray(value)) return value.map(show).join(', ')
  if (typeof value === 'object') {
    const parts = Object.entries(value).map(([key, one]) =>
      key === 'hold' || key === 'library' ? show(one) : `${key}: ${show(one)}`,
    )
    return parts.join(' ')
  }
  return String(value as string | number | boolean)
}
