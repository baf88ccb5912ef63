import { Command } from 'commander'
import { previewCampaign, SAMPLE_PAIRS, type CampaignPreview } from '../campaigns/preview'
import { readPairs } from '../campaigns/pairList'
import { wholeList } from '../campaigns/wholeList'
import type { ListedPair } from '../domain/campaign'
import { todayInBrussels } from '../domain/moments'
import { CAMPAIGN_PREVIEW, countsInWords, say, valueWord, type Language } from '../domain/sentences'
import { progressBar } from './bar'
import { onStop, refuseForMany, withList, type ListOptions } from './campaignList'
import { Places, withPlaces, type SharedOptions } from './context'
import { withDatabase } from './database'
import { openInput } from './inputFile'
import { print, printJson, styled } from './output'

interface PreviewOptions extends SharedOptions, ListOptions {
  all?: boolean
}

/** Who asks is not recorded: nothing is. */
const BY = 'preview'

/** `campaign preview`: the totals before anything changes. */
export function previewCommand(): Command {
  return withPlaces(withList(new Command('preview')))
    .description('what a campaign would do: pairs by outcome, warnings, what would move; changes nothing')
    .option('--all', `look at all pairs; else, of more than ${SAMPLE_PAIRS}, at a sample, always the same one`)
    .option('--json', 'one JSON document')
    .addHelpText(
      'after',
      `The merges are done and rolled back, some at a time, as desks go on. Pairs that share patrons are looked at in their order, at
most 50 that hang together; how many hang together more widely is said.`,
    )
    .action(preview)
}

async function preview(options: PreviewOptions): Promise<void> {
  refuseForMany(options)
  const stopped = new AbortController()
  const forget = onStop(() => stopped.abort())
  try {
    const list = await listAsked(options)
    const shown = await withDatabase(
      new Places(options.dataDir).databaseUrl(),
      (pool) =>
        withBar(options.lang, (onProgress) =>
          previewCampaign(pool, list, {
            on: options.on ?? todayInBrussels(),
            accept: options.accept ?? [],
            override: options.override ?? [],
            by: BY,
            all: options.all ?? false,
            signal: stopped.signal,
            onProgress,
          }),
        ),
      { pipeline: true },
    )
    if (options.json) printJson(shown)
    else printPreview(shown, options.lang)
  } finally {
    forget()
  }
}

async function listAsked({ pairs }: ListOptions): Promise<ListedPair[]> {
  const { input } = await openInput(pairs)
  try {
    return await wholeList(readPairs(input))
  } finally {
    input.destroy()
  }
}

/** A bar on standard error, on a terminal only. */
async function withBar<T>(
  language: Language,
  work: (onProgress: (done: number, of: number) => void) => Promise<T>,
): Promise<T> {
  const bar = progressBar(`{bar} {percentage}% ${say(CAMPAIGN_PREVIEW.looking, language)}`)
  try {
    return await work((done, of) => bar.show({ done, of }))
  } finally {
    bar.end()
  }
}

function printPreview(shown: CampaignPreview, language: Language): void {
  const { pairs, previewed, sampled, hangTogetherMoreWidely: widely, outcomes, refusals, warnings, moved } = shown
  print(styled('bold', say(sampled ? CAMPAIGN_PREVIEW.sample : CAMPAIGN_PREVIEW.all, language, { pairs, previewed })))
  for (const [outcome, n] of Object.entries(outcomes)) {
    if (n > 0) print(`  ${n}  ${valueWord('previewOutcome', outcome, language)}`)
  }
  for (const [code, n] of Object.entries(refusals)) print(`    ${n}  ${code}`)
  if (widely > 0) print(`  ${say(CAMPAIGN_PREVIEW.widely, language, { widely })}`)
  for (const [code, n] of Object.entries(warnings)) print(`  ! ${n}  ${code}`)
  const counts = countsInWords(moved, language)
  if (counts !== '') print(`  ${say(CAMPAIGN_PREVIEW.moves, language, { counts })}`)
}
