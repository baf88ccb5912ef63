import type { Activities } from '../activities'

/**
 * The same local activities, one after the other, whoever asks for them: of two that are under way at once and end at nearly the
 * same moment, a replay may see the other one first, and the workflow then goes another way than it had gone (seen, with SDK
 * 1.24.0: "Nondeterminism error").
 */
export function oneAtATime(local: Activities): Activities {
  let last: Promise<unknown> = Promise.resolve()
  return new Proxy(local, {
    get(activities, name, receiver) {
      const activity = Reflect.get(activities, name, receiver) as (...args: unknown[]) => Promise<unknown>
      return (...args: unknown[]) => {
        const mine = last.then(() => activity(...args))
        last = mine.catch(() => {})
        return mine
      }
    },
  })
}
