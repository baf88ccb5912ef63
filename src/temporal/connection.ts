import { Client, Connection } from '@temporalio/client'
import { NamespaceNotFoundError } from '@temporalio/common'
import { isOntdubbelError, OntdubbelError } from '../domain/errors'
import { ERRORS } from '../domain/sentences'
import { setTimeout as sleep } from 'node:timers/promises'
import { readTemporalSettings, type TemporalSettings } from './settings'
import type { Unreachable } from '../domain/networkFailures'
import { whyNotAtAll, whyUnreachable } from './whyUnreachable'

/** A connection that has not come about by now is looked into: what is plainly wrong is said at once. */
const LOOK_AFTER_MS = 1_000

/** Where a Temporal server is. */
export interface TemporalPlace {
  address: string
  namespace: string
}

/** `place` is the embedded stack's, where the environment names no server: nothing of the environment is mixed into it. */
export function temporalOptions(place?: TemporalPlace): TemporalSettings {
  if (place) return { connectionOptions: { address: place.address }, namespace: place.namespace }
  return readTemporalSettings(process.env)
}

/**
 * A client of the Temporal server; close it with `client.connection.close()`.
 * @throws OntdubbelError `bad-settings`, or `temporal-unreachable` with what is wrong, and what to do in `details.remedy`
 */
export async function connectClient(place?: TemporalPlace): Promise<Client> {
  const { connectionOptions, namespace } = temporalOptions(place)
  return connectOrSayWhy(connectionOptions, async () => {
    const connection = Connection.lazy({ ...connectionOptions, connectTimeout: '5 seconds' })
    try {
      await connection.ensureConnected()
    } catch (error) {
      // it would go on trying
      await connection.close()
      throw error
    }
    return new Client({ connection, namespace })
  })
}

/** Connects, or fails with what is wrong and what to do. */
export async function connectOrSayWhy<T>(
  options: TemporalSettings['connectionOptions'],
  work: () => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  try {
    return await Promise.race([work(), failPlainly(options, over.signal)])
  } catch (error) {
    if (isOntdubbelError(error)) throw error
    throw inWords(await whyUnreachable(options, error))
  } finally {
    over.abort()
  }
}

/** Rejects where it is plain after a while that no connection will come about; else never settles. */
async function failPlainly(options: TemporalSettings['connectionOptions'], over: AbortSignal): Promise<never> {
  const never = new Promise<never>(() => {})
  try {
    await sleep(LOOK_AFTER_MS, undefined, { signal: over, ref: false })
  } catch {
    return never
  }
  const why = await whyNotAtAll(options)
  if (why === null || over.aborted) return never
  throw inWords(why)
}

/** The error of a call; where it means that the server has no such namespace, in our words. A connection alone does not tell. */
export function orNoNamespace(error: unknown): unknown {
  if (!(error instanceof NamespaceNotFoundError)) return error
  const message = `There is no namespace ${error.namespace} at the Temporal server.`
  return inWords({ message, remedy: 'Check TEMPORAL_NAMESPACE.' })
}

function inWords({ message, remedy }: Unreachable): OntdubbelError {
  return new OntdubbelError('temporal-unreachable', ERRORS.temporalUnreachable, 1, { message, remedy })
}
