import type { Answer } from './answers'

/** The operations of the contract, by their names there. */
export const OPERATION_NAMES = ['getHealth', 'searchLinks', 'addLink', 'changeLink', 'removeLink'] as const
export type OperationName = (typeof OPERATION_NAMES)[number]

/** A request that has been held against the contract. */
export interface Call {
  readonly operation: OperationName
  readonly body: unknown
  readonly idempotencyKey: string | undefined
  /** The account that it names, if it names one. */
  readonly account: string | undefined
}

export type Operations = Record<OperationName, (call: Call) => Promise<Answer>>
