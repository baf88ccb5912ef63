import { handBack, moveAll } from './sql'
import { step } from './step'

/** R1: every loan still out moves, due date and renewals unchanged. */
export const transferLoans = step('transferLoans', {
  forward: [moveAll('transferLoans', 'loan', 'loans')],
  reverse: [handBack('loan')],
})
