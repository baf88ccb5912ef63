import { spawn } from 'node:child_process'
import path from 'node:path'

const LAUNCHER = path.join(__dirname, '..', '..', 'bin', 'ontdubbel.js')

export interface Ended {
  code: number | null
  out: string
  err: string
  /** What was printed, as the one JSON document that it is. */
  json(): unknown
}

/** Runs the built command line as a user would, with the servers named by the environment. */
export function runCli(
  args: readonly (string | number)[],
  env: Record<string, string>,
  input = '',
  onError: (said: string) => void = () => {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [LAUNCHER, ...args.map(String)], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', ...env },
    })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString()
      onError(err)
    })
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err, json: () => JSON.parse(out) as unknown }))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}
