import { Client, Connection } from '@temporalio/client'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import { OntdubbelError } from '../domain/errors'
import { ERRORS } from '../domain/sentences'

/** Where a Temporal server is. */
export interface TemporalPlace {
  address: string
  namespace: string
}

/**
 * The connection settings: the TEMPORAL_* variables as Temporal's own tools read them, and a profile file only where one is
 * named, so that nobody's default profile (perhaps production) is merged in by accident. `place` is the embedded stack's.
 */
export function temporalOptions(place?: TemporalPlace) {
  if (place && !process.env.TEMPORAL_ADDRESS) {
    return { connectionOptions: { address: place.address }, namespace: place.namespace }
  }
  const named = Boolean(process.env.TEMPORAL_PROFILE ?? process.env.TEMPORAL_CONFIG_FILE)
  const config = loadClientConnectConfig({ disableFile: !named })
  return { connectionOptions: config.connectionOptions, namespace: config.namespace ?? 'default' }
}

/** A client of the Temporal server; close it with `client.connection.close()`. */
export async function connectClient(place?: TemporalPlace): Promise<Client> {
  const { connectionOptions, namespace } = temporalOptions(place)
  try {
    const connection = await Connection.connect({ ...connectionOptions, connectTimeout: '5 seconds' })
    return new Client({ connection, namespace })
  } catch {
    throw unreachable(connectionOptions.address)
  }
}

/** What a person is told when no server answers there. */
export function unreachable(address = 'localhost:7233'): OntdubbelError {
  return new OntdubbelError('temporal-unreachable', ERRORS.temporalUnreachable, 1, { address })
}
