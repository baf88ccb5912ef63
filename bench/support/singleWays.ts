import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import path from 'node:path'
import type { Client as TemporalClient } from '@temporalio/client'
import { createPool, connect } from '../../src/database/pool'
import { TRANSFERS } from '../../src/domain/plan'
import type { MergeReport } from '../../src/domain/request'
import { openSingle } from '../../src/merges/openSingle'
import { doStep, retireSingle } from '../../src/merges/stepSingle'
import { packageRoot } from '../../src/packageRoot'
import { connectClient } from '../../src/temporal/connection'
import { groupsOf, mergeOrSplit } from './groupWay'
import { mergeByWorkflow, mustBeCompleted } from './mergeByWorkflow'
import { mergeRaw } from './rawWay'
import type { ThrowawayStack } from './throwawayStack'
import type { Pair } from './way'

const WHO = 'bench'
const FIRST_ATTEMPT = 1

/** One way of merging one pair. */
export interface SingleWay {
  readonly name: string
  /** For people. */
  readonly what: string
  /** Merges the pair; resolves when whoever asked knows that it is done. */
  merge(pair: Pair): Promise<void>
}

export interface SingleWays {
  ways: SingleWay[]
  client: TemporalClient
  close(): Promise<void>
}

/** The ways, each with what it needs already connected, but for those that start a command. */
export async function singleWays(stack: ThrowawayStack, onDate: string): Promise<SingleWays> {
  const client = await connectClient(stack.temporal)
  const pool = createPool(stack.databaseUrl, { pipeline: true, applicationName: 'bench steps' })
  const lane = await connect(stack.databaseUrl, { pipeline: true, applicationName: 'bench group' })
  const ways: SingleWay[] = [
    {
      name: 'command',
      what: 'the command: node bin/ontdubbel.js merge A B --json',
      merge: (pair) => command([process.execPath, path.join(packageRoot, 'bin', 'ontdubbel.js')], stack, onDate, pair),
    },
    {
      name: 'npx',
      what: 'the same by npx --no-install ontdubbel',
      merge: (pair) => command(['npx', '--no-install', 'ontdubbel'], stack, onDate, pair),
    },
    {
      name: 'client',
      what: 'a Temporal client that runs already: workflow.execute',
      merge: (pair) => mergeByWorkflow(client, pair, onDate),
    },
    {
      name: 'steps',
      what: 'its steps without Temporal and portal, a transaction each',
      async merge({ keep, remove }) {
        const input = { keep, remove, on: onDate, by: WHO }
        const ids = { workflowId: randomUUID(), firstRunId: randomUUID() }
        const { merge, refusal } = await openSingle(pool, input, ids, FIRST_ATTEMPT)
        if (merge === null || refusal) throw new Error(`refused: ${refusal?.code}`)
        for (const step of TRANSFERS) await doStep(pool, merge, step, FIRST_ATTEMPT)
        await retireSingle(pool, merge, FIRST_ATTEMPT)
      },
    },
    {
      name: 'group',
      what: 'a group of one, one transaction, no portal',
      async merge(pair) {
        const [group] = await groupsOf(lane, [pair], 1, onDate)
        const again = await mergeOrSplit(lane, group!)
        if (again.length > 0) throw new Error('somebody else had the records')
      },
    },
    {
      name: 'raw',
      what: 'bare SQL of the same rules, one transaction, no portal',
      async merge(pair) {
        if (!(await mergeRaw(lane, 'begin', [pair], onDate))) throw new Error('somebody else had the records')
      },
    },
  ]
  return {
    ways,
    client,
    async close() {
      await Promise.all([client.connection.close(), pool.end(), lane.end()])
    },
  }
}

/** Runs it to its end; what it prints is read, as a script would. */
async function command(
  [program, ...args]: string[],
  { dataDir }: ThrowawayStack,
  onDate: string,
  { keep, remove }: Pair,
): Promise<void> {
  const asked = ['merge', String(keep), String(remove), '--on', onDate, '--by', WHO, '--data-dir', dataDir, '--json']
  const child = spawn(program!, [...args, ...asked], { cwd: packageRoot, stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${out}`)
  mustBeCompleted(JSON.parse(out) as MergeReport)
}
