import { connect } from '../../src/database/pool'
import { migrate } from '../../src/database/migrate'
import { removeDataDir } from '../../src/stack/dataDir'
import { startPostgres } from '../../src/stack/postgres'
import { startTemporalServer } from '../../src/stack/temporalServer'
import { ensureNamespace } from '../../src/temporal/namespace'
import { serverUrl, TEMPLATE } from './database'
import { watchForLeftovers } from './leavesNothing'
import { startPortalOf } from './portal'
import { listen } from './said'
import { testDataDir } from './testDataDir'

export type TestServers = { began: Date; stop(): Promise<void> }
/** What stops the parts of a server, in the order in which they were started. */
type Stops = (() => unknown)[]

/**
 * Starts what all test files share, on free ports: PostgreSQL with a migrated template database, Temporal's dev server, and a
 * reference portal for each test process. Their addresses go to the files by environment. `TEST_PG_URL` (and the three others)
 * given from outside: that server is used and left alone.
 */
export default async function globalSetup({ maxWorkers }: { maxWorkers: number }): Promise<void> {
  const ofPostgres: Stops = []
  const ofTemporal: Stops = []
  const servers: TestServers = {
    began: new Date(),
    stop: () => allOf([ofPostgres, ofTemporal].map(stopInTurn)),
  }
  ;(globalThis as { testServers?: TestServers }).testServers = servers
  watchForLeftovers()
  listen()
  try {
    await allOf([ourPostgres(ofPostgres, maxWorkers), ourTemporal(ofTemporal)])
  } catch (error) {
    await servers.stop()
    throw error
  }
}

/** The last first. */
async function stopInTurn(stops: Stops): Promise<void> {
  for (const stop of stops.reverse()) await stop()
}

/** Waits for all, also where one fails: what the others started is to be stopped then. */
async function allOf(works: Promise<unknown>[]): Promise<void> {
  for (const one of await Promise.allSettled(works)) if (one.status === 'rejected') throw one.reason
}

async function ourPostgres(stops: Stops, portals: number): Promise<void> {
  if (!process.env.TEST_PG_URL) {
    const dataDir = testDataDir('ontdubbel-test-')
    stops.push(() => removeDataDir(dataDir))
    const postgres = await startPostgres({ dataDir, port: 0, durable: false })
    stops.push(() => postgres.stop())
    process.env.TEST_PG_URL = postgres.superuserUrl('postgres')
    process.env.TEST_PG_OWNER_URL = postgres.ownerUrl('postgres')
    process.env.TEST_PG_WORKER_URL = postgres.workerUrl('postgres')
    process.env.TEST_PG_PORTAL_URL = postgres.portalUrl('postgres')
  }
  const starting = Array.from({ length: portals }, (_, n) => startPortalOf(n + 1).then((stop) => stops.push(stop)))
  await allOf([...starting, makeTemplate()])
}

async function ourTemporal(stops: Stops): Promise<void> {
  if (process.env.TEST_TEMPORAL_ADDRESS) return
  const dataDir = testDataDir('ontdubbel-test-temporal-')
  stops.push(() => removeDataDir(dataDir))
  const temporal = await startTemporalServer({ dataDir, port: 0, ui: false })
  stops.push(() => temporal.stop())
  process.env.TEST_TEMPORAL_ADDRESS = temporal.address
  await ensureNamespace(temporal)
}

async function makeTemplate(): Promise<void> {
  const admin = await connect(serverUrl('postgres'))
  try {
    await admin.query(`drop database if exists ${TEMPLATE}`)
    await admin.query(`create database ${TEMPLATE} owner ontdubbel_owner`)
  } finally {
    await admin.end()
  }
  await migrate(serverUrl(TEMPLATE, 'owner'))
}
