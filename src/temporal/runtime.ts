import { Runtime, type LogLevel, type LogMetadata } from '@temporalio/worker'
import pino, { type Logger as PinoLogger } from 'pino'

/** The log of a process: one line an event, on standard error, so that standard output holds results alone. */
export function createLog(name: string): PinoLogger {
  return pino({ name, level: process.env.LOG_LEVEL ?? 'info' }, pino.destination({ dest: 2, sync: true }))
}

/** Installs the SDK's runtime, once a process and before anything else of the SDK: its logs go through pino. */
export function installRuntime(log: PinoLogger): void {
  const write = (level: LogLevel, message: string, meta?: LogMetadata) => {
    const method = level === 'TRACE' || level === 'DEBUG' ? 'debug' : (level.toLowerCase() as 'info' | 'warn' | 'error')
    if (log.isLevelEnabled(method)) log[method](kept(meta), message)
  }
  Runtime.install({
    logger: {
      log: write,
      trace: (message, meta) => write('TRACE', message, meta),
      debug: (message, meta) => write('DEBUG', message, meta),
      info: (message, meta) => write('INFO', message, meta),
      warn: (message, meta) => write('WARN', message, meta),
      error: (message, meta) => write('ERROR', message, meta),
    },
    shutdownSignals: [],
    telemetryOptions: {
      ...(process.env.METRICS_ADDRESS && { metrics: { prometheus: { bindAddress: process.env.METRICS_ADDRESS } } }),
    },
  })
}

/** What a line of ours or of the SDK may hold beside its message: ids, names of code, counts. */
const KEPT = (
  'merge code again attempt ms kind at ' + 'workflowId runId workflowType activityType activityId taskQueue durationMs'
).split(' ')

/** Of what is said beside a message, the ids and the name of an error; never a payload. */
function kept(meta: LogMetadata | undefined): Record<string, unknown> {
  if (!meta) return {}
  const { error } = meta as { error?: string | { name?: string; message?: string } }
  return {
    ...Object.fromEntries(KEPT.filter((key) => meta[key] !== undefined).map((key) => [key, meta[key]])),
    ...(error && { error: typeof error === 'string' ? error : (error.message ?? error.name) }),
  }
}
