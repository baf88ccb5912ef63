import type { Command } from 'commander'
import { ONLY_ON_A_PAIR } from '../domain/campaign'
import { OVERRIDES, WARNINGS, type Override } from '../domain/codes'
import { OntdubbelError } from '../domain/errors'
import { CAMPAIGN_ERRORS } from '../domain/sentences'
import { date, oneOf } from './arguments'
import { EXIT } from './exitCodes'

/** A list, and what its pairs are merged with: shared by start and preview. */
export interface ListOptions {
  pairs: string
  on?: string
  accept?: string[]
  override?: Override[]
}

/** Adds the list, and what its pairs are merged with. */
export function withList(command: Command): Command {
  return command
    .requiredOption('--pairs <file>', 'the list, NDJSON or CSV; - for standard input')
    .option('--on <date>', 'the merge date; default: today in Europe/Brussels', date)
    .option('--accept <code>', 'accept a warning for every pair (may be repeated)', oneOf(WARNINGS))
    .option('--override <code>', `go on in spite of: ${OVERRIDES.join(', ')} (may be repeated)`, oneOf(OVERRIDES))
    .addHelpText(
      'after',
      `
The list is NDJSON {"keep","remove","take":[],"accept":[],"override":[]} (the lists may be left out), or CSV with these
columns, lists separated by spaces. Of ${ONLY_ON_A_PAIR.join(', ')}
each pair says itself what it accepts or overrides.`,
    )
}

/** Some things are decided for a pair, never for many (campaigns.md). */
export function refuseForMany({ accept = [], override = [] }: ListOptions): void {
  const given = [
    ...accept.map((code) => ({ option: '--accept', code })),
    ...override.map((code) => ({ option: '--override', code })),
  ]
  const wrong = given.find(({ code }) => (ONLY_ON_A_PAIR as readonly string[]).includes(code))
  if (wrong) throw new OntdubbelError('bad-usage', CAMPAIGN_ERRORS.onlyOnAPair, EXIT.badInput, wrong)
}

/** Does something at the first Ctrl-C or SIGTERM; gives what forgets that again. */
export function onStop(work: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.once(signal, work)
  return () => {
    for (const signal of signals) process.off(signal, work)
  }
}
