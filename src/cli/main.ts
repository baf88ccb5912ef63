import { Command, CommanderError } from 'commander'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { packageRoot } from '../packageRoot'
import { whyUnreachable } from '../database/whyUnreachable'
import { errorIn, isOntdubbelError } from '../domain/errors'
import { ERRORS, say, USAGE } from '../domain/sentences'
import { EXIT } from './exitCodes'
import { languageAsked } from './language'
import { tell } from './output'
import { usageInWords } from './usage'

/** The commands, each in a file that is loaded only when it is asked for: a command loads only what it uses. */
const COMMANDS: Record<string, () => Command> = {
  up: () => (require('./up') as typeof import('./up')).upCommand(),
  migrate: () => (require('./migrate') as typeof import('./migrate')).migrateCommand(),
  worker: () => (require('./worker') as typeof import('./worker')).workerCommand(),
  import: () => (require('./import') as typeof import('./import')).importCommand(),
  export: () => (require('./export') as typeof import('./export')).exportCommand(),
  patron: () => (require('./patron') as typeof import('./patron')).patronCommand(),
  preview: () => (require('./preview') as typeof import('./preview')).previewCommand(),
  merge: () => (require('./merge') as typeof import('./merge')).mergeCommand(),
  undo: () => (require('./undo') as typeof import('./undo')).undoCommand(),
  campaign: () => (require('./campaign') as typeof import('./campaign')).campaignCommand(),
  changes: () => (require('./changes') as typeof import('./changes')).changesCommand(),
  portal: () => (require('./portal') as typeof import('./portal')).portalCommand(),
  register: () => (require('./register') as typeof import('./register')).registerCommand(),
  doctor: () => (require('./doctor') as typeof import('./doctor')).doctorCommand(),
  demo: () => (require('./demo') as typeof import('./demo')).demoCommand(),
}

/** The command whose usage was wrong. */
let asked: Command | undefined

/** Runs the command of `process.argv`; gives the code that a process ends with. Never rejects: what failed has been told. */
export function ontdubbel(): Promise<number> {
  return main(process.argv).catch(exitCodeFor)
}

async function main(argv: string[]): Promise<number> {
  const program = new Command('ontdubbel')
    .description('Merges duplicate patron records of a library consortium: previewed, durable, and with a way back.')
    .version(version())
  const named = COMMANDS[argv[2] ?? '']
  for (const make of named ? [named] : Object.values(COMMANDS)) program.addCommand(make())
  // what is wrong is told below, in the language that was asked for
  for (const command of everyCommand(program)) {
    command
      .exitOverride((error) => {
        asked = command
        throw error
      })
      .configureOutput({ outputError: () => {} })
  }
  await program.parseAsync(argv)
  return Number(process.exitCode ?? EXIT.done)
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}

function version(): string {
  const { version: written } = JSON.parse(readFileSync(path.join(packageRoot, 'package.json'), 'utf8')) as {
    version: string
  }
  return written
}

/** Errors of PostgreSQL and of zod quote what was sent. */
function quotesValues(error: unknown): boolean {
  const { name, code, severity } = error as { name?: string; code?: unknown; severity?: unknown }
  return name === 'ZodError' || (severity !== undefined && typeof code === 'string')
}

/** What a failed command ends with, and its sentence. */
function exitCodeFor(error: unknown): number {
  const language = languageAsked()
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.done
    // without a command its help has been printed
    if (error.code !== 'commander.help') {
      tell(usageInWords(error, language))
      tell(say(USAGE.help, language, { command: namesOf(asked).join(' ') }))
    }
    return EXIT.badInput
  }
  if (isOntdubbelError(error)) {
    tell(errorIn(error, language))
    return error.exitCode
  }
  const { message, code } = error as { message?: string; code?: string }
  const unreachable = whyUnreachable(error)
  if (unreachable) {
    // the words for whoever runs it are English
    if (language !== 'en') tell(say(ERRORS.databaseUnreachable, language, { why: code }))
    tell(say(ERRORS.forOps, language, { ...unreachable }))
    return EXIT.failed
  }
  if (process.env.ONTDUBBEL_DEBUG && error instanceof Error) tell(error.stack ?? error.message)
  else if (quotesValues(error)) tell(say(ERRORS.unforeseenWithValues, language, { code }))
  else tell(say(ERRORS.unforeseen, language, { code, message: message ?? String(error) }))
  return EXIT.failed
}

/** As it is typed: `ontdubbel`, `merge`, `show`. */
function namesOf(command: Command | null | undefined): string[] {
  return command ? [...namesOf(command.parent), command.name()] : []
}
