import type { Client } from 'pg'
// every statement of a worker is declared when its module is loaded
import '../../src/activities'
import { connect } from '../../src/database/pool'
import { declaredStatements } from '../../src/database/statement'
import type { RunningPostgres } from '../../src/stack/postgres'
import { PARTS } from '../../src/steps/wholePlan'

/** Whose time it is: that of lanes, of the planning beside them, or of the portal's part. */
export type Whose = 'lanes' | 'planning' | 'portal'

/** What the server spent on the statements of one step: planning and running them, waiting for locks and for a processor too. */
export interface StepTime {
  step: string
  whose: Whose
  calls: number
  ms: number
  /** Of these. */
  planningMs: number
  walMiB: number
}

const TRANSACTIONS = 'begin and commit'
const BYTES_PER_MIB = 1024 * 1024

/** To which step statements belong by their names, and whose they are; the others are steps of the plan, called by what stands before the dot. */
const STEPS: readonly [names: RegExp, step: string, whose: Whose][] = [
  [/^open\./, 'openMerge', 'lanes'],
  [/^retire\.feed$/, 'feed', 'lanes'],
  [/^retire\./, 'retireRecord', 'lanes'],
  [/^transaction\./, TRANSACTIONS, 'lanes'],
  [/^(batch|tally)\./, 'batches and tally', 'lanes'],
  [/^campaign(Report)?\.|^steer\./, 'planning', 'planning'],
  [/^(batchP|sweepP|p)ortal\./, 'portal', 'portal'],
]
const PLAN_STEP = /^(transfer\w+|applyInternetBlock|nextIds)\./

/** The time of statements by step, as the server counts it (pg_stat_statements). */
export class StatementTimes {
  private readonly stepOfQuery = new Map<string, { step: string; whose: Whose }>()

  private constructor(private readonly postgres: RunningPostgres) {}

  /** Learns in `database`, a template of those that are measured, under which number the server counts each statement. */
  static async create(postgres: RunningPostgres, database: string): Promise<StatementTimes> {
    const times = new StatementTimes(postgres)
    await times.asSuperuser(database, async (client) => {
      for (const { name, text } of [...declaredStatements(), ...PARTS]) {
        const step = stepOf(name)
        if (step === undefined) continue
        const { rows } = await client.query<{ 'QUERY PLAN': string }>({
          // PL/pgSQL's word for a select whose rows nobody wants
          text: `explain (verbose, generic_plan, format json) ${text.replace(/^perform /, 'select ')}`,
          // a number of 64 bits, which JSON.parse would round
          types: { getTypeParser: () => (value: string) => value } as never,
        })
        const id = /"Query Identifier": (-?\d+)/.exec(rows[0]?.['QUERY PLAN'] ?? '')?.[1]
        if (id === undefined) throw new Error(`the server gives ${name} no number`)
        times.add(id, step)
      }
    })
    return times
  }

  /** Two statements that differ in nothing but a table under the same alias, or a constant, have one number: their steps are told together. */
  private add(id: string, { step, whose }: { step: string; whose: Whose }): void {
    const before = this.stepOfQuery.get(id)?.step ?? step
    this.stepOfQuery.set(id, { step: before.split(', ').includes(step) ? before : `${before}, ${step}`, whose })
  }

  /** From here on statements inside of functions are counted too, until the times are read: other ways do not pay for it. */
  async reset(): Promise<void> {
    await this.count('all')
    await this.asSuperuser('postgres', async (client) => {
      await client.query('select pg_stat_statements_reset()')
    })
  }

  private async count(which: 'all' | 'top'): Promise<void> {
    await this.asSuperuser('postgres', async (client) => {
      await client.query(`alter system set pg_stat_statements.track = '${which}'`)
      await client.query('select pg_reload_conf()')
    })
  }

  /** Since the reset, of the worker's role in `database`, the longest first. */
  async read(database: string): Promise<StepTime[]> {
    await this.count('top')
    const steps = new Map<string, StepTime>()
    await this.asSuperuser('postgres', async (client) => {
      const { rows } = await client.query<{
        id: string
        query: string
        calls: number
        ms: number
        planning: number
        wal: number
      }>(
        `select queryid::text as id, query, calls::float8, total_plan_time + total_exec_time as ms,
           total_plan_time as planning, wal_bytes::float8 as wal
         from pg_stat_statements where dbid = (select oid from pg_database where datname = $1)
           and userid = 'ontdubbel_worker'::regrole`,
        [database],
      )
      for (const { id, query, calls, ms, planning, wal } of rows) {
        const found = this.stepOfQuery.get(id) ?? transactionStep(query)
        if (found === undefined) continue
        const before = steps.get(found.step) ?? { ...found, calls: 0, ms: 0, planningMs: 0, walMiB: 0 }
        steps.set(found.step, {
          ...before,
          calls: before.calls + calls,
          ms: before.ms + ms,
          planningMs: before.planningMs + planning,
          walMiB: before.walMiB + wal / BYTES_PER_MIB,
        })
      }
    })
    return [...steps.values()].toSorted((a, b) => b.ms - a.ms)
  }

  private async asSuperuser(database: string, work: (client: Client) => Promise<void>): Promise<void> {
    const client = await connect(this.postgres.superuserUrl(database), { applicationName: 'bench' })
    try {
      await work(client)
    } finally {
      await client.end()
    }
  }
}

function stepOf(name: string): { step: string; whose: Whose } | undefined {
  if (name.includes('.back.')) return undefined
  for (const [names, step, whose] of STEPS) if (names.test(name)) return { step, whose }
  return PLAN_STEP.test(name) ? { step: name.slice(0, name.indexOf('.')), whose: 'lanes' } : undefined
}

/** Of the lanes nearly alone: whoever plans has a transaction for some thousand pairs. */
function transactionStep(query: string): { step: string; whose: Whose } | undefined {
  return /^(begin|commit|rollback|set|select set_config)\b/i.test(query)
    ? { step: TRANSACTIONS, whose: 'lanes' }
    : undefined
}
