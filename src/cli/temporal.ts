import type { Client } from '@temporalio/client'
import { connectClient } from '../temporal/connection'
import type { Places } from './context'

/** Runs a command's work with a Temporal client, and closes it. */
export async function withTemporal<T>(places: Places, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connectClient(places.temporal())
  try {
    return await work(client)
  } finally {
    await client.connection.close()
  }
}
