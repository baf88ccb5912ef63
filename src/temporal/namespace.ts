import { Connection } from '@temporalio/client'
import { temporal } from '@temporalio/proto'
import { OntdubbelError } from '../domain/errors'
import { SEARCH_ATTRIBUTES } from '../workflows/names'
import type { TemporalPlace } from './connection'

/** Ended workflows can be looked at this long; merges stay in the database. The dev server's default is a day. */
const RETENTION_DAYS = 30
const SECONDS_PER_DAY = 86_400

/**
 * Makes the namespace so: it exists, keeps ended workflows for 30 days, and knows the search attributes (a workflow that
 * sets one that is not registered hangs). Done at every start; the dev server's own flags do nothing once its file exists.
 */
export async function ensureNamespace({ address, namespace }: TemporalPlace): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: '20 seconds' })
  try {
    const workflowExecutionRetentionPeriod = { seconds: RETENTION_DAYS * SECONDS_PER_DAY } as never
    await connection.workflowService
      .registerNamespace({ namespace, workflowExecutionRetentionPeriod })
      .catch((error: Error) => {
        if (!/already exists/i.test(error.message)) throw error
      })
    await connection.workflowService.updateNamespace({
      namespace,
      config: { workflowExecutionRetentionTtl: workflowExecutionRetentionPeriod },
    })
    await ensureSearchAttributes(connection, namespace)
  } finally {
    await connection.close()
  }
}

/** gRPC's codes for what this client may not ask, or this server does not offer: Temporal Cloud keeps its operator service to itself. */
const NOT_FOR_US = [7, 12, 16]
/** gRPC's code for a question that makes no sense, such as one about an attribute that is not registered. */
const INVALID_ARGUMENT = 3

type Services = Pick<Connection, 'operatorService' | 'workflowService'>

/**
 * Registers the search attributes; once more does nothing. Where this client may not (Temporal Cloud), they must be there.
 * @throws OntdubbelError `search-attributes-missing`
 */
export async function ensureSearchAttributes(connection: Services, namespace: string): Promise<void> {
  const { INDEXED_VALUE_TYPE_KEYWORD } = temporal.api.enums.v1.IndexedValueType
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map(({ name }) => [name, INDEXED_VALUE_TYPE_KEYWORD])),
    })
  } catch (error) {
    if (!isNotForUs(error)) throw error
    const missing = await missingSearchAttributes(connection, namespace)
    if (missing.length > 0) {
      throw new OntdubbelError(
        'search-attributes-missing',
        `The namespace ${namespace} lacks the search attributes ${missing.join(', ')}, and this program may not register them there. Add them in the namespace's settings, type Keyword.`,
      )
    }
  }
}

/** Whether the server keeps what was asked for to others. */
export function isNotForUs(error: unknown): boolean {
  return NOT_FOR_US.includes(codeOf(error) ?? -1)
}

/** Which search attributes the namespace does not know, found out by asking lists: any client may. */
export async function missingSearchAttributes(
  { workflowService }: Pick<Services, 'workflowService'>,
  namespace: string,
): Promise<string[]> {
  const asked = await Promise.all(
    SEARCH_ATTRIBUTES.map(async ({ name }) => {
      try {
        await workflowService.countWorkflowExecutions({ namespace, query: `${name} = 'none'` })
        return []
      } catch (error) {
        if (codeOf(error) !== INVALID_ARGUMENT) throw error
        return [name]
      }
    }),
  )
  return asked.flat()
}

function codeOf(error: unknown): number | undefined {
  const { code, cause } = error as { code?: number; cause?: { code?: number } }
  return code ?? cause?.code
}
