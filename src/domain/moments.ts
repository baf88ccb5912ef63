// made once: making it takes longer than using it a hundred times. Swedish dates are ISO's
const brussels = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/Brussels',
  dateStyle: 'short',
  timeStyle: 'short',
})

/** `2026-11-24 10:00`, Brussels' time. */
export function inBrussels(moment: Date): string {
  return brussels.format(moment)
}

/** Today in Brussels, `2026-11-24`. */
export function todayInBrussels(): string {
  return inBrussels(new Date()).slice(0, '2026-11-24'.length)
}
