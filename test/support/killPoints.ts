/** Where a worker is killed around what it commits and asks the portal, `activity: event` in the order in which it does. */

/** Before each event. Right after one call or statement of an activity is right before its next: that point is named once. */
export function pointsBefore(events: readonly string[]): string[] {
  return events.flatMap((event, n) => (isAfter(event, events[n - 1]) ? [] : `before ${event}`))
}

export function pointsAfter(events: readonly string[]): string[] {
  return events.map((event) => `after ${event}`)
}

function isAfter(event: string, last = ''): boolean {
  const [activity, what = ''] = event.split(': ')
  // before a commit something has been done that is not committed
  return last.startsWith(`${activity}: `) && !what.startsWith('commit')
}
