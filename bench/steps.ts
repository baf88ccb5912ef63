import { setTimeout as sleep } from 'node:timers/promises'
import { Command } from 'commander'
import { benchPairIds, benchPairs } from '../src/generator/benchPairs'
import { BenchDatabases } from './support/databases'
import { besideDesks, together, type DeskFigures } from './support/desk'
import { groupWay } from './support/groupWay'
import { rounded, wholeNumber } from './support/numbers'
import { watchOthers } from './support/otherWork'
import { rawWay } from './support/rawWay'
import { describe, table, type WayFigures } from './support/table'
import { withPostgres } from './support/throwawayPostgres'
import type { Pair, Way } from './support/way'

/** The generator's pairs have active and expired subscriptions around this day. */
const ON_DATE = '2026-11-24'
/** The rows of each side, of all kinds together. */
const ROWS_A_SIDE = 20
/** Below it a way ends before its desk has written enough for a p99. */
const FEWEST_PAIRS = 500
/** A thousand writes at the desk's rate: its p99 stands on ten of them. */
const IDLE_MS = 10_000

/** Of the machine, used by others: from there on a ratio is theirs as much as ours. */
const MUCH = 0.1

interface StepsOptions {
  pairs: number
  rounds: number
  seed: number
  withTriggerSkipped: boolean
  json: boolean
}

/** `bench steps`: the merge of many pairs by groups, beside raw SQL that does the same rules and nothing else. */
export function stepsBench(): Command {
  return new Command('steps')
    .description('groups of 50 and of 100 pairs beside raw set-based SQL, and what a desk notices of each')
    .option('--pairs <n>', `pairs to merge in each way, ${ROWS_A_SIDE} rows a side`, wholeNumber(FEWEST_PAIRS), 20_000)
    .option('--rounds <n>', 'how often each way is run, there and back; all together count', wholeNumber(1), 2)
    .option('--seed <n>', 'of the generated pairs', wholeNumber(0), 1)
    .option('--with-trigger-skipped', 'also raw SQL that skips the redirect trigger (not in the JSON)', false)
    .option('--json', 'the last line of stdout is the result as JSON', false)
    .action(steps)
}

async function steps(options: StepsOptions): Promise<void> {
  const ways: Way[] = [
    rawWay({ onDate: ON_DATE, skipTrigger: false }),
    groupWay({ pairsPerTransaction: 50, onDate: ON_DATE }),
    groupWay({ pairsPerTransaction: 100, onDate: ON_DATE }),
    ...(options.withTriggerSkipped ? [rawWay({ onDate: ON_DATE, skipTrigger: true })] : []),
  ]
  const figures = await withPostgres(async (postgres) => {
    const databases = new BenchDatabases(postgres)
    const generated = { seed: options.seed, pairs: options.pairs, childRows: ROWS_A_SIDE, today: ON_DATE }
    await databases.makeTemplate(benchPairs(generated))
    const pairs = [...benchPairIds(generated)]
    const idle = await databases.withClone((url) => idleDesk(url, pairs))
    return { idle, ways: await measured(databases, ways, pairs, { ...options, postgresPid: postgres.pid }) }
  })

  process.stdout.write(`${table(figures.idle, figures.ways)}\n`)
  if (!options.json) return
  const inJson = figures.ways.filter(({ way }) => way.inResult)
  process.stdout.write(
    `${JSON.stringify({
      idleDeskP99Ms: rounded(figures.idle.p99Ms),
      ways: inJson.map((each) => ({
        way: each.way.name,
        lanes: each.way.lanes,
        pairsPerTransaction: each.way.pairsPerTransaction,
        mergesPerSecond: rounded(each.mergesPerSecond),
        ofRaw: rounded(each.ofRaw),
        deskP99Ms: rounded(each.desk.p99Ms),
        deskErrors: each.desk.errors,
      })),
    })}\n`,
  )
}

async function idleDesk(url: string, pairs: readonly Pair[]): Promise<DeskFigures> {
  say('the desk alone')
  const { desk } = await besideDesks(url, ON_DATE, async ({ underWay }) => {
    underWay(pairs)
    await sleep(IDLE_MS)
  })
  return desk
}

/** Each way on a copy of the same database, there and back, so that a machine that slows down slows all of them. */
async function measured(
  databases: BenchDatabases,
  ways: readonly Way[],
  pairs: readonly Pair[],
  { rounds, postgresPid }: StepsOptions & { postgresPid: number },
): Promise<WayFigures[]> {
  const runs = ways.map((way) => ({ way, merged: 0, seconds: 0, again: 0, others: 0, desks: [] as DeskFigures[] }))
  for (let round = 0; round < rounds; round++) {
    for (const run of round % 2 === 0 ? runs : runs.toReversed()) {
      say(`round ${round + 1} of ${rounds}: ${describe(run.way)}`)
      await databases.withClone(async (url, check) => {
        const { result, desk } = await besideDesks(url, ON_DATE, async ({ underWay }) => {
          const began = performance.now()
          const others = watchOthers(postgresPid)
          const { again } = await run.way.merge(url, pairs, underWay)
          return { again, seconds: (performance.now() - began) / 1000, others: others() ?? 0 }
        })
        run.desks.push(desk)
        await check.allMerged(pairs.length)
        run.merged += pairs.length
        run.seconds += result.seconds
        run.again += result.again
        run.others += result.others * result.seconds
        say(`  ${Math.round(pairs.length / result.seconds)} merges/s`)
        if (result.others > MUCH)
          say(`  others used ${Math.round(result.others * 100)} % of the machine: this tells little`)
      })
    }
  }
  const rate = (run: (typeof runs)[number]) => run.merged / run.seconds
  const raw = rate(runs[0]!)
  return runs.map((run) => ({
    way: run.way,
    mergesPerSecond: rate(run),
    ofRaw: rate(run) / raw,
    again: run.again,
    others: run.others / run.seconds,
    desk: together(run.desks),
  }))
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
