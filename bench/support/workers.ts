import { readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { startWorkerProcess, type RunningWorkerProcess } from '../../src/stack/workerProcess'
import type { QueueName } from '../../src/workflows/names'
import type { Servers } from './servers'

/** Where workers work. */
export interface WorkerPlace {
  databaseUrl: string
  portal: { url: string; token: string }
}

/** A worker process on a clone: the product's own, started as the embedded stack starts it. */
export class BenchWorker {
  private constructor(
    private readonly running: RunningWorkerProcess,
    private readonly logFile: string,
    private readonly logStart: number,
  ) {}

  static async start(
    { dataDir, children, temporal }: Servers,
    { databaseUrl, portal }: WorkerPlace,
    name: string,
    queues: readonly QueueName[],
  ): Promise<BenchWorker> {
    const logFile = path.join(dataDir, 'logs', `${name}.log`)
    const logStart = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0
    const onEnd = (how: string) => process.stderr.write(`  the ${name} ${how}\n`)
    const options = { dataDir, name, queues: [...queues], databaseUrl, temporal, portal, children, onEnd }
    return new BenchWorker(await startWorkerProcess(options), logFile, logStart)
  }

  get pid(): number {
    return this.running.pid
  }

  stop(): Promise<void> {
    return this.running.stop()
  }

  /** The most memory that the process has had resident, in MiB; undefined where the system does not say (only Linux does). */
  peakMiB(): number | undefined {
    try {
      const kib = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1]
      return kib === undefined ? undefined : Number(kib) / 1024
    } catch {
      return undefined
    }
  }

  /** How long each activity of this name took that has ended, by the worker's own log, in ms. */
  activitiesMs(name: string): number[] {
    const lines = readFileSync(this.logFile).subarray(this.logStart).toString('utf8').split('\n')
    return lines.flatMap((line) => {
      if (!line.includes(`"${name}"`)) return []
      const { activityType, ms, msg } = JSON.parse(line) as Record<string, unknown>
      return activityType === name && msg === 'done' && typeof ms === 'number' ? [ms] : []
    })
  }
}

let rounds = 0

/** From now on the workers that are started, and what is started for them, have task queues that nobody had before. */
export function useFreshQueues(): void {
  process.env['TASK_QUEUE_PREFIX'] = `bench-${process.pid}-${++rounds}`
}
