import { handBack, moveAll } from './sql'
import { step } from './step'

/** R8: all card numbers move with their status and keep working. */
export const transferCards = step('transferCards', {
  forward: [moveAll('transferCards', 'card', 'cards')],
  reverse: [handBack('card')],
})
