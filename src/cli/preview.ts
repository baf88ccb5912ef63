import { Command } from 'commander'
import { OVERRIDES, TAKE_FIELDS, type Override, type TakeField, type Warning } from '../domain/codes'
import { OPERATIONS, say } from '../domain/sentences'
import { previewMerge } from '../merges/preview'
import { portalWarnings } from '../merges/portalWarnings'
import { createPortalClient } from '../portal/client'
import { oneOf, withPairOptions } from './arguments'
import { Places, withPlaces, type SharedOptions } from './context'
import { withDatabase } from './database'
import { EXIT } from './exitCodes'
import { printMerge } from './mergeText'
import { printJson, tell, tellWaiting } from './output'

interface PreviewOptions extends SharedOptions {
  on?: string
  take?: TakeField[]
  override?: Override[]
}

/** A preview waits for the portal no longer than this; then it warns that it could not ask. */
const PORTAL_TIMEOUT_MS = 3_000

/** `ontdubbel preview KEEP REMOVE`: what the merge would do; changes nothing. */
export function previewCommand(): Command {
  return withPlaces(withPairOptions(new Command('preview')))
    .description('show what a merge would do, per rule, with warnings; changes nothing')
    .option(
      '--take <field>',
      `take over from the removed record: ${TAKE_FIELDS.join(', ')} (may be repeated)`,
      oneOf(TAKE_FIELDS),
    )
    .option('--override <code>', `go on in spite of: ${OVERRIDES.join(', ')} (may be repeated)`, oneOf(OVERRIDES))
    .option('--json', 'one JSON document')
    .action(preview)
}

async function preview(keep: number, remove: number, options: PreviewOptions): Promise<void> {
  const places = new Places(options.dataDir)
  const warnings = await askPortal(places, keep, remove)
  const asked = { keep, remove, on: options.on, take: options.take, override: options.override }
  const onWait = once(() => tellWaiting(options.lang))
  const report = await withDatabase(
    places.databaseUrl(),
    (pool) => previewMerge(pool, asked, warnings, options.lang, { onWait }),
    { pipeline: true },
  )
  if (report.id !== null) tell(say(OPERATIONS.mergedAlready, options.lang, { merge: report.id }))
  if (options.json) printJson(report)
  else printMerge(report, options.lang)
  process.exitCode = report.status === 'refused' ? EXIT.refused : EXIT.done
}

async function askPortal(places: Places, keep: number, remove: number): Promise<Warning[]> {
  const place = places.portal()
  if (place === null) return [{ code: 'portal-unreachable', details: {} }]
  const portal = createPortalClient({ url: place.url, token: place.token, timeoutMs: PORTAL_TIMEOUT_MS })
  try {
    return await portalWarnings(portal, keep, remove)
  } finally {
    await portal.close()
  }
}

function once(work: () => void): () => void {
  let done = false
  return () => {
    if (!done) work()
    done = true
  }
}
