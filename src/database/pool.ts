import { withLibpqTls } from './tls'
import { Client, Pool, types, type ClientConfig } from 'pg'

const INT8_OID = 20
const DATE_OID = 1082

/** Ids are below 2^53 and come as numbers; dates stay the `YYYY-MM-DD` that they are, in no time zone. */
const typesOfOurs: ClientConfig['types'] = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8_OID) return Number
    if (oid === DATE_OID) return (text: string) => text
    return types.getTypeParser(oid, format)
  }) as typeof types.getTypeParser,
}

/**
 * A merge on fresh connections takes three times as long as one whose statements the server has planned there: a desk that
 * merges every few minutes finds them as they were.
 */
const KEEP_IDLE_MS = 60 * 60 * 1000

export interface PoolOptions {
  /** Connections at most. */
  max?: number
  /** Statements are sent without waiting for the one before (groups). */
  pipeline?: boolean
  /** What pg_stat_activity shows. */
  applicationName?: string
}

/**
 * The connection settings that pools and single clients share.
 * @throws OntdubbelError `bad-settings` for an address whose sslmode is none, or that names a file that cannot be read
 */
export function connectionConfig(url: string, options: PoolOptions = {}): ClientConfig & { pipeline: boolean } {
  return {
    connectionString: withLibpqTls(url),
    types: typesOfOurs,
    pipeline: options.pipeline ?? false,
    application_name: options.applicationName ?? 'ontdubbel',
    // a server that does not answer is noticed within seconds, not after TCP's quarter of an hour
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  }
}

/** A pool on the library database. End it with `pool.end()`. */
export function createPool(url: string, options: PoolOptions = {}): Pool {
  const pool = new Pool({
    ...connectionConfig(url, options),
    max: options.max ?? 10,
    idleTimeoutMillis: KEEP_IDLE_MS,
    allowExitOnIdle: true,
  })
  // a connection that the server closes while it is idle: the next one to ask gets a fresh one
  pool.on('error', () => {})
  // one that it closes while it is at work: whoever asked gets the error; here it would end the process
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

/** One connection of one's own, connected. */
export async function connect(url: string, options: PoolOptions = {}): Promise<Client> {
  const client = new Client(connectionConfig(url, options))
  client.on('error', () => {})
  await client.connect()
  return client
}
