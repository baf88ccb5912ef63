import { SingleBar } from 'cli-progress'
import { Command } from 'commander'
import { isOntdubbelError } from '../domain/errors'
import { ERRORS, IMPORT_PROBLEMS, IMPORT_STAGES, IMPORTED, say, type Language } from '../domain/sentences'
import { checkReason } from '../database/reason'
import type { Importer } from '../interchange/accounts'
import { importFile, type ImportCounts, type ImportOptions, type ImportProgress } from '../interchange/load'
import { dumpAccounts, loadAccounts } from '../portal/control'
import { Places, withPlaces, withWho, type SharedOptions } from './context'
import { withDatabase } from './database'
import { openInput } from './inputFile'
import { print, printJson } from './output'

/** `ontdubbel import FILE|-`: loads an interchange file, all or nothing; prints counts. */
export function importCommand(): Command {
  return withWho(withPlaces(new Command('import')))
    .description('load an interchange file, all or nothing; prints counts')
    .argument('<file>', 'the file, or - for standard input')
    .option('--json', 'one JSON document')
    .action(importCommandAction)
}

async function importCommandAction(file: string, options: SharedOptions & Importer): Promise<void> {
  const places = new Places(options.dataDir)
  const url = places.databaseUrl()
  const { input, bytes } = await openInput(file)
  const stopped = new AbortController()
  const stop = () => stopped.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  const progress = showProgress(bytes, options.lang)
  try {
    const counts = await withDatabase(url, async (pool) => {
      await checkReason(pool, options.reason)
      return importFile(pool, input, {
        ...portalOf(places, stopped.signal),
        who: { by: options.by, reason: options.reason },
        onProgress: progress.show,
        signal: stopped.signal,
      })
    })
    progress.end()
    if (options.json) printJson(counts)
    else printCounts(counts, options.lang)
  } finally {
    progress.end()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop)
  }
}

/** Where the file's accounts go. Only a file with accounts asks whether there is a portal, and whose it is. */
function portalOf(places: Places, signal: AbortSignal): Pick<ImportOptions, 'sendAccounts' | 'whyNoAccounts'> {
  const place = places.portal()
  if (place === null) {
    return { whyNoAccounts: async () => IMPORT_PROBLEMS.noPortalForAccounts }
  }
  return {
    sendAccounts: (lines) => loadAccounts(place.url, place.token, lines, signal),
    whyNoAccounts: async () => {
      if (place.embedded) return undefined
      try {
        // the first piece of its answer tells whether it can be told what accounts it has
        for await (const _ of dumpAccounts(place.url, place.token, signal)) break
        return undefined
      } catch (error) {
        // one that is down is asked again when the accounts are sent: they wait for it
        return isOntdubbelError(error) && error.code === 'portal-has-no-control'
          ? ERRORS.portalWithoutControl
          : undefined
      }
    },
  }
}

/** A bar on standard error, on a terminal only. */
function showProgress(
  bytes: number | undefined,
  language: Language,
): { show: (progress: ImportProgress) => void; end: () => void } {
  if (!process.stderr.isTTY) return { show: () => {}, end: () => {} }
  const bar = new SingleBar({
    stream: process.stderr,
    format: bytes === undefined ? '{stage}: {lines}' : '{bar} {percentage}% {stage}: {lines}',
    clearOnComplete: true,
    hideCursor: true,
  })
  const told = (stage: ImportProgress['stage'], lines: number) => ({
    stage: say(IMPORT_STAGES[stage], language),
    lines: say(IMPORT_STAGES.lines, language, { lines }),
  })
  bar.start(bytes ?? 1, 0, told('reading', 0))
  let ended = false
  return {
    show: ({ stage, lines, bytes: read }) => bar.update(bytes === undefined ? 0 : read, told(stage, lines)),
    end: () => {
      if (!ended) bar.stop()
      ended = true
    },
  }
}

function printCounts(counts: ImportCounts, language: Language): void {
  const width = Math.max(...Object.values(counts).map((count) => String(count).length))
  for (const [key, called] of Object.entries(IMPORTED)) {
    print(`${String(counts[key as keyof ImportCounts]).padStart(width)}  ${say(called, language)}`)
  }
}
