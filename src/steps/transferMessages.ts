import { handBack, moveAll } from './sql'
import { step } from './step'

/** R7: notices and remarks move, all of them, with their dates and authors. */
export const transferMessages = step('transferMessages', {
  forward: [moveAll('transferMessages', 'message', 'messages')],
  reverse: [handBack('message')],
})
