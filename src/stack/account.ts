import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import path from 'node:path'
import { OntdubbelError } from '../domain/errors'

/** A user by its numbers. */
export interface Account {
  uid: number
  gid: number
}

/** Who runs PostgreSQL for root, the first that exists: its own user, an image's, the one that may do nothing. */
const CANDIDATES = ['postgres', 'node', 'nobody', 'daemon']

/** A user that is not root and exists. Fails with `no-account` when there is none. */
export function unprivilegedAccount(): Account {
  for (const name of CANDIDATES) {
    const uid = id('-u', name)
    const gid = id('-g', name)
    if (uid !== null && gid !== null && uid !== 0) return { uid, gid }
  }
  throw new OntdubbelError(
    'no-account',
    `PostgreSQL does not run as root, and there is none of the users ${CANDIDATES.join(', ')} to run it. ` +
      'Make one (useradd --system postgres), or run as an ordinary user.',
  )
}

function id(which: '-u' | '-g', name: string): number | null {
  try {
    return Number(execFileSync('id', [which, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  } catch {
    return null
  }
}

/** Whether this user can go through `folder` and every folder above it. */
export function accountCanPass(folder: string, account: Account): boolean {
  for (let at = path.resolve(folder); ; at = path.dirname(at)) {
    if (!may(at, account, 0o1)) return false
    if (at === path.dirname(at)) return true
  }
}

/** Whether this user may read and, where that means something, enter or execute `file`. */
export function accountCanUse(file: string, account: Account): boolean {
  return may(file, account, 0o5)
}

/** `bits` as of others: 4 read, 1 execute or pass. */
function may(file: string, account: Account, bits: number): boolean {
  const { mode, uid, gid } = statSync(file)
  const shift = uid === account.uid ? 6 : gid === account.gid ? 3 : 0
  return ((mode >> shift) & bits) === bits
}
