import { spawn } from 'node:child_process'
import { root } from './say.mjs'

/** How much of what a program said is kept for an error. */
const TAIL_CHARACTERS = 2_000

/**
 * Runs a program in the checkout; gives `{code, output}`, the end of what it said. With `show` it says it on stderr at once
 * too. A program that is not there gives code null.
 */
export function run(command, args, { cwd = root, env = {}, show = false, signal, shell = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell,
      ...(signal === undefined ? {} : { signal, killSignal: 'SIGKILL' }),
    })
    let output = ''
    const hear = (chunk) => {
      output = (output + chunk).slice(-TAIL_CHARACTERS)
      if (show) process.stderr.write(chunk)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('error', (error) => resolve({ code: null, output: error.message }))
    child.once('close', (code) => resolve({ code: code ?? 1, output: output.trim() }))
  })
}
