import type { StepName } from './codes'

/** The steps that may run side by side once both records are taken: one rule each, and no two write the same table. */
export const SIDE_BY_SIDE = [
  'transferLoans',
  'transferHolds',
  'transferLoanHistory',
  'transferFees',
  'transferContacts',
  'transferMessages',
  'transferCards',
  'transferSubscriptions',
] as const satisfies StepName[]

/** All that stands on the patron row: one chain, so that no two steps write it at once, and R9 comes before R11. */
export const ON_THE_PATRON_ROW = ['transferDetails', 'applyInternetBlock'] as const satisfies StepName[]

/** The steps between openMerge and retireRecord: what a workflow, a group, a preview and an undo go through. */
export const TRANSFERS = [...SIDE_BY_SIDE, ...ON_THE_PATRON_ROW] as const
export type TransferName = (typeof TRANSFERS)[number]
