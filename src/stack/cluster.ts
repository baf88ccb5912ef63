import { chownSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { connect } from '../database/pool'
import { OntdubbelError } from '../domain/errors'
import type { Account } from './account'
import type { Children } from './children'
import type { Secrets } from './dataDir'
import type { PostgresPrograms } from './postgresPrograms'

/** The library's database and the reference portal's. */
export const LIBRARY_DATABASE = 'ontdubbel'
export const PORTAL_DATABASE = 'portal'

/** `create database` on a busy machine is the slowest of what is done here. */
const SETUP_STATEMENT_TIMEOUT_MS = 120_000
const INITDB_GRACE_MS = 2_000

/**
 * LC_CTYPE of a new cluster, the first that the machine knows. Sorting and case are PostgreSQL's own everywhere
 * (builtin C.UTF-8), but pg_trgm still asks the C library what a letter is, and under C it loses every é and ü.
 */
const CTYPES = ['C.UTF-8', 'en_US.UTF-8', 'UTF-8', 'C']

export interface InitClusterOptions {
  folder: string
  programs: PostgresPrograms
  account: Account | undefined
  superuserPassword: string
  children: Children
  logFile: string
  /** False leaves out what makes a crash of the machine harmless. */
  durable: boolean
}

/** Makes an empty cluster in `folder`, whole or not at all. Does nothing where there is one. */
export async function initCluster(options: InitClusterOptions): Promise<void> {
  const { folder, account } = options
  if (existsSync(path.join(folder, 'PG_VERSION'))) return
  const unfinished = `${folder}.unfinished`
  const passwordFile = `${folder}.password`
  try {
    writeFileSync(passwordFile, options.superuserPassword, { mode: 0o600 })
    if (account !== undefined) chownSync(passwordFile, account.uid, account.gid)
    for (const [i, ctype] of CTYPES.entries()) {
      rmSync(unfinished, { recursive: true, force: true })
      mkdirSync(unfinished, { mode: 0o700 })
      if (account !== undefined) chownSync(unfinished, account.uid, account.gid)
      try {
        await initdb(options, unfinished, passwordFile, ctype)
        break
      } catch (error) {
        const other = error instanceof OntdubbelError && /locale/.test(error.message) && i < CTYPES.length - 1
        if (!other) throw error
      }
    }
    renameSync(unfinished, folder)
  } finally {
    rmSync(passwordFile, { force: true })
    rmSync(unfinished, { recursive: true, force: true })
  }
}

function initdb(options: InitClusterOptions, folder: string, passwordFile: string, ctype: string): Promise<void> {
  const { programs, account, children, logFile, durable } = options
  return children.run({
    name: 'initdb',
    command: programs.initdb,
    args: [
      `--pgdata=${folder}`,
      '--username=postgres',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
      `--lc-ctype=${ctype}`,
      ...(durable ? [] : ['--no-sync']),
    ],
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    account,
    logFile,
    stopSignal: 'SIGTERM',
    graceMs: INITDB_GRACE_MS,
  })
}

/**
 * Makes it so, at every start: the roles with their passwords, the two databases with their owners, the extensions, and
 * the right to set `deadlock_timeout` (a merge that meets a desk is the one to give way).
 */
export async function prepareDatabases(url: (database: string) => string, secrets: Secrets): Promise<void> {
  await as(url('postgres'), async (run) => {
    await role(run, 'ontdubbel_owner', secrets.owner)
    await role(run, 'ontdubbel_worker', secrets.worker)
    await role(run, 'reference_portal', secrets.portal)
    await run('grant set on parameter deadlock_timeout to ontdubbel_worker, ontdubbel_owner')
    await database(run, LIBRARY_DATABASE, 'ontdubbel_owner')
    await database(run, PORTAL_DATABASE, 'reference_portal')
    await run(`grant connect on database ${LIBRARY_DATABASE} to ontdubbel_worker`)
  })
  await as(url(LIBRARY_DATABASE), async (run) => {
    await run('create extension if not exists pg_trgm')
    await run('create extension if not exists fuzzystrmatch')
  })
}

type Run = (statement: string) => Promise<{ rowCount: number | null }>

async function as(url: string, work: (run: Run) => Promise<void>): Promise<void> {
  const client = await connect(url, { applicationName: 'ontdubbel up' })
  try {
    await client.query(`set statement_timeout = ${SETUP_STATEMENT_TIMEOUT_MS}`)
    await client.query('set client_min_messages = warning')
    await work((statement) => client.query(statement))
  } finally {
    await client.end()
  }
}

/** Role and database names are ours and passwords are base64url: nothing here needs quoting beyond what stands here. */
async function role(run: Run, name: string, password: string): Promise<void> {
  const { rowCount } = await run(`select from pg_roles where rolname = '${name}'`)
  await run(`${rowCount === 0 ? 'create' : 'alter'} role ${name} login password '${password}'`)
}

async function database(run: Run, name: string, owner: string): Promise<void> {
  const { rowCount } = await run(`select from pg_database where datname = '${name}'`)
  if (rowCount !== 0) return
  await run(`create database ${name} owner ${owner}`)
  await run(`revoke connect, temporary on database ${name} from public`)
}
