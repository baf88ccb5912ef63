import { Connection } from '@temporalio/client'
import { temporal } from '@temporalio/proto'
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

/** Registers the search attributes; once more does nothing. */
export async function ensureSearchAttributes(
  connection: Pick<Connection, 'operatorService'>,
  namespace: string,
): Promise<void> {
  const { INDEXED_VALUE_TYPE_KEYWORD } = temporal.api.enums.v1.IndexedValueType
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(SEARCH_ATTRIBUTES.map(({ name }) => [name, INDEXED_VALUE_TYPE_KEYWORD])),
  })
}
