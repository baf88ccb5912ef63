import { connect } from '../../src/database/pool'
import type { InterchangeRecord } from '../../src/generator/records'
import { loadAccounts } from '../../src/portal/control'
import { startReferencePortal, type RunningReferencePortal } from '../../src/stack/referencePortal'
import type { Servers } from './servers'

const TEMPLATE = 'bench_portal_template'
const CLONE = 'bench_portal'
const TOKEN = 'bench'

/** The reference portal's accounts, and a portal on a copy of them for every way. */
export class PortalDatabases {
  constructor(private readonly servers: Servers) {}

  /** Puts the accounts among the records into a database that portals are copied from. Gives how many there are. */
  async makeTemplate(records: Iterable<InterchangeRecord>): Promise<number> {
    await this.query(`create database ${TEMPLATE} owner reference_portal`)
    const portal = await this.start(TEMPLATE)
    try {
      const { accounts } = await loadAccounts(portal.url, portal.token, accountLines(records))
      return accounts
    } finally {
      await portal.stop()
    }
  }

  /** Does `work` with a portal that has all accounts as they were at first. */
  async withPortal<T>(work: (portal: RunningReferencePortal) => Promise<T>): Promise<T> {
    await this.query(`create database ${CLONE} template ${TEMPLATE} owner reference_portal strategy file_copy`)
    const portal = await this.start(CLONE)
    try {
      return await work(portal)
    } finally {
      await portal.stop()
      await this.query(`drop database ${CLONE} with (force)`)
    }
  }

  private start(database: string): Promise<RunningReferencePortal> {
    const { dataDir, children, postgres } = this.servers
    return startReferencePortal({
      dataDir,
      databaseUrl: postgres.portalUrl(database),
      token: TOKEN,
      port: 0,
      children,
    })
  }

  private async query(text: string): Promise<void> {
    const client = await connect(this.servers.postgres.superuserUrl(), { applicationName: 'bench' })
    try {
      await client.query(text)
    } finally {
      await client.end()
    }
  }
}

async function* accountLines(records: Iterable<InterchangeRecord>): AsyncGenerator<string> {
  for (const record of records) if (record.type === 'portalAccount') yield JSON.stringify(record)
}
