import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of package.json. */
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..')

/** A path in the checkout. */
export const at = (...parts) => path.join(root, ...parts)

/** One line for a person. */
export function say(line) {
  process.stderr.write(`setup: ${line}\n`)
}

/** What went wrong, in words for the person who ran set-up; anything else is a fault of ours and shows its stack. */
export class Failure extends Error {}
