import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { at, say } from './say.mjs'

const LOOK_EVERY_MS = 200
/** Outside node_modules, which npm empties. */
const FILE = at('.tools', 'setup.lock')

/** Does `work` while no other set-up of this checkout does. One that died holds nobody up. */
export async function withLock(work) {
  mkdirSync(at('.tools'), { recursive: true })
  let said = false
  while (!take()) {
    if (!said) say('another set-up runs: waiting for it')
    said = true
    await sleep(LOOK_EVERY_MS)
  }
  const release = () => rmSync(FILE, { force: true })
  // Ctrl-C too lets go
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))
  process.once('exit', release)
  try {
    return await work()
  } finally {
    process.off('exit', release)
    release()
  }
}

function take() {
  const mine = `${FILE}.${process.pid}`
  writeFileSync(mine, `${process.pid} ${startOf(process.pid)}`)
  try {
    // a link is made whole or not at all: nobody reads half a lock
    linkSync(mine, FILE)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    removeDead()
    return false
  } finally {
    rmSync(mine, { force: true })
  }
}

function removeDead() {
  const held = read(FILE)
  if (held === null || isAlive(held)) return
  const aside = `${FILE}.${process.pid}.old`
  try {
    renameSync(FILE, aside)
    // a living one's that came in between goes back
    if (read(aside) !== held) linkSync(aside, FILE)
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error
  }
  rmSync(aside, { force: true })
}

function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

function isAlive(held) {
  const [pid, ...start] = held.split(' ')
  try {
    process.kill(Number(pid), 0)
  } catch (error) {
    if (error.code !== 'EPERM') return false
  }
  // the number may be another process's by now
  return startOf(Number(pid)) === start.join(' ')
}

/** When a process started, where the system says so. */
function startOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return 'unknown'
  }
}
