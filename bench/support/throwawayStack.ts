import { removeDataDir, temporaryDataDir } from '../../src/stack/dataDir'
import type { StackInfo } from '../../src/stack/stackFile'
import { startStack } from '../../src/stack/up'
import { cleaningUp } from './cleaningUp'

/** Where a stack is, and the folder that commands find it by. */
export type ThrowawayStack = StackInfo & { dataDir: string }

/**
 * Does `work` with an embedded stack of its own, as `ontdubbel up` starts it. Whatever comes of it, and on Ctrl-C or SIGTERM,
 * it is stopped and its folder removed.
 */
export async function withStack<T>(work: (stack: ThrowawayStack) => Promise<T>): Promise<T> {
  const dataDir = temporaryDataDir('ontdubbel-bench-')
  const stack = startStack({ dataDir })
  return cleaningUp(
    async () => {
      const running = work({ ...(await stack.ready), dataDir })
      // what died is not measured
      const died = stack.died.then((why) => Promise.reject(why))
      return Promise.race([running, died])
    },
    async () => {
      await stack.stop()
      removeDataDir(dataDir)
    },
  )
}
