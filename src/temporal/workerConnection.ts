import { NativeConnection } from '@temporalio/worker'
import { trustAsNode } from './authorities'
import { connectOrSayWhy, temporalOptions } from './connection'

/** A worker's connection; fails as `connectClient` does. In a file of its own: a command needs nothing of the worker's part of the SDK. */
export async function connectWorker(): Promise<{ connection: NativeConnection; namespace: string }> {
  const { connectionOptions, namespace } = temporalOptions()
  const connection = await connectOrSayWhy(connectionOptions, () =>
    NativeConnection.connect(trustAsNode(connectionOptions)),
  )
  return { connection, namespace }
}
