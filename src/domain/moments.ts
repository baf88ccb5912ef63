/** `2026-11-24 10:00`, Brussels' time: Swedish dates are ISO's. */
export function inBrussels(moment: Date): string {
  const format = { timeZone: 'Europe/Brussels', dateStyle: 'short', timeStyle: 'short' } as const
  return new Intl.DateTimeFormat('sv-SE', format).format(moment)
}
