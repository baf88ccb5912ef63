import type { Client } from 'pg'
import { migrate } from '../../src/database/migrate'
import { connect } from '../../src/database/pool'
import type { InterchangeRecord } from '../../src/generator/records'
import type { RunningPostgres } from '../../src/stack/postgres'
import { loadRecords } from './loadRecords'

const TEMPLATE = 'bench_template'
const CLONE = 'bench'

/** What must be true of a clone when a way has merged all pairs. */
export interface Check {
  allMerged(pairs: number): Promise<void>
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
      return await work(this.postgres.workerUrl(CLONE), { allMerged: (pairs) => this.checkAllMerged(pairs) })
    } finally {
      await this.asSuperuser('postgres', async (client) => {
        await client.query(`drop database ${CLONE} with (force)`)
      })
    }
  }

  /** The constraint on retired_at has seen to it that a retired record holds nothing. */
  private async checkAllMerged(pairs: number): Promise<void> {
    await this.asSuperuser(CLONE, async (client) => {
      const { rows } = await client.query<{ retired: string }>(
        'select count(*) as retired from patron where retired_at is not null',
      )
      const retired = Number(rows[0]?.retired)
      if (retired !== pairs) throw new Error(`${retired} records are retired, not ${pairs}`)
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
