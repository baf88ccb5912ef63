import { z } from 'zod'
import { OntdubbelError } from './domain/errors'

const workerSettings = z.object({
  DATABASE_URL: z.string().min(1),
  PORTAL_URL: z.url({ protocol: /^https?$/ }),
  PORTAL_TOKEN: z.string().min(1),
  /** Connections of a desk worker to the library database. */
  DATABASE_CONNECTIONS: z.coerce.number().int().min(2).max(200).default(20),
  /** Batches of campaigns that a worker merges at once, each on a connection of its own. */
  CAMPAIGN_SLOTS: z.coerce.number().int().min(1).max(64).default(2),
  PORTAL_CALLS_AT_ONCE: z.coerce.number().int().min(1).max(100).optional(),
  PORTAL_CALLS_PER_SECOND: z.coerce.number().min(0.1).max(10_000).optional(),
  PORTAL_TIMEOUT_MS: z.coerce.number().int().min(100).max(60_000).optional(),
  TASK_QUEUE_PREFIX: z.string().min(1).optional(),
})

export type WorkerSettings = z.infer<typeof workerSettings>

/**
 * What a worker is told by the environment; a variable that is empty is none.
 * @throws OntdubbelError `bad-settings`, naming the variable and what was expected
 */
export function readWorkerSettings(env: NodeJS.ProcessEnv): WorkerSettings {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = workerSettings.safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const name = issue?.path.join('.') ?? ''
  const says =
    given[name] === undefined
      ? `Set ${name} in the environment.`
      : `${name} in the environment must be ${wanted(issue)}.`
  throw new OntdubbelError('bad-settings', says, 2)
}

/** What was wanted, never what was given: an address may hold a password. */
function wanted(issue: z.core.$ZodIssue | undefined): string {
  switch (issue?.code) {
    case 'too_small':
      return `at least ${issue.minimum}`
    case 'too_big':
      return `at most ${issue.maximum}`
    case 'invalid_type':
      return issue.expected === 'int' ? 'a whole number' : `a ${issue.expected}`
    case 'invalid_format':
      return 'an http or https address'
    default:
      return 'something else'
  }
}
