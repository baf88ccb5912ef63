import type { Client } from 'pg'
import { migrate } from '../../src/database/migrate'
import { connect } from '../../src/database/pool'
import type { InterchangeRecord } from '../../src/generator/records'
import type { RunningPostgres } from '../../src/stack/postgres'
import { loadRecords } from './loadRecords'

export const TEMPLATE = 'bench_template'
export const CLONE = 'bench'

/** What must be true of a clone when a way has merged all pairs. */
export interface Check {
  allMerged(pairs: number): Promise<void>
  /** The portal's part too. */
  allCompleted(pairs: number): Promise<void>
}

/** A migrated and loaded template, and clones of it: every way starts from the same files. */
export class BenchDatabases {
  constructor(private readonly postgres: RunningPostgres) {}

  /** Migrates a new database and loads the records into it. */
  async makeTemplate(records: Iterable<InterchangeRecord>): Promise<void> {
    // a way takes some seconds: whether autovacuum happens to begin in them is chance
    await this.asSuperuser('postgres', async (client) => {
      await client.query('alter system set autovacuum = off')
      await client.query('select pg_reload_conf()')
      await client.query(`create database ${TEMPLATE} owner ontdubbel_owner`)
    })
    await migrate(this.postgres.ownerUrl(TEMPLATE))
    await this.asSuperuser(TEMPLATE, async (client) => {
      process.stderr.write('loading the pairs\n')
      await loadRecords(client, records)
      await client.query('vacuum (analyze)')
    })
  }

  /** Does `work` with the worker's address of a new clone, and drops it. */
  async withClone<T>(work: (url: string, check: Check) => Promise<T>): Promise<T> {
    await this.asSuperuser('postgres', async (client) => {
      await client.query(`create database ${CLONE} template ${TEMPLATE} owner ontdubbel_owner strategy file_copy`)
      // the writing of the way before is not to fall into this one
      await client.query('checkpoint')
    })
    try {
      return await work(this.postgres.workerUrl(CLONE), {
        // the constraint on retired_at has seen to it that a retired record holds nothing
        allMerged: (pairs) =>
          this.check('select count(*) as n from patron where retired_at is not null', pairs, 'retired'),
        allCompleted: (pairs) =>
          this.check(`select count(*) as n from merge where portal = 'done'`, pairs, 'completed'),
      })
    } finally {
      await this.asSuperuser('postgres', async (client) => {
        await client.query(`drop database ${CLONE} with (force)`)
      })
    }
  }

  private async check(count: string, pairs: number, what: string): Promise<void> {
    await this.asSuperuser(CLONE, async (client) => {
      const n = Number((await client.query<{ n: string }>(count)).rows[0]?.n)
      if (n !== pairs) throw new Error(`${n} are ${what}, not ${pairs}`)
    })
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
