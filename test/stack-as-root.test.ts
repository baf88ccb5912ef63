import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { packageRoot } from '../src/packageRoot'
import { isRoot, removeDataDir, temporaryDataDir } from '../src/stack/dataDir'
import { startPostgres } from '../src/stack/postgres'
import { processesNaming, query, removeWithAll, up } from './support/up'

// only root can make folders that others cannot enter, and be somebody else
const whereRoot = isRoot() ? describe : describe.skip

whereRoot('root', () => {
  test('may keep its data where nobody else can look', async () => {
    const closed = mkdtempSync(path.join(tmpdir(), 'ontdubbel-closed-'))
    const shared = temporaryDataDir('ontdubbel-shared-')
    const dataDir = path.join(closed, 'data')
    mkdirSync(dataDir)
    process.env.ONTDUBBEL_SHARED_FOLDER = shared
    try {
      const postgres = await startPostgres({ dataDir, port: 0, durable: false })
      try {
        expect(await query(postgres.ownerUrl(), 'select 1 as one')).toEqual([{ one: 1 }])
      } finally {
        await postgres.stop()
      }
      expect(readdirSync(path.join(shared, 'clusters'))).toHaveLength(1)
      removeDataDir(dataDir)
      expect(readdirSync(path.join(shared, 'clusters'))).toEqual([])
    } finally {
      delete process.env.ONTDUBBEL_SHARED_FOLDER
      for (const made of [closed, shared]) rmSync(made, { recursive: true })
    }
  })
})

whereRoot('an ordinary user', () => {
  test('needs no rights but to its own folder', async () => {
    const nobody = { uid: idOf('-u'), gid: idOf('-g') }
    // a checkout that is closed to everybody else: an ordinary user has no business there
    if (!mayRead(packageRoot, nobody)) return
    const dataDir = temporaryDataDir('ontdubbel-stack-')
    chownSync(dataDir, nobody.uid, nobody.gid)
    const theirs = up(dataDir, ['--no-worker'], { account: nobody })
    try {
      const info = await theirs.ready
      expect(statSync(path.join(dataDir, 'postgres')).uid).toBe(nobody.uid)
      expect(await query(info.databaseUrl, 'select 1 as one')).toEqual([{ one: 1 }])
      expect(await theirs.stop()).toBe(0)
      expect(processesNaming(dataDir)).toEqual([])
    } finally {
      await theirs.stop()
      removeWithAll(dataDir)
    }
  })
})

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
