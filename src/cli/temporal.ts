import type { Client } from '@temporalio/client'
import { NamespaceNotFoundError } from '@temporalio/common'
import { OntdubbelError } from '../domain/errors'
import { ERRORS } from '../domain/sentences'
import { connectClient } from '../temporal/connection'
import { noNamespace } from '../temporal/whyUnreachable'
import type { Places } from './context'

/**
 * Runs a command's work with a Temporal client, and closes it.
 * @throws OntdubbelError as connectClient does; also `temporal-unreachable` where the server has no such namespace
 */
export async function withTemporal<T>(places: Places, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connectClient(places.temporal())
  try {
    return await work(client)
  } catch (error) {
    if (!(error instanceof NamespaceNotFoundError)) throw error
    throw new OntdubbelError('temporal-unreachable', ERRORS.temporalUnreachable, 1, { ...noNamespace(error.namespace) })
  } finally {
    await client.connection.close()
  }
}
