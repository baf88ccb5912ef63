import { Command, CommanderError } from 'commander'
import { isOntdubbelError } from '../src/domain/errors'
import { campaignBench } from './campaign'
import { deskBench } from './desk'
import { mergeBench } from './merge'
import { stepsBench } from './steps'

const FAILED = 1
const WRONG_USAGE = 2

/** `npm run bench -- NAME`: measures on generated data, on servers of its own that are gone afterwards. */
async function main(argv: string[]): Promise<void> {
  const program = new Command('bench')
    .description('Measures, on generated data and servers of its own. The table goes to stdout, progress to stderr.')
    .exitOverride()
  program.addCommand(stepsBench())
  program.addCommand(mergeBench())
  program.addCommand(campaignBench())
  program.addCommand(deskBench())
  for (const command of program.commands) command.exitOverride()
  await program.parseAsync(argv)
}

main(process.argv).catch((error: unknown) => {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : WRONG_USAGE
    return
  }
  const words = isOntdubbelError(error) || !(error instanceof Error) ? String(error) : (error.stack ?? error.message)
  process.stderr.write(`${words}\n`)
  process.exitCode = isOntdubbelError(error) ? error.exitCode : FAILED
})
