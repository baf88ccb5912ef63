import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { MERGE_LINES, momentIn, say, valueWord, type Language } from '../domain/sentences'
import { changesSince, lastCursor, type Change } from '../merges/feed'
import { cursor } from './arguments'
import { Places, withPlaces, type SharedOptions } from './context'
import { withDatabase } from './database'
import { print, printJson, tell } from './output'

/** How often a follower looks for more: one small statement. */
const LOOK_EVERY_MS = 500

/** `ontdubbel changes`: the feed of merges and undos for other systems that hold actor ids. */
export function changesCommand(): Command {
  return withPlaces(new Command('changes'))
    .description('merges and undos in order, each once; a reader keeps the last cursor and asks for what came after')
    .option('--since <cursor>', 'only what came after this cursor', cursor, 0)
    .option('--follow', 'go on with what comes, until Ctrl-C')
    .option('--json', 'NDJSON')
    .action(changes)
}

async function changes(options: SharedOptions & { since: number; follow?: boolean }): Promise<void> {
  const places = new Places(options.dataDir)
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort())
  await withDatabase(places.databaseUrl(), async (pool) => {
    let { since } = options
    const last = await lastCursor(pool)
    if (since > last) {
      tell(say(MERGE_LINES.feedEndsBefore, options.lang, { last, cursor: since }))
    }
    while (!stopped.signal.aborted) {
      for await (const change of changesSince(pool, since)) {
        if (stopped.signal.aborted) return
        if (options.json) printJson(change)
        else print(changeLine(change, options.lang))
        since = change.cursor
      }
      if (!options.follow) return
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopped.signal }).catch(() => {})
    }
  })
}

function changeLine({ cursor: place, at, event, removed, kept, merge }: Change, language: Language): string {
  const pair = say(MERGE_LINES.pair, language, { remove: removed, keep: kept })
  const which = say(MERGE_LINES.inList, language, { merge })
  return [place, momentIn(at, language), valueWord('event', event, language), pair, which].join('  ')
}
