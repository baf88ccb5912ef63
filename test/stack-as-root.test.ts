import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { packageRoot } from '../src/packageRoot'
import { isRoot, removeDataDir, temporaryDataDir } from '../src/stack/dataDir'
import { startPostgres } from '../src/stack/postgres'
import { processesNaming, query, removeWithAll, up } from './support/up'

describe('data', () => {
  test('may be kept where nobody else can look, by root too, for whom another user runs PostgreSQL', async () => {
    const closed = mkdtempSync(path.join(tmpdir(), 'ontdubbel-closed-'))
    const shared = temporaryDataDir('ontdubbel-shared-')
    const dataDir = path.join(closed, 'data')
    mkdirSync(dataDir)
    // beside the data where its user is not theirs
    const elsewhere = () =>
      existsSync(path.join(shared, 'clusters')) ? readdirSync(path.join(shared, 'clusters')) : []
    process.env.ONTDUBBEL_SHARED_FOLDER = shared
    try {
      const postgres = await startPostgres({ dataDir, port: 0, durable: false })
      try {
        expect(await query(postgres.ownerUrl(), 'select 1 as one')).toEqual([{ one: 1 }])
      } finally {
        await postgres.stop()
      }
      expect(elsewhere()).toHaveLength(isRoot() ? 1 : 0)
      removeDataDir(dataDir)
      expect(elsewhere()).toEqual([])
    } finally {
      delete process.env.ONTDUBBEL_SHARED_FOLDER
      for (const made of [closed, shared]) rmSync(made, { recursive: true })
    }
  })
})

describe('an ordinary user', () => {
  test('needs no rights but to its own folder', async () => {
    // root is somebody else here; an ordinary user is one already
    const account = isRoot() ? { uid: idOf('-u'), gid: idOf('-g') } : undefined
    const dataDir = temporaryDataDir('ontdubbel-stack-')
    if (account) chownSync(dataDir, account.uid, account.gid)
    const open = account && !mayRead(packageRoot, account) ? openCopy() : undefined
    const theirs = up(dataDir, ['--no-worker'], { ...(account && { account }), ...(open && { checkout: open }) })
    try {
      const info = await theirs.ready
      expect(statSync(path.join(dataDir, 'postgres')).uid).toBe(account?.uid ?? process.getuid?.())
      expect(await query(info.databaseUrl, 'select 1 as one')).toEqual([{ one: 1 }])
      expect(await theirs.stop()).toBe(0)
      expect(processesNaming(dataDir)).toEqual([])
    } finally {
      await theirs.stop()
      removeWithAll(dataDir)
      if (open) rmSync(open, { recursive: true })
    }
  })
})

/** The checkout where everybody may read: root's own may be closed to all others. */
function openCopy(): string {
  const folder = temporaryDataDir('ontdubbel-checkout-')
  const parts = readdirSync(packageRoot).filter(
    (name) => !['.git', 'test', 'coverage'].includes(name) && !name.startsWith('.ontdubbel'),
  )
  execFileSync('cp', ['-a', ...parts.map((name) => path.join(packageRoot, name)), folder])
  execFileSync('chmod', ['-R', 'a+rX', folder])
  return folder
}

function idOf(which: '-u' | '-g'): number {
  return Number(execFileSync('id', [which, 'nobody'], { encoding: 'utf8' }))
}

function mayRead(folder: string, account: { uid: number; gid: number }): boolean {
  try {
    execFileSync('ls', [folder], { ...account, cwd: '/', stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
