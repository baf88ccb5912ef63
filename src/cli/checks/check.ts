/** One thing that `doctor` looked at. */
export interface Check {
  /** A stable name. */
  check: string
  ok: boolean
  message: string
  /** What to do; where all is well, what would be better; null where there is nothing to do. */
  remedy: string | null
}

/** A server that does not answer within this time is as good as down: doctor has several to ask. */
export const CHECK_TIMEOUT_MS = 4_000

export function well(check: string, message: string, remedy: string | null = null): Check {
  return { check, ok: true, message, remedy }
}

export function wrong(check: string, message: string, remedy: string | null): Check {
  return { check, ok: false, message, remedy }
}

/** What an error says, on one line. */
export function saidBy(error: unknown): string {
  const { message, code } = error as { message?: string; code?: unknown }
  return (message ? message.split('\n')[0] : String(code ?? error)) ?? ''
}
