/**
 * Work of several lanes of a workflow, one after the other. For local activities: of two that are under way at once and end
 * at nearly the same moment, a replay may see the other one first, and the workflow then goes another way than it had gone
 * (seen, with SDK 1.24.0: "Nondeterminism error").
 */
export class InTurn {
  private last: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.last.then(work)
    this.last = mine.catch(() => {})
    return mine
  }
}
