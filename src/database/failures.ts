/** What a failure of the database means for a merge (design §3, §4). */
export type DatabaseFailure =
  /** Not this merge's fault: a lock, a deadlock, a lost connection, a server that restarts. Come again. */
  | 'again'
  /** The transaction was too long for a limited one: alone, come again without the limit. */
  | 'too-long'
  /** A desk wrote the same key first and had not committed: come again; the third time, alone, it is the pair's fault. */
  | 'unique'
  /** This merge's fault: its data, a rule, a check of ours. */
  | 'fault'
  /** Not a failure of the database, or one that nobody foresaw. */
  | 'unforeseen'

const LOST_CONNECTION =
  /connection (terminated|ended)|ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|socket|timeout expired|Client has encountered/i

/** The SQLSTATE of an error of `pg`, or undefined. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined
}

/** What is told of a merge's fault, by its SQLSTATE. */
export function faultCode(state: string | undefined): 'record-not-empty' | 'step-failed' {
  return state === 'OD002' ? 'record-not-empty' : 'step-failed'
}

/** What is told of it: where it is, never what was written. */
export function faultDetails(error: unknown): Record<string, string | null> {
  const { table, constraint } = error as { table?: string; constraint?: string }
  return { sqlState: sqlState(error) ?? null, ...(table && { table }), ...(constraint && { constraint }) }
}

/** Judges an error by its SQLSTATE, or, where it has none, by what a lost connection says. */
export function judgeFailure(error: unknown): DatabaseFailure {
  const state = sqlState(error)
  if (state === undefined) {
    if (!(error instanceof Error) && typeof (error as { message?: unknown })?.message !== 'string') return 'unforeseen'
    const { name, message, code } = error as Error & { code?: string }
    return name === 'NotCommitted' || LOST_CONNECTION.test(`${code ?? ''} ${message}`) ? 'again' : 'unforeseen'
  }
  if (state === '25P04') return 'too-long'
  if (state === '23505') return 'unique'
  if (state === '55P03' || state === '25P03' || ['08', '40', '53', '57'].includes(state.slice(0, 2))) return 'again'
  if (['22', '23', 'OD'].includes(state.slice(0, 2))) return 'fault'
  return 'unforeseen'
}
