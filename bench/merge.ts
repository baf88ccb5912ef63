import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Command } from 'commander'
import { connect, createPool } from '../src/database/pool'
import { benchPairIds, benchPairs, type BenchOptions } from '../src/generator/benchPairs'
import { packageRoot } from '../src/packageRoot'
import { cpuOf, withChildrenMs } from './support/cpu'
import { partsOf, type PartsMs } from './support/mergeParts'
import { mergeJson, mergeTables, type MergeFigures } from './support/mergeTables'
import { wholeNumber } from './support/numbers'
import { watchOthers } from './support/otherWork'
import { singleWays, type SingleWay } from './support/singleWays'
import { withStack, type ThrowawayStack } from './support/throwawayStack'
import type { Pair } from './support/way'

/** The generator's pairs have active and expired subscriptions around this day. */
const ON_DATE = '2026-11-24'
/** The rows of each side, of all kinds together: a patron of some years. */
const ROWS_A_SIDE = 30
/** Before the first that counts: connections, and statements that the server has planned. */
const WARM_UP_PAIRS = 3
/** Three in ten of the generated removed records have portal links, and only those are taken: room for chance. */
const GENERATED_FOR_EACH = 5

interface MergeOptions {
  pairs: number
  seed: number
  json: boolean
}

/** `bench merge`: one merge at a time on the idle embedded stack, by the command and by other ways, and where its time goes. */
export function mergeBench(): Command {
  return new Command('merge')
    .description('one merge on the idle embedded stack, by the command and by other ways, and where its time goes')
    .option('--pairs <n>', `how often each way is measured; ${ROWS_A_SIDE} rows a side`, wholeNumber(1), 20)
    .option('--seed <n>', 'of the generated pairs', wholeNumber(0), 1)
    .option('--json', 'the last line of stdout is the result as JSON', false)
    .action(merge)
}

async function merge(options: MergeOptions): Promise<void> {
  say('starting an embedded stack')
  const figures = await withStack((stack) => measured(stack, options))
  process.stdout.write(`${mergeTables(figures)}\n`)
  if (options.json) process.stdout.write(`${JSON.stringify(mergeJson(figures))}\n`)
}

async function measured(stack: ThrowawayStack, options: MergeOptions): Promise<MergeFigures> {
  const { ways, client, close } = await singleWays(stack, ON_DATE)
  const pool = createPool(stack.databaseUrl, { max: 1, applicationName: 'bench' })
  try {
    const rounds = WARM_UP_PAIRS + options.pairs
    const pairs = await loaded(stack, { seed: options.seed, pairs: rounds * ways.length * GENERATED_FOR_EACH })
    const runs = ways.map((way) => ({ way, latenciesMs: [] as number[] }))
    const parts: PartsMs[] = []
    const cpuMs = Object.fromEntries(['command', ...Object.keys(stack.pids)].map((name) => [name, 0]))
    const others = watchOthers(...Object.values(stack.pids))
    for (let round = 0; round < rounds; round++) {
      const counts = round >= WARM_UP_PAIRS
      say(counts ? `${round - WARM_UP_PAIRS + 1} of ${options.pairs}` : 'warming up')
      // there and back, so that no way always comes after the same other one
      for (const run of round % 2 === 0 ? runs : runs.toReversed()) {
        const pair = pairs.shift()
        if (pair === undefined) throw new Error('there are too few pairs with portal links')
        const before = computedMs(stack)
        const span = await timed(run.way, pair)
        if (!counts) continue
        run.latenciesMs.push(span[1] - span[0])
        if (run.way.name !== 'command') continue
        for (const [name, ms] of Object.entries(computedMs(stack))) cpuMs[name]! += (ms - before[name]!) / options.pairs
        parts.push(await partsOf(pair, span, { client, pool, stack }))
      }
    }
    return { rowsASide: ROWS_A_SIDE, runs, parts, cpuMs, others: others() }
  } finally {
    await Promise.all([close(), pool.end()])
  }
}

/** From when to when it took, in ms since the epoch. */
async function timed(way: SingleWay, pair: Pair): Promise<readonly [number, number]> {
  const from = performance.timeOrigin + performance.now()
  await way.merge(pair)
  return [from, performance.timeOrigin + performance.now()]
}

/** What each part of the stack has computed so far, and the commands that have ended. */
function computedMs({ pids }: ThrowawayStack): Record<string, number> {
  const ofStack = Object.entries(pids).map(([name, pid]) => [name, withChildrenMs([pid])])
  return { command: cpuOf(process.pid)?.endedMs ?? 0, ...Object.fromEntries(ofStack) }
}

/** Imports generated pairs by the product's own command; gives those with portal links. */
async function loaded(stack: ThrowawayStack, size: Pick<BenchOptions, 'seed' | 'pairs'>): Promise<Pair[]> {
  say('importing pairs')
  const generated = { ...size, childRows: ROWS_A_SIDE, today: ON_DATE }
  const linked = new Set<number>()
  const lines = function* () {
    for (const record of benchPairs(generated)) {
      if (record.type === 'portalAccount') for (const { actorId } of record.links) linked.add(actorId)
      yield `${JSON.stringify(record)}\n`
    }
  }
  const args = [path.join(packageRoot, 'bin', 'ontdubbel.js'), 'import', '-', '--data-dir', stack.dataDir, '--json']
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'inherit'] })
  const ended = once(child, 'close')
  await pipeline(Readable.from(lines()), child.stdin)
  const [code] = (await ended) as [number]
  if (code !== 0) throw new Error(`import ended with ${code}`)
  const owner = await connect(stack.ownerUrl, { applicationName: 'bench' })
  // else it happens some time in between
  await owner.query('analyze')
  await owner.end()
  return [...benchPairIds(generated)].filter(({ remove }) => linked.has(remove))
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
