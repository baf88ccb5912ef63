/** Where a worker is killed around what it commits and asks the portal, `activity: event` in the order in which it does. */

/** Before each event. Right after one call or statement of an activity is right before its next: that point is named once. */
export function pointsBefore(events: readonly string[]): string[] {
  return events.flatMap((event, n) => (isAfter(event, events[n - 1]) ? [] : `before ${event}`))
}

/** After each event. What is committed then is what is committed right before the commit that comes next in its activity. */
export function pointsAfter(events: readonly string[]): string[] {
  return events.flatMap((event, n) => (isCommitAfter(event, events[n + 1]) ? [] : `after ${event}`))
}

function isAfter(event: string, last?: string): boolean {
  // before a commit something has been done that is not committed
  return isSameActivity(event, last) && !isCommit(event)
}

function isCommitAfter(event: string, next?: string): boolean {
  return isSameActivity(event, next) && isCommit(next)
}

function isSameActivity(event: string, other = ''): boolean {
  return other.startsWith(`${event.split(': ')[0]}: `)
}

function isCommit(event = ''): boolean {
  return event.split(': ')[1]?.startsWith('commit') ?? false
}
