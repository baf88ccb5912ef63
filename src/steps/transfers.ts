import { TRANSFERS, type TransferName } from '../domain/plan'
import { applyInternetBlock } from './applyInternetBlock'
import type { Step } from './step'
import { transferCards } from './transferCards'
import { transferContacts } from './transferContacts'
import { transferDetails } from './transferDetails'
import { transferFees } from './transferFees'
import { transferHolds } from './transferHolds'
import { transferLoanHistory } from './transferLoanHistory'
import { transferLoans } from './transferLoans'
import { transferMessages } from './transferMessages'
import { transferSubscriptions } from './transferSubscriptions'

/** Every rule by its step's name: what a workflow, a group, a preview and an undo go through. */
export const transfers: Record<TransferName, Step> = {
  transferLoans,
  transferHolds,
  transferLoanHistory,
  transferFees,
  transferContacts,
  transferMessages,
  transferCards,
  transferSubscriptions,
  transferDetails,
  applyInternetBlock,
}

/** The rules in the order of the plan. */
export const inPlanOrder: readonly Step[] = TRANSFERS.map((name) => transfers[name])
