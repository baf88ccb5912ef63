import { Command } from 'commander'
import { DEFAULT_DATA_DIR, type StackInfo } from '../stack/stackFile'
import { startStack, type Stack } from '../stack/up'
import { stopWithParent } from './parent'

/**
 * A terminal sends Ctrl-C to us and to the npm that started us, which passes it on: what comes within this time is the
 * same one.
 */
const SAME_CTRL_C_MS = 700

interface UpOptions {
  dataDir: string
  fresh: boolean
  worker: boolean
}

/** `ontdubbel up`: the embedded stack in the foreground, until Ctrl-C or SIGTERM. */
export function upCommand(): Command {
  return new Command('up')
    .description('start the embedded stack in the foreground: database, Temporal with its UI, reference portal, worker')
    .option('--data-dir <folder>', 'where its data lives', DEFAULT_DATA_DIR)
    .option('--fresh', 'start from nothing: what the folder holds is deleted', false)
    .option('--no-worker', 'start no worker')
    .action(up)
}

async function up(options: UpOptions): Promise<void> {
  // whoever reads our lines may be gone before we are
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const say = (line: string) => process.stderr.write(`${line}\n`)

  const stack = startStack({ ...options, log: say })
  const asked = askedToStop(stack, say)
  const started = stack.ready.then((info) => {
    process.stdout.write(`${addresses(info)}\nready\n`)
    return stack.died
  })
  const death = await Promise.race([asked, started])
  if (death !== null) say(death.message)
  await stack.stop()
  say('everything is stopped')
  process.exit(death === null ? 0 : 1)
}

/** Resolves, with null, at the first Ctrl-C, SIGTERM or end of the terminal. A second Ctrl-C kills at once. */
function askedToStop(stack: Stack, say: (line: string) => void): Promise<null> {
  return new Promise((resolve) => {
    let firstAt: number | undefined
    const heard = (signal: NodeJS.Signals) => {
      if (firstAt === undefined) {
        firstAt = Date.now()
        say('stopping; Ctrl-C once more kills')
        resolve(null)
      } else if (signal === 'SIGINT' && Date.now() - firstAt > SAME_CTRL_C_MS) {
        say('killing')
        void stack.stop({ atOnce: true }).finally(() => process.exit(1))
      }
    }
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, heard)
    stopWithParent(() => heard('SIGTERM'))
  })
}

function addresses(info: StackInfo): string {
  return [
    `Temporal UI       ${info.temporal.ui}`,
    `Temporal          ${info.temporal.address}, namespace ${info.temporal.namespace}`,
    `library database  ${withoutPassword(info.databaseUrl)}`,
    `reference portal  ${info.portalUrl}`,
  ].join('\n')
}

/** What is printed ends up in logs; the password stands in `stack.json`. */
function withoutPassword(url: string): string {
  const parsed = new URL(url)
  parsed.password = ''
  return parsed.href
}
