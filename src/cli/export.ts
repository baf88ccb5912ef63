import { Command } from 'commander'
import { isOntdubbelError } from '../domain/errors'
import { IMPORT_SENTENCES, say, type Language } from '../domain/sentences'
import { exportRecords, type DumpedAccount } from '../interchange/dump'
import { writeLines } from '../interchange/write'
import { dumpAccounts } from '../portal/control'
import { id } from './arguments'
import { Places, withPlaces, type SharedOptions } from './context'
import { withDatabase } from './database'
import { tell } from './output'

interface ExportOptions extends SharedOptions {
  patron?: number[]
}

/** `ontdubbel export`: the interchange file on standard output. */
export function exportCommand(): Command {
  return withPlaces(new Command('export'))
    .description(
      'write the interchange file to standard output: libraries, patrons, and the accounts of the reference portal',
    )
    .option(
      '--patron <id>',
      'only this patron, whom it was merged into, and what they name (may be repeated)',
      (text: string, before: number[] | undefined) => [...(before ?? []), id(text)],
    )
    .option('--json', 'changes nothing: the file is JSON, one document a line')
    .action(exportCommandAction)
}

async function exportCommandAction(options: ExportOptions): Promise<void> {
  const places = new Places(options.dataDir)
  const onPicture = (merging: number) => tell(say(IMPORT_SENTENCES.picture, options.lang, { merging }))
  await withDatabase(places.databaseUrl(), (pool) =>
    writeLines(
      exportRecords(pool, { patrons: options.patron, accounts: accountsOf(places, options.lang), onPicture }),
      process.stdout,
    ),
  )
}

/** The accounts of the reference portal; of somebody else's, or where none is known, none, and a line says so. */
async function* accountsOf(places: Places, language: Language): AsyncGenerator<DumpedAccount> {
  const place = places.portal()
  if (place === null) {
    tell(say(IMPORT_SENTENCES.noPortalKnown, language))
    return
  }
  try {
    yield* dumpAccounts(place.url, place.token)
  } catch (error) {
    if (!isOntdubbelError(error) || error.code !== 'portal-has-no-control') throw error
    tell(say(IMPORT_SENTENCES.portalOfOthers, language))
  }
}
