import { setTimeout as sleep } from 'node:timers/promises'
import { Command, InvalidArgumentError } from 'commander'
import { changesSince, lastCursor } from '../merges/feed'
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
      tell(
        `The feed ends at ${last}, before the cursor ${since}: this is another database, or one restored from before that. ` +
          'What it tells under numbers up to the cursor is not shown; read again from the last number that both agree on.',
      )
    }
    while (!stopped.signal.aborted) {
      for await (const change of changesSince(pool, since)) {
        if (stopped.signal.aborted) return
        if (options.json) printJson(change)
        else
          print(
            `${change.cursor}  ${change.at}  ${change.event}  ${change.removed} into ${change.kept}  (merge ${change.merge})`,
          )
        since = change.cursor
      }
      if (!options.follow) return
      await sleep(LOOK_EVERY_MS, undefined, { signal: stopped.signal }).catch(() => {})
    }
  })
}

function cursor(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('It is a whole number: the cursor of the last change that was read.')
  }
  return value
}
