import { NativeConnection } from '@temporalio/worker'
import { temporalOptions, unreachable } from './connection'

/** A worker's connection. In a file of its own: a command needs nothing of the worker's part of the SDK. */
export async function connectWorker(): Promise<{ connection: NativeConnection; namespace: string }> {
  const { connectionOptions, namespace } = temporalOptions()
  try {
    return { connection: await NativeConnection.connect(connectionOptions), namespace }
  } catch {
    throw unreachable(connectionOptions.address)
  }
}
