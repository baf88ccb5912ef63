/** How often it is looked whether the process that started us is still there. */
const LOOK_EVERY_MS = 500

/**
 * npm and npx do not pass SIGTERM on: whoever ends them would leave what they started running. Calls `stop` when the process
 * that started us is gone, where npm started us; `ONTDUBBEL_DETACHED` says that it is meant to go.
 */
export function stopWithParent(stop: () => void): void {
  if (process.env.ONTDUBBEL_DETACHED || !(process.env.npm_execpath || process.env.npm_lifecycle_event)) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    stop()
  }, LOOK_EVERY_MS)
  timer.unref()
}
