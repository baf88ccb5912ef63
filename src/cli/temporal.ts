import type { Client } from '@temporalio/client'
import { connectClient, orNoNamespace } from '../temporal/connection'
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
    throw orNoNamespace(error)
  } finally {
    await client.connection.close()
  }
}
