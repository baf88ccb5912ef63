import { Command } from 'commander'
import type { Pool } from 'pg'
import { OntdubbelError } from '../domain/errors'
import { ERRORS, PATRON_LINES, say, type Language } from '../domain/sentences'
import { exportRecords } from '../interchange/dump'
import type { PatronRecord } from '../interchange/schema'
import { balances } from '../patrons/balances'
import { findPatron, type FoundPatron } from '../patrons/find'
import { mergesOfPatron } from '../patrons/merges'
import { MOST_LISTED, searchPatrons } from '../patrons/search'
import { Places, withPlaces, type SharedOptions } from './context'
import { withDatabase } from './database'
import { EXIT } from './exitCodes'
import { print, printJson, tell } from './output'
import { listedLine, printPatron, withRemedies, type ShownPatron } from './patronText'

/** A record that is merged again and again while it is being looked at is looked at this often. */
const LOOKS = 5

/** `ontdubbel patron show` and `ontdubbel patron search`. */
export function patronCommand(): Command {
  return new Command('patron')
    .description("one patron as the desk sees it, and a library's patron administration")
    .addCommand(showCommand())
    .addCommand(searchCommand())
}

function showCommand(): Command {
  return withPlaces(new Command('show'))
    .argument(
      '<id or card>',
      'an actor id or a card number; digits are an actor id where a record has it, else a card number',
    )
    .description('one patron as the desk sees it, with its merges; a merged id, or its card, leads to the kept record')
    .option('--json', 'one JSON document')
    .action(show)
}

async function show(asked: string, options: SharedOptions): Promise<void> {
  await withDatabase(new Places(options.dataDir).databaseUrl(), async (pool) => {
    const shown = await look(pool, asked, options.lang)
    if (options.json) printJson(shown)
    else printPatron(shown, options.lang)
  })
}

async function look(pool: Pool, asked: string, language: Language): Promise<ShownPatron> {
  for (let looks = 0; looks < LOOKS; looks++) {
    const found = await findPatron(pool, asked)
    if (!found) throw new OntdubbelError('unknown-patron', ERRORS.unknownPatronOrCard, EXIT.badInput, { asked })
    const patron = await recordOf(pool, found)
    if (patron) {
      return {
        id: found.id,
        asked,
        mergedFrom: withRemedies(found.mergedFrom, language),
        patron,
        balances: balances(patron.charges, patron.payments),
        merges: await mergesOfPatron(pool, found.id),
      }
    }
  }
  throw new OntdubbelError('records-busy', ERRORS.recordBusy, EXIT.failed, { asked })
}

/** The record as the interchange file has it; undefined where it was merged away since it was found. */
async function recordOf(pool: Pool, { id }: FoundPatron): Promise<Omit<PatronRecord, 'type'> | undefined> {
  for await (const line of exportRecords(pool, { patrons: [id] })) {
    const { type, ...record } = JSON.parse(line) as Omit<PatronRecord, 'type'> & { type: string }
    if (type === 'patron' && record.id === id) return record.mergedInto === null ? record : undefined
  }
  return undefined
}

interface SearchOptions extends SharedOptions {
  library: string
}

function searchCommand(): Command {
  return withPlaces(new Command('search'))
    .argument('<text...>', 'words, each a part of the name, an actor id, a card number or a birth date; all must fit')
    .description("a library's patron administration: finds patrons with a subscription there, expired or not")
    .requiredOption('--library <id>', 'the library')
    .option('--json', 'NDJSON')
    .action(search)
}

async function search(words: string[], options: SearchOptions): Promise<void> {
  const { library } = options
  await withDatabase(new Places(options.dataDir).databaseUrl(), async (pool) => {
    const { patrons, more } = await searchPatrons(pool, library, words.join(' '))
    for (const patron of patrons) {
      if (options.json) printJson(patron)
      else print(listedLine(patron, options.lang))
    }
    if (patrons.length === 0) tell(say(PATRON_LINES.nobodyFound, options.lang, { library }))
    if (more) tell(say(PATRON_LINES.moreFound, options.lang, { most: MOST_LISTED }))
  })
}
