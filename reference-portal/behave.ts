import { setTimeout as sleep } from 'node:timers/promises'
import { problem, type Answer } from './answers'
import { OPERATION_NAMES, type Call, type OperationName } from './call'

/**
 * The ways in which this portal can be told to misbehave. `slow` works after a delay; `lose-answers` and `cut` do the
 * work, then close the connection without an answer, or half-way through it; all others do no work.
 */
export const MODES = [
  'ok',
  'error',
  'down',
  'busy',
  'too-many',
  'slow',
  'lose-answers',
  'cut',
  'unauthorized',
  'refuse',
  'unprocessable',
] as const
export type Mode = (typeof MODES)[number]

/** How an answer reaches the caller: `whole`, not at all (`lost`), or its first half (`cut`). */
export type Delivery = 'whole' | 'lost' | 'cut'

export interface Outcome {
  readonly answer: Answer | undefined
  readonly delivery: Delivery
}

export interface Rule {
  readonly mode: Exclude<Mode, 'ok'>
  /** Only calls that name this account: a search and a look at the health name none. */
  readonly account?: string
  readonly operation?: OperationName
  /** Calls still to misbehave at; without, until told otherwise. */
  readonly times?: number
  /** Calls still to be let through before that. */
  readonly skip?: number
  readonly delayMs?: number
  readonly retryAfterSeconds?: number
}

export type Instruction = Omit<Rule, 'mode'> & { readonly mode: Mode }

/** Well past the time that a client waits for an answer. */
const DELAY_MS = 30_000
const RETRY_AFTER_SECONDS = 2

export interface Behaviour {
  /** Adds a rule in place of one with the same account and operation; `ok` takes those away that it names, or all. */
  tell(instruction: Instruction): void
  rules(): readonly Rule[]
  /** Carries out one call as the first rule for it says: the most particular one, account before operation. */
  carryOut(call: Call, work: () => Promise<Answer>): Promise<Outcome>
  /** Ends every delay, without its work. */
  stop(): void
}

/** How the portal behaves, in memory: one that is started again behaves well. */
export function createBehaviour(): Behaviour {
  let rules: Rule[] = []
  const stopped = new AbortController()

  function take(call: Call): Rule | undefined {
    const rule = rules.find((r) => concerns(r, call))
    if (rule === undefined) return undefined
    const skip = rule.skip ?? 0
    if (skip > 0) {
      rules = rules.map((r) => (r === rule ? { ...rule, skip: skip - 1 } : r))
      return undefined
    }
    if (rule.times !== undefined) {
      const times = rule.times - 1
      rules = times > 0 ? rules.map((r) => (r === rule ? { ...rule, times } : r)) : rules.filter((r) => r !== rule)
    }
    return rule
  }

  return {
    tell: ({ mode, ...scope }) => {
      if (mode === 'ok') {
        rules = rules.filter(
          (r) =>
            (scope.account !== undefined && r.account !== scope.account) ||
            (scope.operation !== undefined && r.operation !== scope.operation),
        )
        return
      }
      rules = rules.filter((r) => r.account !== scope.account || r.operation !== scope.operation)
      rules.push({ mode, ...scope })
      rules.sort((a, b) => particularity(b) - particularity(a))
    },
    rules: () => rules,
    carryOut: async (call, work) => {
      const rule = take(call)
      if (rule === undefined) return { answer: await work(), delivery: 'whole' }
      if (rule.mode === 'slow') {
        try {
          await sleep(rule.delayMs ?? DELAY_MS, undefined, { signal: stopped.signal })
        } catch {
          return { answer: undefined, delivery: 'lost' }
        }
      }
      return misbehave(rule, work)
    },
    stop: () => {
      stopped.abort()
    },
  }
}

function concerns(rule: Rule, call: Call): boolean {
  if (rule.account !== undefined && rule.account !== call.account) return false
  return rule.operation === undefined || rule.operation === call.operation
}

function particularity(rule: Rule): number {
  return (rule.account === undefined ? 0 : 2) + (rule.operation === undefined ? 0 : 1)
}

async function misbehave(rule: Rule, work: () => Promise<Answer>): Promise<Outcome> {
  const whole = (answer: Answer): Outcome => ({ answer, delivery: 'whole' })
  const retryAfter = { 'retry-after': String(rule.retryAfterSeconds ?? RETRY_AFTER_SECONDS) }
  switch (rule.mode) {
    case 'error':
      return whole(problem('internal-error'))
    case 'down':
      return whole(problem('unavailable'))
    case 'busy':
      return whole(problem('unavailable', undefined, retryAfter))
    case 'too-many':
      return whole(problem('too-many-requests', undefined, retryAfter))
    case 'unauthorized':
      return whole(problem('unauthorized'))
    case 'refuse':
      return whole(problem('forbidden'))
    case 'unprocessable':
      return whole(problem('refused'))
    case 'slow':
      return whole(await work())
    case 'lose-answers':
      return { answer: await work(), delivery: 'lost' }
    case 'cut':
      return { answer: await work(), delivery: 'cut' }
  }
}

/** The JSON schema of an instruction. */
export const INSTRUCTION_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['mode'],
  properties: {
    mode: { type: 'string', enum: MODES },
    account: { type: 'string', minLength: 1 },
    operation: { type: 'string', enum: OPERATION_NAMES },
    times: { type: 'integer', minimum: 1 },
    skip: { type: 'integer', minimum: 0 },
    delayMs: { type: 'integer', minimum: 0, maximum: 3_600_000 },
    retryAfterSeconds: { type: 'integer', minimum: 0 },
  },
} as const
